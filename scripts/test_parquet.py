"""make test-parquet PYTHON=…: Parquet and Arrow are dropped into a real agent, and its rows compared with what `datasets` reads.

Needs pyarrow and datasets in the Python that runs it. Argument: the folder with the programs."""
import datetime, decimal, json, math, os, subprocess, sys, tempfile, time

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

datasets.disable_progress_bars()
programs = sys.argv[1]
failures = 0


def check(what, found, wanted):
    global failures
    if found == wanted:
        print("ok  ", what)
    else:
        failures += 1
        print("FAIL", what, "\n  found ", repr(found)[:600], "\n  wanted", repr(wanted)[:600])


def run(*words):
    return subprocess.run([os.path.join(programs, "dropforge"), *words], capture_output=True, text=True)


def receipt(root, name):
    path = os.path.join(root, "inbox/receipts", name + ".receipt.json")
    for _ in range(1200):
        if os.path.exists(path):
            said = json.load(open(path))
            if said["status"] != "waiting":
                return said
        time.sleep(0.1)
    raise SystemExit(f"no receipt for {name}")


def rows(root, name, split="train", version=1):
    path = os.path.join(root, "workspace/datasets", name, "versions", str(version), "data", split + ".jsonl")
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def drop(root, path):
    target = os.path.join(root, "inbox/datasets", os.path.basename(path))
    hidden = os.path.join(root, "inbox/datasets", "." + os.path.basename(path) + ".part")
    (subprocess.check_call(["cp", "-r", path, hidden]), os.rename(hidden, target))


with tempfile.TemporaryDirectory() as work:
    root = os.path.join(work, "root")
    run("init", root)
    json.dump({"settle_seconds": 0.5, "python": sys.executable}, open(os.path.join(root, "dropforge.json"), "w"))
    agent = subprocess.Popen([os.path.join(programs, "dropforge"), "agent", "--root", root], stderr=subprocess.DEVNULL)
    try:
        made = os.path.join(work, "made")
        os.mkdir(made)
        chats = [
            {"messages": [{"content": f"question {i} ä\u2028", "role": "user"}, {"content": f"answer {i} 🙂", "role": "assistant"}], "source": "x" if i % 3 else None}
            for i in range(2500)
        ]
        loaded = datasets.Dataset.from_list(chats)

        for compression in ["snappy", "zstd", "gzip", "brotli", "lz4", "none"]:
            for page in ["1.0", "2.0"]:
                name = f"chats-{compression}-{page[0]}"
                pq.write_table(
                    loaded.data.table, f"{made}/{name}.parquet", compression=compression, row_group_size=700, data_page_version=page, use_dictionary=page == "1.0")
                drop(root, f"{made}/{name}.parquet")
                said = receipt(root, f"{name}.parquet")
                # The same rows in other bytes are each a dataset of their own.
                check(name, (said["status"], rows(root, name) == list(datasets.load_dataset("parquet", data_files=f"{made}/{name}.parquet", split="train", cache_dir=f"{work}/cache"))), ("accepted", True))
        check("the schema is told", json.load(open(f"{root}/workspace/datasets/chats-zstd-2/dataset.json"))["shape"], "chatml")
        card = json.load(open(f"{root}/workspace/datasets/chats-zstd-2/dataset.json"))
        check("the bytes are those of the drop", card["bytes"], os.path.getsize(f"{made}/chats-zstd-2.parquet"))

        odd = pa.table({
            "text": ["a", "b"], "when": [datetime.datetime(2026, 1, 2, 3, 4, 5), None], "day": [datetime.date(2026, 1, 2), None],
            "price": [decimal.Decimal("1.50"), None], "score": [1.5, math.nan], "raw": [b"text", b"\xff\xfe"], "list": [[1, 2], None],
            "large": pa.array([2**62, -1], pa.int64()), "flag": [True, False], "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        })
        pq.write_table(odd, f"{made}/odd.parquet")
        drop(root, f"{made}/odd.parquet")
        check("odd types are accepted", receipt(root, "odd.parquet")["status"], "accepted")
        check("odd types", rows(root, "odd"), [
            {"text": "a", "when": "2026-01-02T03:04:05", "day": "2026-01-02", "price": "1.50", "score": 1.5, "raw": "text", "list": [1, 2], "large": 2**62, "flag": True, "map": [["k", 1]]},
            {"text": "b", "when": None, "day": None, "price": None, "score": None, "raw": None, "list": None, "large": -1, "flag": False, "map": []},
        ])

        pa.feather.write_feather(loaded.data.table, f"{made}/file.feather") if hasattr(pa, "feather") else __import__("pyarrow.feather").feather.write_feather(loaded.data.table, f"{made}/file.feather")
        drop(root, f"{made}/file.feather")
        check("an Arrow file", (receipt(root, "file.feather")["status"], rows(root, "file") == chats), ("accepted", True))

        datasets.DatasetDict({"train": loaded.select(range(2000)), "test": loaded.select(range(2000, 2500))}).save_to_disk(f"{made}/saved", num_shards={"train": 3, "test": 1})
        drop(root, f"{made}/saved")
        check("save_to_disk", (receipt(root, "saved")["status"], rows(root, "saved") == chats[:2000], rows(root, "saved", "test") == chats[2000:]), ("accepted", True, True))

        hub = f"{made}/hub/data"
        os.makedirs(hub)
        open(f"{made}/hub/README.md", "w").write("# card\n")
        for split, part in [("train_prefs-00000-of-00001", chats[:30]), ("test_prefs-00000-of-00001", chats[30:40])]:
            datasets.Dataset.from_list(part).to_parquet(f"{hub}/{split}.parquet")
        drop(root, f"{made}/hub")
        check("a Hub folder", (receipt(root, "hub")["status"], rows(root, "hub", "train_prefs") == chats[:30], rows(root, "hub", "test_prefs") == chats[30:40]), ("accepted", True, True))

        # The card's configs speak of .parquet, and decide which file is which split.
        card = """---
license: mit
configs:
- config_name: first
  data_files:
  - {split: train, path: "parts/a-*.parquet"}
  - {split: test, path: parts/b.parquet}
- config_name: second
  default: true
  data_files: parts/b.parquet
---
"""
        os.makedirs(f"{made}/configs/parts")
        open(f"{made}/configs/README.md", "w").write(card)
        for name, part in [("a-0", chats[:20]), ("a-1", chats[20:30]), ("b", chats[30:35]), ("c", chats[35:40])]:
            datasets.Dataset.from_list(part).to_parquet(f"{made}/configs/parts/{name}.parquet")
        for drop_as, config in [("configs", None), ("configs-first", "first")]:
            if config:
                os.rename(f"{made}/configs", f"{made}/{drop_as}")
                json.dump({"config": config}, open(f"{made}/{drop_as}.dataset.json", "w"))
                drop(root, f"{made}/{drop_as}.dataset.json")
                receipt(root, f"{drop_as}.dataset.json")
            drop(root, f"{made}/{drop_as}")
            wanted = datasets.load_dataset(f"{made}/{drop_as}", config or "second", cache_dir=f"{work}/cache-{drop_as}")
            said = receipt(root, drop_as)
            check(f"{drop_as} by its card", (said["status"], {split: rows(root, drop_as, split) for split in wanted}), ("accepted", {split: list(wanted[split]) for split in wanted}))
            told = json.load(open(f"{root}/workspace/datasets/{drop_as}/dataset.json"))
            check(f"{drop_as} has its card", (told["license"], told["config"], [one["name"] for one in told["splits"]]), ("mit", config or "second", list(wanted)))

        whole = open(f"{made}/chats-snappy-1.parquet", "rb").read()
        open(f"{made}/cut.parquet", "wb").write(whole[: len(whole) // 2])
        open(f"{made}/noise.parquet", "wb").write(b"PAR1" + os.urandom(5000) + b"PAR1")
        damaged = bytearray(whole)
        for at in range(200, len(damaged) - 3000, 97):
            damaged[at] ^= 0x55
        open(f"{made}/damaged.parquet", "wb").write(damaged)
        pq.write_table(loaded.select([]).data.table, f"{made}/none.parquet")
        for name, code in [("cut", "parquet.unreadable"), ("noise", "parquet.unreadable"), ("damaged", None), ("none", "parquet.nothing")]:
            drop(root, f"{made}/{name}.parquet")
            said = receipt(root, f"{name}.parquet")
            check(f"{name} is refused", said["status"], "rejected")
            if code:
                check(f"{name} is told", said["problem"]["code"], code)

        big = pa.table({"text": pa.array(["x" * 1000] * 200_000)})
        pq.write_table(big, f"{made}/big.parquet", compression="zstd", row_group_size=5_000)
        drop(root, f"{made}/big.parquet")
        check("200 MB out of row groups, under the limit of memory", receipt(root, "big.parquet")["message"].split(".")[0], "Dataset 'big': 200,000 rows of text")

        other = run("check", f"{made}/odd.parquet", "--root", root)
        check("dropforge check", (other.returncode, other.stdout.startswith("Dataset 'odd': 2 rows of text")), (0, True))
    finally:
        agent.terminate()
        agent.wait()

print("pyarrow", pa.__version__, "datasets", datasets.__version__, "failures:", failures)
sys.exit(1 if failures else 0)
