"""Writes the expected results of this folder with Hugging Face's tokenizers: python make_golden.py"""

import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEXTS = [open(name, newline="").read() for name in ("shakespeare.txt", "scripts.txt")]
ALPHABET = pre_tokenizers.ByteLevel.alphabet()


def dump(name, value):
    with open(name, "w") as file:
        json.dump(value, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")


def byte_level(**options):
    return pre_tokenizers.ByteLevel(**{"add_prefix_space": False, **options})


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(use_regex=False)])


def trained(pre_tokenizer, texts=TEXTS, size=512, specials=("<|endoftext|>",), minimum=0, normalizer=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=minimum, special_tokens=list(specials), initial_alphabet=ALPHABET, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def gpt2():
    lines = open("gpt2_vocab.bpe", newline="").read().split("\n")
    merges = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(byte) for byte in shown] + [chr(0x100 + index) for index in range(256 - len(shown))]
    texts = letters + [left + right for left, right in merges] + ["<|endoftext|>"]
    tokenizer = Tokenizer(models.BPE(vocab={text: index for index, text in enumerate(texts)}, merges=merges))
    tokenizer.pre_tokenizer = byte_level()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=True)])
    return tokenizer


def byte_tokenizer():
    letters = sorted(ALPHABET)
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in shown]
    vocab = {(chr(byte) if byte in shown else chr(0x100 + hidden.index(byte))): byte for byte in range(256)}
    assert sorted(vocab) == letters
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = byte_level(use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def added():
    tokenizer = trained(byte_level(), normalizer=normalizers.NFC(), size=400)
    for token in [
        AddedToken("[L]", lstrip=True, normalized=False),
        AddedToken("[R]", rstrip=True, normalized=False),
        AddedToken("[LR]", lstrip=True, rstrip=True, normalized=False),
        AddedToken("word", single_word=True, normalized=False),
        AddedToken("wordy", single_word=True, normalized=False),
        AddedToken("[L][R]", normalized=False),
        AddedToken("  ", normalized=True),
        AddedToken("   ", normalized=True),
        AddedToken("n\u00f6rm", normalized=True),
        AddedToken("e\u0301t\u00e9", normalized=True),
        AddedToken("\u00e9<", normalized=False),
        AddedToken("\n", rstrip=True, normalized=True),
        AddedToken("\u6570", lstrip=True, normalized=False, special=True),
        AddedToken("~", normalized=False),
    ]:
        tokenizer.add_tokens([token])
    return tokenizer


def with_template(tokenizer):
    end = tokenizer.token_to_id("<|endoftext|>")
    template = processors.TemplateProcessing(single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", end)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return tokenizer


WORDS = """the Hello WORLD don't I'LL we've y'all'd 'S 's 'ſ 'RE 're 'Ve ' '' it's they'Re café cafe\u0301 naïve Ångström 数 学习 こんにちは
カタカナ 한국어 각 \u1100\u1161\u11a8 नमस्ते कि ไทย العربية حُرِّيَّة עברית Привет ǅ ﬁ İ ß ſ \u212a \U0001F600 👨\u200d👩\u200d👧\u200d👦 🇩🇪 ✌🏽
1 12 123 1234 3.14 1,000,000 ² Ⅳ ½ ٣٤ १२ 𝟘𝟙 \U00011DE0 \U00016FF4 \U000105C9 \U0001E030 _ __init__ == >= !!! ... … — ¿ « # ## #### // /* */
(x) [L] [R] [LR] [L][R] word wordy words aword word_ nörm no\u0308rm e\u0301t\u00e9 été é< ~ <|endoftext|> <| |> \u0301 \u0323\u0301 a\u0323\u0301
\u0344 \u212b \u2126 \uf900 \U0002f800 \u0958 \u0f43 \x00 \x7f \u0080 supercalifragilisticexpialidocious 0x1F return self.value; for(i=0;i<10;i++){""".split()
WORDS += ["a" * 40, "ab" * 60, "é" * 50, "数" * 40, "=-" * 40, "-" * 200]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n", " \n", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\x0b", "\x0c", "\x1c"]
SPACES += ["\u200b", "\ufeff", " \t ", "        ", "                 "]
HAND = [
    "", " ", "a", "  two  spaces\nnewline\t tab", "don't you'll 123 4567", "I'D SAY IT'S TRUE, WE'VE 'LL 'Re", "line\r\nline\r\n\r\n  end \r\n",
    "    if x:\n        return [i for i in range(10)]\n\n\n", "\t\tint main(void) { return 0; }  // done\n", "trailing   ", "   leading", "\n \n  \n",
    "👨\u200d👩\u200d👧\u200d👦 family, 🇩🇪🇫🇷 flags, ✌🏽 skin", "x=1;y=22;z=333;w=4444;v=55555", "١٢٣ ४५६ ⅣⅤ ½ ²", "<|endoftext|>", "a<|endoftext|>b <|endoftext|> c",
    "see [L] and [R] and [LR] , [L][R]", "word word, sword words word_ (word) wordy", "   [LR]   \n  [L]\n[R]\t", "cafe\u0301 e\u0301te\u0301 no\u0308rm ~~ ~",
    "'ſ 'S ''s '''ll", "The year 1999, 2024-02-29T12:34:56Z, 1,299.50 $ 100%", "https://example.com/a?b=c&d=%20#e", "C:\\Users\\x\\y", "{\"a\": [1, 2.5e-3, null]}",
]


def random_scalar(chance):
    while True:
        kind = chance.random()
        if kind < 0.3:
            value = chance.randrange(0x20, 0x7F)
        elif kind < 0.5:
            value = chance.randrange(0x80, 0x800)
        elif kind < 0.8:
            value = chance.randrange(0x800, 0x10000)
        else:
            value = chance.randrange(0x10000, 0x20000)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def strings(count):
    chance = random.Random(20)
    result = list(HAND)
    while len(result) < count:
        kind = chance.random()
        pieces = []
        for _ in range(chance.randrange(1, 12)):
            if kind < 0.2:
                pieces.append(random_scalar(chance))
            elif kind < 0.6:
                pieces += [chance.choice(WORDS), chance.choice(["", " ", " ", "\n"])]
            else:
                pieces.append(chance.choice(chance.choice([WORDS, SPACES])))
        result.append("".join(pieces))
    return result


def ranges(members):
    result = []
    for value in sorted(members):
        if result and result[-1][1] == value - 1:
            result[-1][1] = value
        else:
            result.append([value, value])
    return result


def scalars_split_by(pre_tokenizer):
    found = set()
    for start in range(0, 0x110000, 4096):
        text = "\x01".join(chr(value) for value in range(start, start + 4096) if not 0xD800 <= value < 0xE000)
        found |= {ord(piece) for piece, _ in pre_tokenizer.pre_tokenize_str(text) if len(piece) == 1 and piece != "\x01"}
    return ranges(found)


def normalization_checksums():
    nfc = normalizers.NFC()
    sums = []
    for start in range(0, 0x30000, 4096):
        value = 0xCBF29CE484222325
        for scalar in range(start, start + 4096):
            if 0xD800 <= scalar < 0xE000:
                continue
            for byte in nfc.normalize_str("a" + chr(scalar) + "\u0323\u0301").encode():
                value = (value ^ byte) * 0x100000001B3 % 2**64
        sums.append(f"{value:016x}")
    return sums


def main():
    small = {
        "llama3": with_template(trained(split(LLAMA3), ignore_merges=True)),
        "qwen2": trained(split(QWEN2), normalizer=normalizers.NFC()),
        "digits": trained(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])),
        "digit_runs": trained(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False), byte_level()]), size=300),
        "prefix_space": trained(byte_level(add_prefix_space=True), size=400, normalizer=normalizers.Sequence([normalizers.NFC()])),
        "added": added(),
    }
    for name, tokenizer in small.items():
        tokenizer.save(f"{name}.json", pretty=False)
    # The merges as strings, the older form.
    older = json.load(open("digits.json"))
    older["model"]["merges"] = [" ".join(pair) for pair in older["model"]["merges"]]
    dump("digits.json", older)

    texts = strings(300)
    dump("strings.json", texts)
    everyone = small | {"gpt2": gpt2(), "bytes": byte_tokenizer()}
    everyone["bpe400"] = Tokenizer.from_file("bpe400/tokenizer.json")
    ids = {name: [item.ids for item in one.encode_batch(texts, add_special_tokens=False)] for name, one in everyone.items() if name != "bytes"}
    assert all(everyone["bytes"].encode(text).ids == list(text.encode()) for text in texts if "<|endoftext|>" not in text)
    ids["llama3 with special tokens"] = [item.ids for item in small["llama3"].encode_batch(texts[:40])]
    dump("ids.json", ids)

    invalid = ["ff", "c3", "61c328", "e282", "e28261", "f09f98", "f09f9861", "eda080", "c0af", "f4908080", "80808080", "61f09f98802080c3a9", "e0809f"]
    decoded = {text: bytes.fromhex(text).decode("utf-8", errors="replace") for text in invalid}
    dump("invalid_utf8.json", {text: everyone["gpt2"].encode(decoded[text]).ids for text in invalid})

    training = {
        "shakespeare": trained(byte_level(), texts=TEXTS[:1], size=1000),
        "scripts": trained(byte_level(), texts=TEXTS[1].split("\n"), size=600, minimum=2, specials=["<|endoftext|>", "<|pad|>", "the"]),
    }
    dump("training.json", {name: [" ".join(pair) for pair in json.loads(one.to_str())["model"]["merges"]] for name, one in training.items()})

    classes = {name: scalars_split_by(pre_tokenizers.Split(Regex(pattern), "isolated")) for name, pattern in
               [("letter", r"\p{L}"), ("number", r"\p{N}"), ("space", r"\s")]}
    classes["digits"] = scalars_split_by(pre_tokenizers.Digits(True))
    dump("scalar_classes.json", classes)
    dump("normalization.json", normalization_checksums())


main()
