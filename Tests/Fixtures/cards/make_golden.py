"""Repositories with configs in the front matter of README.md, and which rows `datasets` reads of them.

Run once, with datasets installed: python make_golden.py. Writes repositories.json beside this file: for every repository its files, and by
config and split the values of `text` in their order."""
import json, os, tempfile

import datasets

datasets.disable_progress_bars()
here = os.path.dirname(os.path.abspath(__file__))


def rows(*texts):
    return "".join(json.dumps({"text": text}) + "\n" for text in texts)


REPOSITORIES = {
    # A list of {split, path}, patterns and lists of them, a default that says so.
    "patterns": {
        "README.md": """---
license: odc-by
pretty_name: "Rows: of all kinds"
language:
- en
- no
tags: [small, "made up"]
size_categories:
  - n<1K
task_categories:
  - text-generation
configs:
- config_name: small
  data_files:
  - split: train
    path: small/*.jsonl
- config_name: full
  default: true
  data_files:
  - split: train
    path:
    - "main/t-*"
    - more/**/*.jsonl
  - split: test
    path: main/e.jsonl
dataset_info:
- config_name: full
  features:
  - name: text
    dtype: string
  splits:
  - name: train
    num_bytes: 100
    num_examples: 5
---

# Rows
""",
        "small/a.jsonl": rows("sa1", "sa2"),
        "small/b.jsonl": rows("sb1"),
        "main/t-0.jsonl": rows("t01", "t02"),
        "main/t-1.jsonl": rows("t11"),
        "main/e.jsonl": rows("e1"),
        "more/x.jsonl": rows("mx1"),
        "more/deep/er/y.jsonl": rows("my1"),
        "unnamed/z.jsonl": rows("z1"),
    },
    # Strings and lists of strings; the config called default.
    "strings": {
        "README.md": """---
configs:
  - config_name: default
    data_files: "data/*.csv"
  - config_name: two
    data_files: ["data/a.csv", 'other/c.csv']
---
""",
        "data/a.csv": "text,n\na1,1\na2,2\n",
        "data/b.csv": "text,n\nb1,1\n",
        "other/c.csv": "text,n\nc1,1\n",
    },
    # Folders; splits are told from names within them.
    "folders": {
        "README.md": """---
configs:
- {config_name: english, data_dir: en}
- config_name: german   # the second
  data_dir: "de"
---
""",
        "en/train.jsonl": rows("en1", "en2"),
        "en/test.jsonl": rows("en3"),
        "de/train.jsonl": rows("de1"),
        "de/validation.jsonl": rows("de2"),
    },
    # A file whose name speaks of another split, a file of two splits, splits of their own names.
    "odd": {
        "README.md": """---
configs:
- config_name: only
  data_files:
  - split: train
    path: "test-[0-9].jsonl"
  - split: heldout
    path: ["test-1.jsonl", "x?.jsonl"]
---
""",
        "test-0.jsonl": rows("o1"),
        "test-1.jsonl": rows("o2"),
        "train.jsonl": rows("o3"),
        "x1.jsonl": rows("o4"),
        "x12.jsonl": rows("o5"),
    },
}

golden = {"datasets": datasets.__version__, "repositories": {}}
for name, files in REPOSITORIES.items():
    with tempfile.TemporaryDirectory() as work:
        folder = os.path.join(work, name)
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            open(os.path.join(folder, path), "w", newline="").write(text)
        configs = datasets.get_dataset_config_names(folder)
        usual = datasets.get_dataset_default_config_name(folder)
        expected = {}
        for config in configs:
            read = datasets.load_dataset(folder, config, cache_dir=os.path.join(work, "cache"), verification_mode="no_checks")
            expected[config] = {split: list(read[split]["text"]) for split in read}
        golden["repositories"][name] = {"files": files, "default": usual, "expected": expected}
json.dump(golden, open(os.path.join(here, "repositories.json"), "w"), indent=1, ensure_ascii=False)
