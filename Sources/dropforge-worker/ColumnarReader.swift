import Domain
import Ingestion
import Platform
import StrictJSON
import SystemPackage

/// Has a Python with pyarrow write the rows of Parquet and Arrow files as JSON lines. The Python is shut in as every reader of foreign bytes
/// is: it sees the drop, itself and the staging folder, reaches no network, and has limits on memory, time and output.
struct ColumnarReader {
  private let order: ColumnarOrder
  private let files: any FileSystem

  init(_ order: ColumnarOrder, _ files: any FileSystem) {
    self.order = order
    self.files = files
  }

  private var rows: FilePath { FilePath(order.staging).appending(ColumnarOrder.rowsName) }

  func run() throws {
    guard let python = ColumnarPython(name: order.python, files: files).path else {
      throw Problem(noConverter: order.fileName, python: order.python, cause: "there is no such program")
    }
    try files.makeFolders(rows)
    let source = FilePath(order.source)
    let hash = try DropHash(fileSystem: files).hash(source)
    try shut(python)
    let script = ColumnarScript.text
    let words = [python.string, "-I", "-B", "-", source.string, rows.string, stem, "\(order.limits.rowBytes)"]
    let run: ChildProgram.Run
    do throws(ChildProgram.Failure) {
      run = try ChildProgram(words, folder: rows).run(input: Array(script.utf8), timeout: order.limits.seconds)
    } catch {
      throw Problem(
        "parquet.failed", "the converter could not be run: \(error.what)", at: .init(file: order.fileName),
        mend: "Look at \"python\" in dropforge.json.")
    }
    let said = (try? JSONParser.parse(run.output.split(separator: "\n").last.map(String.init) ?? ""))
    guard run.status == 0, let said, let reader = said["reader"]?.string, let name = said["name"]?.string else {
      throw problem(run, said)
    }
    let result = ColumnarResult(
      sha256: hash.sha256, bytes: hash.bytes, name: name, reader: reader, remarks: said["remarks"]?.array?.compactMap(\.string) ?? [])
    try files.publish(try PublishedJSON.bytes(of: result), to: FilePath(order.staging).appending(ColumnarOrder.resultName))
  }

  /// Of a file its name without the ending; of a folder the whole of it.
  private var stem: String { ColumnarFile.stem(of: order.fileName) ?? order.fileName }

  private func shut(_ python: FilePath) throws {
    let limits = order.limits
    try Confinement.limit(openFiles: 256, fileBytes: limits.totalBytes, memoryBytes: limits.memoryBytes)
    // Where it lies, and where it lies really: a virtual environment is links to the system's.
    let homes = [python, python.resolvingLinks].map { $0.removingLastComponent().removingLastComponent() }
    _ = try Confinement.confine(
      reading: [FilePath(order.source), "/etc/localtime", "/proc/cpuinfo"], writing: [FilePath(order.staging)],
      executing: homes + ["/usr/lib", "/usr/lib64", "/lib", "/lib64"])
  }

  private func problem(_ run: ChildProgram.Run, _ said: JSONNode?) -> Problem {
    let cause = run.errors.split(separator: "\n").last.map(String.init)
    let kind = said?["problem"]?.string
    switch kind {
    case "no-pyarrow": return Problem(noConverter: order.fileName, python: order.python, cause: said?["cause"]?.string)
    case "memory": return Problem(memoryLimit: order.limits, name: order.fileName, cause: said?["cause"]?.string)
    case "row":
      return Problem(
        "row.too-long", "a row is longer than \(order.limits.rowBytes) bytes, the limit for one row", at: .init(file: order.fileName),
        mend: "Part it into several rows, or raise \"ingest_row_mib\" in dropforge.json.")
    case "nothing":
      return Problem(
        "parquet.nothing", "it holds no rows that could be read", at: .init(file: order.fileName), why: said?["cause"]?.string,
        mend: "Export it again with its rows.")
    case "unreadable":
      return Problem(
        "parquet.unreadable", "it is no Parquet or Arrow file that can be read", at: .init(file: said?["file"]?.string ?? order.fileName),
        why: "its name or its first bytes say that it is one, and pyarrow says no",
        mend: "Look whether the download was whole (its size, its checksum), and drop a good copy.", cause: said?["cause"]?.string)
    default:
      if run.status == 128 + 9 || run.status == 128 + 6 || run.status == 128 + 11 {
        return Problem(
          "parquet.crashed", "the converter died of signal \(run.status - 128) while it read it", at: .init(file: order.fileName),
          why: "the file is damaged, made to harm, or needs more memory than \"ingest_memory_mib\" allows",
          mend: "Drop a good copy, or raise \"ingest_memory_mib\" in dropforge.json.", cause: cause)
      }
      return Problem(
        "parquet.failed", "the converter ended with status \(run.status)", at: .init(file: order.fileName),
        mend: "Try it by hand: \(order.python) -c \"import pyarrow\".", cause: cause)
    }
  }
}
