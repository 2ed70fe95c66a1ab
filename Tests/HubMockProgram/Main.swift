import HubMock
import Platform
import StrictJSON
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// The mock of the Hub as a program, for other clients to be tried against it: says its address and what is there, and serves until it
/// is ended.
///
///     hub-mock [FOLDER]          also serves FOLDER's files, as the dataset local/folder
@main
enum Main {
  static func main() throws {
    var repositories = try Shelf.repositories
    if let folder = CommandLine.arguments.dropFirst().first {
      let files = LinuxFileSystem()
      var found: [String: MockRepository.File] = [:]
      for (name, status) in try files.walk(FilePath(folder)) where status.kind == .file {
        let bytes = try files.contents(of: FilePath(folder).pushing(name), limit: 4 << 30)
        found[name.string] = MockRepository.File(bytes, isLarge: bytes.count > 10 << 20)
      }
      repositories.append(MockRepository(.dataset, "local/folder", files: found))
    }
    let mock = try HubMock(repositories, tokens: ["hf_letIn": ["demo/gated", "demo/private"], "hf_other": []])
    // Unbuffered: who started this reads the line before anything else happens.
    let line = Array("\(mock.endpoint)\n".utf8)
    _ = write(STDOUT_FILENO, line, line.count)
    while getppid() > 1 { sleep(1) }  // ends with whoever started it
    mock.stop()
  }
}
