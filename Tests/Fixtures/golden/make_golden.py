"""Makes the golden vectors that SOURCE.md lists as made by this script: python make_golden.py [NAME ...]

Needs torch, transformers, peft and safetensors. Everything is drawn from seeds: the same versions give the same files.
"""
import json, os, sys

import torch
from transformers import (AutoModelForCausalLM, DogeConfig, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config)
from transformers import Trainer
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
IDS = [[5, 17, 59, 3, 42, 8, 61, 33, 12, 30, 2, 7], [9, 1, 4, 44, 63, 62, 33, 21, 50, 60, 11, 40]]
SHAPE = dict(vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=64, bos_token_id=0, eos_token_id=1, pad_token_id=2, tie_word_embeddings=True)

def shape(**other):
    return {**SHAPE, **other}

MODELS = {
    "qwen2": lambda: Qwen2Config(**shape(tie_word_embeddings=False)),
    "qwen2_sliding": lambda: Qwen2Config(**shape(num_hidden_layers=3, use_sliding_window=True, sliding_window=4, max_window_layers=1)),
    "qwen3_sliding_bias": lambda: Qwen3Config(**shape(
        head_dim=8, attention_bias=True, tie_word_embeddings=False, use_sliding_window=True, sliding_window=5, max_window_layers=1,
        rope_parameters=dict(rope_type="default", rope_theta=1e6))),
    "mistral_sliding": lambda: MistralConfig(**shape(sliding_window=5, head_dim=6, tie_word_embeddings=False)),
    "llama_llama3_untied_bias": lambda: LlamaConfig(**shape(
        tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
        rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=16))),
    "llama_linear": lambda: LlamaConfig(**shape(rope_parameters=dict(rope_type="linear", rope_theta=1e4, factor=4.0))),
    "llama_dynamic": lambda: LlamaConfig(**shape(
        max_position_embeddings=8, rope_parameters=dict(rope_type="dynamic", rope_theta=1e4, factor=4.0))),
    "llama_yarn": lambda: LlamaConfig(**shape(
        hidden_size=32, rope_parameters=dict(rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=16))),
    "doge_untied_bias": lambda: DogeConfig(**shape(tie_word_embeddings=False, attention_bias=True, mlp_bias=True)),
    "doge_sliding5": lambda: DogeConfig(**shape(sliding_window=5)),
    "doge_sliding9_keep4": lambda: DogeConfig(**shape(sliding_window=9, keep_window_size=4)),
    "doge_dynamic_rope": lambda: DogeConfig(**shape(
        max_position_embeddings=8, rope_parameters=dict(rope_type="dynamic", rope_theta=1e4, factor=4.0))),
    "doge_moe_normtopk": lambda: DogeConfig(**shape(is_moe=True, num_experts=16, num_experts_per_tok=4, norm_topk_prob=True)),
}

# Adapter, base model, settings of peft.
ADAPTERS = {
    "lora_qwen3_rslora": ("qwen3", dict(r=4, lora_alpha=8, use_rslora=True, target_modules=["q_proj", "v_proj", "down_proj"])),
    "lora_llama_all": ("llama", dict(r=3, lora_alpha=6, target_modules="all-linear")),
    "lora_gpt2_all": ("gpt2", dict(r=4, lora_alpha=8, target_modules="all-linear")),
    "lora_doge_all": ("doge_dense", dict(r=4, lora_alpha=4, target_modules="all-linear")),
    "lora_doge_moe_all": ("doge_moe", dict(r=2, lora_alpha=4, target_modules="all-linear")),
}

def randomise(model, seed):
    """Weights great enough that everything matters: a new model's logits hardly differ."""
    generator = torch.Generator().manual_seed(seed)
    def noise(p): return torch.randn(p.shape, generator=generator)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "norm" in name or name.endswith("_residual"): p.copy_(1 + 0.2 * noise(p))
            elif p.dim() == 1: p.copy_(0.2 * noise(p))
            elif "embed" in name: p.copy_(0.7 * noise(p))
            else: p.copy_(noise(p) * 1.5 / p.shape[-1] ** 0.5)
        embedding = model.get_input_embeddings()
        if embedding.padding_idx is not None: embedding.weight[embedding.padding_idx] = 0

def rounded(t): return [round(float(x), 6) for x in t]

def rows(t): return [rounded(r) for r in t]

@torch.no_grad()
def logits_of(model, folder):
    ids = torch.tensor(IDS)
    batch, alone = model(ids, labels=ids, use_cache=False), model(ids[:1], labels=ids[:1], use_cache=False)
    cache, steps = None, []
    for t in range(ids.shape[1]):
        out = model(ids[:1, t:t + 1], past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        steps.append(out.logits[0, 0])
    # Anew: dynamic positions remember the longest sequence.
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    mask = torch.ones_like(ids)
    mask[1, :4] = 0
    padded = model(ids, attention_mask=mask, use_cache=False)
    return {
        "input_ids": IDS, "loss_batch": float(batch.loss), "loss_row0": float(alone.loss),
        "logits_batch_row0_pos11_first8": rounded(batch.logits[0, 11, :8]), "logits_row1_pos11_first8": rounded(batch.logits[1, 11, :8]),
        "logits_row0_alone_all": rows(alone.logits[0]), "stepwise_cached_row0_all": rows(torch.stack(steps)),
        "left_padded_mask": mask.tolist(), "logits_left_padded_row1_pos11_first8": rounded(padded.logits[1, 11, :8]),
        "param_names": {k: list(v.shape) for k, v in model.state_dict().items()},
        "transformers": transformers.__version__, "torch": torch.__version__, "attn": "eager",
    }

def six_steps(model, named, decays):
    """AdamW on the named parameters; those in `decays` with weight decay."""
    ids = torch.tensor(IDS)
    optimizer = torch.optim.AdamW(
        [{"params": [p for n, p in named if n in decays], "weight_decay": 0.1},
         {"params": [p for n, p in named if n not in decays], "weight_decay": 0.0}], lr=1e-2, betas=(0.9, 0.95), eps=1e-8)
    steps, gradients = [], {}
    for step in range(6):
        optimizer.zero_grad()
        out = model(ids, labels=ids, use_cache=False)
        out.loss.backward()
        if step == 0:
            gradients = {n: {"norm": float(p.grad.norm()), "first4": [float(x) for x in p.grad.flatten()[:4]]} for n, p in named}
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
        aux = getattr(out, "aux_loss", None)
        steps.append({"step": step + 1, "loss": float(out.loss), "grad_norm_before_clip": float(norm),
                      "aux_loss": float(aux) if isinstance(aux, torch.Tensor) else None})
        optimizer.step()
    return steps, gradients

def write(value, folder, name):
    with open(os.path.join(folder, name), "w") as f: json.dump(value, f, separators=(",", ":"))

def make_model(name, seed):
    folder = os.path.join(HERE, name)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(MODELS[name](), attn_implementation="eager")
    randomise(model, seed)
    model.save_pretrained(folder)
    load = lambda: AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    write(logits_of(load().eval(), folder), folder, "expected.json")
    model = load().train()
    # Dividing by a sum that is 1 changes nothing but torch's mind: it is done in place, and nothing goes back through it.
    for module in model.modules():
        if hasattr(module, "norm_topk_prob"): module.norm_topk_prob = False
    named = list(model.named_parameters())
    decays = set(Trainer.get_decay_parameter_names(None, model))
    steps, gradients = six_steps(model, named, decays)
    write({"input_ids": IDS, "no_weight_decay_params": [n for n, _ in named if n not in decays], "steps": steps,
           "step1_grads": gradients}, folder, "expected_training.json")

def make_adapter(name, seed):
    import peft
    base, settings = ADAPTERS[name]
    folder = os.path.join(HERE, name)
    load = lambda: AutoModelForCausalLM.from_pretrained(os.path.join(HERE, base), attn_implementation="eager", dtype=torch.float32)
    torch.manual_seed(seed)
    model = peft.get_peft_model(load(), peft.LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **settings))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for n, p in model.named_parameters():
            if "lora_B" in n: p.copy_(0.3 * torch.randn(p.shape, generator=generator))
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(folder)
    ids = torch.tensor(IDS)
    with torch.no_grad(): logits = model.eval()(ids[:1], use_cache=False).logits[0]
    # Onwards from the adapter as it is, so that A has a gradient too; without the dropout of the base.
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    steps, gradients = six_steps(model.eval(), named, set())
    strip = lambda n: n.replace(".default.", ".")
    write({"base": base, "input_ids": IDS, "logits_adapter": rows(logits), "steps": steps,
           "step1_grads": {strip(n): g for n, g in gradients.items()}, "peft": peft.__version__}, folder, "expected.json")
    readme = os.path.join(folder, "README.md")
    if os.path.exists(readme): os.remove(readme)

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(MODELS) + list(ADAPTERS)
    for name in wanted:
        seed = 100 + (list(MODELS) + list(ADAPTERS)).index(name)
        (make_model if name in MODELS else make_adapter)(name, seed)
        print("made", name)
