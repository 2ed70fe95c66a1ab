"""What Hugging Face's tokenizers make of the rows beside this file: golden.json.

    python make_golden.py        (tokenizers 0.23, datasets 5.2)

Rows end with the tokenizer's end of text, as rows do in Dropforge; windows are those of
`enable_truncation(max_length, stride)` with their overflowing rest.
"""
import collections
import hashlib
import json
import pathlib
import struct

from datasets import Dataset
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
END = "<|im_end|>"


def load():
    return Tokenizer.from_file(str(here.parent / "tokenizers" / "bpe400" / "tokenizer.json"))


def windows(texts, length, stride):
    tokenizer = load()
    if length:
        tokenizer.enable_truncation(max_length=length, stride=stride)
    rows = []
    for text in texts:
        encoding = tokenizer.encode(text + END, add_special_tokens=False)
        rows.append([encoding.ids] + [more.ids for more in encoding.overflowing])
    return rows


def digest(sequences):
    flat = [token for sequence in sequences for token in sequence]
    return hashlib.sha256(struct.pack(f"<{len(flat)}H", *flat)).hexdigest()


def summary(sequences):
    return {
        "sequences": len(sequences),
        "tokens": sum(map(len, sequences)),
        "lengths": [len(sequence) for sequence in sequences],
        "sha256": digest(sequences),
    }


def read(name):
    return [json.loads(line) for line in (here / name).read_text().splitlines()]


c4 = [row["text"] for row in read("c4.jsonl")]
cases = {}
for length, stride in [(None, 0), (256, 0), (256, 32), (100, 60), (64, 16)]:
    flat = [window for row in windows(c4, length, stride) for window in row]
    cases[f"{length or 0}/{stride}"] = summary(flat)

whole = [row[0] for row in windows(c4, None, 0)]
tokens = collections.Counter(token for row in whole for token in row)
lengths = sorted(map(len, whole))
tokenizer = load()
statistics = {
    "total_tokens": sum(tokens.values()),
    "unique_tokens": len(tokens),
    "text_bytes": sum(len(text.encode()) for text in c4),
    "text_tokens": sum(lengths) - len(c4),
    "top": sorted(tokens.items(), key=lambda item: (-item[1], item[0]))[:20],
    "percentiles": {
        str(p): lengths[max(1, -(-len(lengths) * p // 100)) - 1] for p in [1, 5, 10, 25, 50, 75, 90, 95, 99]
    },
    "truncation": [
        {"length": cut, "rows": sum(n > cut for n in lengths), "tokens": sum(max(0, n - cut) for n in lengths)}
        for cut in [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
    ],
}

questions = [row["question"] + "\n" for row in read("gsm8k.jsonl")]
answers = [row["answer"] for row in read("gsm8k.jsonl")]
plain = load()
pairs = []
for question, answer in zip(questions, answers):
    prompt = plain.encode(question, add_special_tokens=False).ids
    completion = plain.encode(answer + END, add_special_tokens=False).ids
    pairs.append((prompt, completion))

short = [row for row in read("gsm8k.jsonl") if len(plain.encode(row["question"], add_special_tokens=False).ids) < 60]
# The numbers once more, the way scripts do it with `datasets`.
def with_datasets(batch):
    return {"ids": [window for row in windows(batch["text"], 256, 32) for window in row]}


mapped = Dataset.from_list(read("c4.jsonl")).map(with_datasets, batched=True, remove_columns=["text"])
assert len(mapped) == cases["256/32"]["sequences"] and digest(mapped["ids"]) == cases["256/32"]["sha256"]
kept = Dataset.from_list(read("gsm8k.jsonl")).filter(
    lambda row: len(plain.encode(row["question"], add_special_tokens=False).ids) >= 60
)
assert len(kept) == len(questions) - len(short)

golden = {
    "c4": cases,
    "c4_first_row": windows(c4[:1], 256, 32)[0],
    "statistics": statistics,
    "gsm8k": {
        "rows": len(pairs),
        "tokens": sum(len(p) + len(c) for p, c in pairs),
        "trained_tokens": sum(len(c) for _, c in pairs),
        "sha256": digest([p + c for p, c in pairs]),
        "questions_under_60_tokens": {
            "rows": len(short),
            "tokens": sum(len(plain.encode(row["question"], add_special_tokens=False).ids) + 1 for row in short),
        },
    },
}
(here / "golden.json").write_text(json.dumps(golden, separators=(", ", ": ")) + "\n")
