"""The baseline of bench-tokenize: Hugging Face tokenizers with the same merges on the same bytes. One JSON line."""

import argparse
import json
import os
import time

options = argparse.ArgumentParser()
options.add_argument("work", choices=["encode", "train"])
options.add_argument("text", help="a file of UTF-8")
options.add_argument("--merges", help="GPT-2's vocab.bpe, for encode")
options.add_argument("--threads", type=int, default=1)
options = options.parse_args()
os.environ["RAYON_NUM_THREADS"] = str(options.threads)
os.environ["TOKENIZERS_PARALLELISM"] = "true" if options.threads > 1 else "false"

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

data = open(options.text, "rb").read()
text = data.decode("utf-8", errors="replace")
# Documents of some 10,000 characters, cut at line ends: one long text is not what their encoder is good at.
documents, start = [], 0
while start < len(text):
    end = text.find("\n", min(start + 10_000, len(text)))
    end = len(text) if end < 0 else end + 1
    documents.append(text[start:end])
    start = end
if options.work == "train":
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=32_000, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    begin = time.perf_counter()
    tokenizer.train_from_iterator(documents, trainer)
    seconds = time.perf_counter() - begin
else:
    merges = [tuple(line.split(" ")) for line in open(options.merges, encoding="utf-8").read().split("\n") if line and not line.startswith("#version")]
    shown = [chr(byte) for byte in range(256) if 33 <= byte <= 126 or 161 <= byte <= 172 or 174 <= byte <= 255]
    alphabet = shown + [chr(256 + number) for number in range(256 - len(shown))]
    vocabulary = {token: number for number, token in enumerate(alphabet + [a + b for a, b in merges])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    seconds = float("inf")
    for _ in range(2):
        begin = time.perf_counter()
        tokenizer.encode_batch(documents)
        seconds = min(seconds, time.perf_counter() - begin)
print(json.dumps(dict(mb_per_s=len(data) / 1e6 / seconds, seconds=seconds)))
