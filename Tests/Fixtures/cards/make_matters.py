"""Front matters as dataset cards have them, and what PyYAML makes of them.

Run once, with PyYAML and huggingface_hub installed: python make_matters.py. Writes matters.json beside this file: for every case the README.md,
and `value`, what yaml.safe_load gives without three rules of YAML 1.1 that the Hub (YAML 1.2) does not have: words as booleans (no, on),
numbers to the base of 60, and dates. Where these change it, `safe_load` says what comes with them. `error` where PyYAML refuses it."""
import json, os, re

import huggingface_hub, yaml
from huggingface_hub.repocard import REGEX_YAML_BLOCK

here = os.path.dirname(os.path.abspath(__file__))


class Loader(yaml.SafeLoader):
    """safe_load without what YAML 1.2 has no more."""


Loader.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile("^(?:true|True|TRUE|false|False|FALSE)$") if tag.endswith(":bool") else rule)
        for tag, rule in rules
        if not tag.endswith(":timestamp")
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def sixty_is_text(loader, node, usual):
    return node.value if ":" in node.value else usual(loader, node)


for kind in ("int", "float"):
    usual = getattr(yaml.SafeLoader, "construct_yaml_" + kind)
    Loader.add_constructor("tag:yaml.org,2002:" + kind, lambda loader, node, usual=usual: sixty_is_text(loader, node, usual))

FULL = """annotations_creators:
- expert-generated
language:
- en
- de
license:
- cc-by-4.0
multilinguality:
- multilingual
pretty_name: "Questions: who, what & why?"
size_categories:
- 10K<n<100K
source_datasets:
- original
- extended|other-wikipedia
tags: []
task_categories:
- question-answering
task_ids:
- open-domain-qa
paperswithcode_id: null
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: validation
    path: data/validation-*
dataset_info:
  features:
  - name: id
    dtype: string
  - name: answers
    sequence:
    - name: text
      dtype: string
    - name: start
      dtype: int32
  - name: label
    dtype:
      class_label:
        names:
          '0': negative
          '1': positive
  splits:
  - name: train
    num_bytes: 79346108
    num_examples: 87599
  - name: validation
    num_bytes: 10472984
    num_examples: 10570
  download_size: 16278203
  dataset_size: 89819092
"""

MATTERS = {
    "full": FULL,
    "files as a text": "configs:\n- config_name: default\n  data_files: data/*.csv\n",
    "files as a quoted text": "configs:\n- config_name: default\n  data_files: \"*.jsonl\"\n",
    "files as a list": "configs:\n- config_name: default\n  data_files:\n  - a.csv\n  - 'b c.csv'\n",
    "files as a flow list": "configs:\n- config_name: default\n  data_files: [\"a/*.csv\", 'b/**/c.csv', d.csv]\n",
    "files by split": "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: [a.csv, b.csv]\n  - split: test\n    path:\n    - c.csv\n",
    "files by split in braces": "configs:\n- config_name: x\n  data_files:\n  - {split: train, path: \"t-*.parquet\"}\n  - {path: e.parquet, split: test,}\n",
    "files as a mapping": "configs:\n- config_name: default\n  data_files:\n    train: a.csv\n    test: [b.csv, c.csv]\n",
    "several configs": "configs:\n- config_name: en\n  data_dir: en\n  default: true\n- config_name: de\n  data_dir: \"de\"\n- config_name: fr\n  data_dir: fr/\n",
    "configs in one line": "configs: [{config_name: one, data_files: [{split: train, path: a.csv}]}, {config_name: two, data_dir: b}]\n",
    "infos by config": "dataset_info:\n- config_name: a\n  features:\n  - {name: text, dtype: string}\n  splits: [{name: train, num_examples: 12, num_bytes: 345}]\n- config_name: b\n  features:\n    - name: tokens\n      sequence: string\n    - name: nested\n      struct:\n      - name: x\n        list:\n        - name: y\n          dtype: float32\n",
    "lists as far left as their key": "tags:\n- a\n- b\nlanguage:\n  - en\n",
    "lists in lists": "rows:\n- - 1\n  - 2\n- - 3\n-\n  - 4\n",
    "literal text": "description: |\n  One.\n    Two.\n\n  Three.\n\nlicense: mit\n",
    "literal text, stripped": "description: |-\n  One.\n  Two.\n\n\nlicense: mit\n",
    "literal text, kept": "description: |+\n  One.\n\n\nlicense: mit\n",
    "literal text with an indentation of its own": "description: |2\n    One.\n  Two.\nlicense: mit\n",
    "folded text": "description: >\n  One line\n  and the next.\n\n  A paragraph.\n    - indented\n    - lines\n  The end.\nlicense: mit\n",
    "folded text, stripped": "citation: >-\n  @inproceedings{x,\n    title={A: b # c}\n  }\nlicense: mit\n",
    "text over lines": "description: one\n  two\n\n  three # not this\nlicense: mit\n",
    "quoted text over lines": "description: \"one\n  two\\\n  three\n\n  four\"\nother: 'it''s\n  so'\n",
    "escapes": "a: \"tab\\t\\u00e4 \\U0001F917 \\x41 \\\"q\\\" \\\\ \\/ \\e\\0\"\nb: 'no \\t escape'\n",
    "comments": "# first\nlicense: mit # why\n\n  # indented\ntags: # of all kinds\n- a#b # c\n- 'c # d'\n",
    "unicode": "pretty_name: Größe 日本語 🤗 é\nlanguage:\n- 中文\n\"ключ\": значение\n",
    "null words": "a:\nb: ~\nc: null\nd: Null\ne: ''\nf: \"null\"\ng: nUll\n",
    "booleans": "a: true\nb: False\nc: TRUE\nd: 'true'\ne: tRue\n",
    "numbers": "a: 0\nb: -12\nc: +7\nd: 1_000\ne: 007\nf: 08\ng: 0x1F\nh: 0b101\ni: 0o17\nj: 1.5\nk: .5\nl: 5.\nm: -0.25\nn: 1.5e+3\no: 1e5\np: 1.5e3\nq: 12345678901234567890\nr: 1,000\nt: 1_0.5_0\nu: +.5\nv: 010\nw: 1.10\nx: 09.5\ny: v1.0\nz: 1.0.0\n",
    "numbers in quotes": "a: '1'\nb: \"1.0\"\nversion: 1.0.0\nconfig_name: 2024\n",
    "words of YAML 1.1": "language:\n- no\n- en\na: yes\nb: On\nc: OFF\nd: y\ne: n\ndefault: Yes\n",
    "dates": "a: 2024-01-31\nb: 2024-01-31 10:00:00\nc: 2024-1-1\nd: '2024-01-31'\n",
    "ratios and times": "a: 16:9\nb: 12:30:45\nc: 1:30.5\nd: '16:9'\n",
    "no number": "a: .inf\nb: -.inf\nc: .nan\nd: .\ne: <\n",
    "signs in texts": "url: https://a.b/c:d#e?f=g&h=[i]\nsize: n<1K\npath: data/*.csv\ntitle: a - b, c [d] {e} !f &g *h @i %j `k\ntime: at 10:30\nquote: it's \"so\"\ndash: -x\nquestion: ?x\ncolon: :x\n",
    "flow over lines": "tags: [\n  a,   # one\n  \"b\n   c\",\n  {d: e,\n   f: [g]},\n]\n",
    "flow with odd members": "a: [a: 1, b]\nb: {x, y: , z: 1}\nc: {\"q\":1, 'r': 2}\nd: [ ]\ne: { }\nf: {a:1}\n",
    "anchors": "a: &files\n  - x.csv\n  - y.csv\nb: *files\nc: {d: *files, e: &word hello, f: *word}\n",
    "merged mappings": "base: &base\n  split: train\n  path: a.csv\none:\n  <<: *base\n  path: b.csv\ntwo:\n  <<: [*base, {split: test, more: 1}]\n",
    "standard tags": "a: !!str 12\nb: !!int \"12\"\nc: !!float \"1.5\"\nd: !!bool \"true\"\ne: !!null ''\nf: !!seq [a]\ng: !!map {a: b}\nh: ! 5\ni: !<tag:yaml.org,2002:str> 5\n",
    "keys": "1: one\n\"a b\": two\n'c: d': three\ne f: four\n? g\n: five\n",
    "empty": "",
    "comments alone": "# nothing\n\n  # more\n",
    "a document's end": "license: mit\n...\n",
    "a list": "- a\n- b: c\n",
    "a text": "just\nwords\n",
    "spaces behind": "license: mit   \ntags:  \n  - a  \n\t\nx: 1\n",
    "tab behind a value": "license: mit\t\ntags: [a,\tb]\n",
    "windows lines": FULL.replace("\n", "\r\n"),
    "windows lines in a block": "a: |\r\n  one\r\n  two\r\nb: >\r\n  three\r\n  four\r\n",
    # Refused by PyYAML, too.
    "tab as indentation": "a:\n\t- x\n",
    "a colon in a text": "a: b: c\n",
    "two indentations": "a:\n  b: 1\n c: 2\n",
    "an open bracket": "a: [x, y\n",
    "an open brace": "a: {x: y\nb: c\n",
    "an open quote": "a: \"x\nb: c\n",
    "behind a quote": "a: 'x' y\n",
    "a star": "a: *.csv\n",
    "an unknown anchor": "a: *b\n",
    "a percent sign": "a: %x\n",
    "a backtick": "a: `x`\n",
    "an unknown escape": "a: \"\\q\"\n",
    "a line without a colon": "a: 1\nb\n",
    "a python object": "a: !!python/object/apply:os.system [\"true\"]\n",
    "an own tag": "a: !mine x\n",
    "a list as key": "? [a, b]\n: c\n",
    "two documents": "a: 1\n...\n--- # second\nb: 2\n",
    "a control character": "a: x\x01y\n",
    "a merged text": "a:\n  <<: b\n",
    # Taken by PyYAML, refused here, or the other way round: the test says which and how.
    "a key twice": "a: 1\nb: 2\na: 3\n",
    "a list that holds itself": "a: &x [b, *x]\n",
    "a set": "a: !!set {b, c}\n",
    "bytes": "a: !!binary aGVsbG8=\n",
    "tab behind a colon": "a:\tb\n",
    "an equals sign": "a: =\n",
}


def readme(matter):
    end = "\r\n" if "\r\n" in matter else "\n"
    return f"---{end}{matter}---{end}{end}# Rows{end}"


cases = []
READMES = {name: readme(matter) for name, matter in MATTERS.items()}
READMES["a byte order mark"] = "\ufeff" + readme("license: mit\n")
READMES["a rule within"] = readme("license: mit\n") + "\n---\nlicense: none\n---\n"
READMES["spaces behind the lines"] = "---\nlicense: mit\n---  \n# Rows\n"
READMES["nothing behind"] = "---\nlicense: mit\n---"
for name, text in READMES.items():
    case = {"name": name, "readme": text}
    block = REGEX_YAML_BLOCK.search(text.removeprefix("\ufeff"))
    matter = block.group(2) if block else ""

    def load(loader):
        try:
            return json.loads(json.dumps(yaml.load(matter, loader), default=lambda value: repr(value), allow_nan=False))
        except ValueError as error:
            # JSON has no form for it: a circle, or no number.
            return "?" + str(error)

    try:
        case["value"] = load(Loader)
        usual = load(yaml.SafeLoader)
        if usual != case["value"] or json.dumps(usual) != json.dumps(case["value"]):
            case["safe_load"] = usual
    except yaml.YAMLError as error:
        case["error"] = str(error)
    cases.append(case)
golden = {"pyyaml": yaml.__version__, "huggingface_hub": huggingface_hub.__version__, "cases": cases}
json.dump(golden, open(os.path.join(here, "matters.json"), "w"), indent=1, ensure_ascii=False)
for case in cases:
    print(case["name"], "|", json.dumps(case.get("value"), ensure_ascii=False)[:150] if "value" in case else "ERR " + case["error"].replace("\n", " / ")[:150], "|", json.dumps(case.get("safe_load"))[:80] if "safe_load" in case else "")
