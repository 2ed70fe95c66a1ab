import Domain
import Platform
import SystemPackage

/// The Python that reads Parquet and Arrow, where there is one.
struct ColumnarPython {
  /// As the settings name it.
  let name: String
  let files: any FileSystem

  static let usual = "python3"
  /// Importing pyarrow takes some 0.2 s; a machine that is busy takes longer.
  private static let checkSeconds = 60.0

  /// Looked for as a shell does.
  var path: FilePath? {
    if name.contains("/") { return files.exists(FilePath(name)) ? FilePath(name) : nil }
    return ["/usr/local/bin", "/usr/bin", "/bin"].map { FilePath($0).appending(name) }.first(where: files.exists)
  }

  /// Why it cannot read them; nil: it can, or does not say.
  ///
  /// - Parameter file: what it is to read.
  func problem(reading file: String) -> Problem? {
    guard let path else { return Problem(noConverter: file, python: name, cause: "there is no such program") }
    let program = ChildProgram([path.string, "-I", "-B", "-c", "import pyarrow"], folder: "/")
    guard let run = try? program.run(input: [], timeout: Self.checkSeconds), run.status != 0 else { return nil }
    return Problem(noConverter: file, python: name, cause: run.errors.split(separator: "\n").last.map(String.init))
  }
}
