"""Counts of the files beside this one, as Hugging Face `datasets` reads them: `python make_golden.py` writes expected.json."""
import collections, json, os, tempfile
import datasets

here = os.path.dirname(os.path.abspath(__file__))
os.environ["HF_HUB_OFFLINE"] = "1"
datasets.disable_progress_bars()


def load(kind, **files):
    with tempfile.TemporaryDirectory() as cache:
        loaded = datasets.load_dataset(kind, data_files={k: os.path.join(here, v) for k, v in files.items()}, cache_dir=cache)
        return {split: list(part) for split, part in loaded.items()}, next(iter(loaded.values())).column_names


def text(row):
    return json.dumps(row, sort_keys=True, ensure_ascii=False)


def repeated(values):
    return sum(count - 1 for count in collections.Counter(values).values())


expected = {"datasets": datasets.__version__}
for name, kind, files in [
    ("banking77", "csv", {"train": "banking77/train.csv", "test": "banking77/test.csv"}),
    ("alpaca_en_demo", "json", {"train": "alpaca_en_demo.json"}),
    ("glaive_toolcall_en_demo", "json", {"train": "glaive_toolcall_en_demo.json"}),
    ("xquad", "json", {"train": "xquad/questions.jsonl"}),
]:
    rows, columns = load(kind, **files)
    expected[name] = {
        "rows": {split: len(part) for split, part in rows.items()},
        "columns": columns,
        "duplicates": {split: repeated(map(text, part)) for split, part in rows.items()},
    }
    if name == "banking77":
        train = {row["text"] for row in rows["train"]}
        expected[name]["leaked"] = sum(row["text"] in train for row in rows["test"])
        counts = collections.Counter(row["category"] for part in rows.values() for row in part)
        expected[name]["classes"] = dict(sorted(counts.items()))
        kept = datasets.Dataset.from_list(rows["train"]).class_encode_column("category")
        cut = kept.train_test_split(test_size=0.1, stratify_by_column="category", seed=42)
        expected[name]["stratified"] = {"train": len(cut["train"]), "validation": len(cut["test"])}
with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump(expected, file, indent=1, ensure_ascii=False)
    file.write("\n")
