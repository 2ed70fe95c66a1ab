/// What the Python does: row groups and record batches one after another, each row a line of JSON. Its last line says what came of it.
///
/// Types that JSON has not: times are ISO 8601, decimals and large numbers strings as Python writes them, bytes text where they are UTF-8 and
/// else left out with a remark, NaN and infinities null.
enum ColumnarScript {
  static let text = #"""
    import ctypes, json, os, sys

    ctypes.CDLL(None).prctl(1, 9)  # ends with the worker
    os.environ.update(ARROW_DEFAULT_MEMORY_POOL="system", OMP_NUM_THREADS="1", ARROW_IO_THREADS="1")
    source, target, stem, longest = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    remarks, odd, total = [], set(), 0


    def end(code, **said):
        print(json.dumps(said), flush=True)
        os._exit(code)


    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except MemoryError as error:
        end(1, problem="memory", cause=str(error))
    except Exception as error:
        end(1, problem="no-pyarrow", cause=str(error))

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


    def plain(value):
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if value == value and value not in (float("inf"), float("-inf")) else None
        if isinstance(value, dict):
            return {str(key): plain(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(one) for one in value]
        if isinstance(value, (bytes, bytearray, memoryview)):
            try:
                return bytes(value).decode("utf-8")
            except UnicodeDecodeError:
                odd.add("bytes that are no text")
                return None
        if hasattr(value, "isoformat"):
            return value.isoformat()
        return str(value)


    def batches(path):
        with open(path, "rb") as file:
            head = file.read(8)
        if head[:4] == b"PAR1":
            file = pq.ParquetFile(path, memory_map=False, buffer_size=1 << 20, pre_buffer=False)
            yield from file.iter_batches(batch_size=512, use_threads=False)
        elif head[:6] == b"ARROW1":
            with pa.OSFile(path, "rb") as file:
                reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(use_threads=False))
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)
        else:
            with pa.OSFile(path, "rb") as file:
                yield from pa.ipc.open_stream(file, options=pa.ipc.IpcReadOptions(use_threads=False))


    def convert(path, out):
        global total
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with open(out, "w", encoding="utf-8", newline="\n") as lines:
            for batch in batches(path):
                for start in range(0, batch.num_rows, 512):
                    for row in batch.slice(start, 512).to_pylist():
                        try:
                            line = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
                        except (TypeError, ValueError):
                            line = json.dumps(plain(row), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
                        if len(line) > longest:
                            end(1, problem="row")
                        try:
                            lines.write(line)
                        except UnicodeEncodeError:
                            lines.write(json.dumps(plain(row), ensure_ascii=True, allow_nan=False, separators=(",", ":")))
                        lines.write("\n")
                        total += 1


    companions = ("state.json", "dataset_info.json", "dataset_dict.json")


    def is_columnar(name):
        return name.lower().endswith((".parquet", ".arrow", ".feather"))


    def attempt(path, out, name):
        try:
            convert(path, out)
        except MemoryError as error:
            end(1, problem="memory", cause=str(error))
        except pa.lib.ArrowMemoryError as error:
            end(1, problem="memory", cause=str(error))
        except OSError as error:
            if error.errno in (28, 122):
                end(1, problem="full", cause=str(error))
            end(1, problem="unreadable", file=name, cause=str(error))
        except Exception as error:
            end(1, problem="unreadable", file=name, cause=str(error))


    if not os.path.isdir(source):
        name = stem + ".jsonl"
        attempt(source, os.path.join(target, name), os.path.basename(source))
    else:
        name = stem
        found, others = [], []
        for folder, folders, names in os.walk(source):
            folders.sort()
            for one in sorted(names):
                path = os.path.join(folder, one)
                if is_columnar(one) and os.path.isfile(path) and not os.path.islink(path) and not one.startswith("."):
                    found.append(path)
                elif one.lower().endswith((".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".txt")) and one not in companions:
                    others.append(os.path.relpath(path, source))
        if others:
            remarks.append("Passed over, because the rows are in Parquet or Arrow files: " + ", ".join(others[:3]) + ".")
        # Which file is of which split: whoever reads the rows looks into it.
        card = os.path.join(source, "README.md")
        if os.path.isfile(card) and not os.path.islink(card):
            os.makedirs(os.path.join(target, name), exist_ok=True)
            with open(card, "rb") as text, open(os.path.join(target, name, "README.md"), "wb") as copy:
                copy.write(text.read(4 << 20))
        for path in found:
            inside = os.path.relpath(path, source)
            attempt(path, os.path.join(target, name, os.path.splitext(inside)[0] + ".jsonl"), inside)

    if total == 0:
        end(1, problem="nothing", cause="it has no rows")
    for one in sorted(odd):
        remarks.append("Some values are null now: " + one + ".")
    end(0, reader="pyarrow " + pa.__version__, name=name, rows=total, remarks=remarks)
    """#
}
