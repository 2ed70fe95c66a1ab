"""Writes expected.json (families) and snippets.json: what transformers makes of the templates here.

    python make_expected.py            needs transformers 5 with jinja2; run in this folder
"""
import glob, json, os, warnings
import transformers.utils.chat_template_utils as chat_templates
from transformers import PreTrainedTokenizerFast
from snippets import SNIPPETS

warnings.filterwarnings("ignore")
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather in a <place> – \"now\"",
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}}, "required": ["city"]}}}]
CONVERSATIONS = {
    "plain": [{"role": "user", "content": "Hi  "}, {"role": "assistant", "content": " Hello there! "}],
    "turns": [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "Ünï?\n\nx"}, {"role": "assistant", "content": "A"},
              {"role": "user", "content": "more"}, {"role": "assistant", "content": "B 🙂"}],
    "no_system": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "1"}, {"role": "user", "content": "two"}, {"role": "assistant", "content": "2"}],
    "thinking": [{"role": "user", "content": "2+2"}, {"role": "assistant", "content": "<think>\nhm\n</think>\n\n4"}, {"role": "user", "content": "3+3"},
                 {"role": "assistant", "content": "<think>\nok\n</think>\n\n6"}],
    "tools": [{"role": "user", "content": "weather?"},
              {"role": "assistant", "content": "", "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Köln", "days": [1, 2.5, None, True]}}}]},
              {"role": "tool", "tool_call_id": "abcdefghi", "name": "get_weather", "content": "{\"t\": 3}"}, {"role": "assistant", "content": "3 degrees"}],
    "open": [{"role": "user", "content": "just me"}],
    "unpaired": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
}


class FixedDate:
    @staticmethod
    def now():
        import datetime
        return datetime.datetime(2025, 3, 9, 12, 0, 0)


def render(template, conversation, tools, prompt, variables):
    import datetime
    real = chat_templates.datetime
    chat_templates.datetime = FixedDate
    try:
        texts, marks = chat_templates.render_jinja_template(
            [conversation], tools=tools, chat_template=template, return_assistant_tokens_mask=True, add_generation_prompt=prompt, **variables)
        text = texts[0]
        return {"text": text, "generated": [[len(text[:a].encode()), len(text[:b].encode())] for a, b in marks[0]]}
    except Exception as error:
        return {"error": str(error)}
    finally:
        chat_templates.datetime = real


families = []
for path in sorted(glob.glob("*.jinja")):
    template = open(path).read()
    for name, conversation in CONVERSATIONS.items():
        for tools in (None, TOOLS):
            for prompt in (False, True):
                variables = dict(SPECIAL)
                if "thinking" in path and prompt:
                    variables["enable_thinking"] = False
                if name not in ("tools", "plain") and tools:
                    continue
                families.append({"template": path, "conversation": name, "tools": tools is not None, "prompt": prompt, "variables": variables,
                                 **render(template, conversation, tools, prompt, variables)})
snippets = [{"template": s, **render(s, CONVERSATIONS["tools"], TOOLS, True, SPECIAL)} for s in SNIPPETS]

# Ids and assistant masks, with the tokenizer of Tests/Fixtures/tokenizers/bpe400.
tokenizer = PreTrainedTokenizerFast(tokenizer_file="../tokenizers/bpe400/tokenizer.json", eos_token="<|im_end|>", pad_token="<|pad|>")
masks = []
for path in ("chatml_marked.jinja", "chatml.jinja", "qwen_tools.jinja"):
    for name in ("plain", "turns", "no_system", "tools"):
        tokenizer.chat_template = open(path).read()
        out = tokenizer.apply_chat_template(CONVERSATIONS[name], tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        masks.append({"template": path, "conversation": name, "ids": out["input_ids"], "mask": out["assistant_masks"] if "marked" in path else None})
json.dump({"conversations": CONVERSATIONS, "tools": TOOLS, "now": 1741521600, "families": families, "masks": masks},
          open("expected.json", "w"), ensure_ascii=False, indent=0)
json.dump(snippets, open("snippets.json", "w"), ensure_ascii=False, indent=0)
print(len(families), "renderings,", len(snippets), "snippets,", len(masks), "masks;", sum("error" in f for f in families), "refused")
