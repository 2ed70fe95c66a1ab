import Domain
import Platform
import StrictJSON
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Tries what a worker that was taken over would try, from inside the shell: for the test that holds it to be shut.
struct ShellProbe {
  let order: IngestOrder
  /// A folder with a file `secret` in it.
  let outside: FilePath
  private let files = LinuxFileSystem()

  init(order: IngestOrder, outside: FilePath) {
    self.order = order
    self.outside = outside
  }

  /// Each attempt with what came of it: `done`, or the system's word for no.
  var report: JSONNode {
    let staging = FilePath(order.staging)
    let source = FilePath(order.source)
    let attempts: [(String, () throws -> Void)] = [
      ("read the drop", { _ = try files.contents(of: source) }),
      ("write into staging", { try files.writeWhole([1], to: staging.appending("probe")) }),
      ("read outside", { _ = try files.contents(of: outside.appending("secret")) }),
      ("list outside", { _ = try files.names(in: outside) }),
      ("read /etc/passwd", { _ = try files.contents(of: "/etc/passwd") }),
      ("write outside", { try files.writeWhole([1], to: outside.appending("made")) }),
      ("make a folder outside", { try files.makeFolder(outside.appending("made")) }),
      ("overwrite the drop", { try files.close(try files.open(source, .readingAndWriting)) }),
      ("remove the drop", { try files.removeFile(source) }),
      ("remove outside", { try files.removeFile(outside.appending("secret")) }),
      ("rename out of staging", { try files.rename(staging.appending("probe"), to: outside.appending("made")) }),
      ("link the drop into staging", { try files.link(source, to: staging.appending("second-name")) }),
      (
        "read through a symbolic link",
        {
          guard symlink(outside.appending("secret").string, staging.appending("way-out").string) == 0 else { throw errno(of: "symlink") }
          _ = try files.contents(of: staging.appending("way-out"))
        }
      ),
      ("start a program", { try start("/bin/true") }),
      ("connect", { try connectToNobody() }),
      ("open many files", { for _ in 0..<4_096 { _ = try files.open(source, .reading) } }),
    ]
    var report = JSONObject()
    report["landlock"] = JSONNode(integerLiteral: Confinement.landlockVersion)
    for (name, attempt) in attempts {
      do {
        try attempt()
        report[name] = "done"
      } catch let error as SystemError {
        report[name] = JSONNode(.string("\(error.code)"))
      } catch {
        report[name] = JSONNode(.string("\(error)"))
      }
    }
    return JSONNode(.object(report))
  }

  private func errno(of call: String) -> SystemError { SystemError(Errno(rawValue: Glibc.errno), call) }

  private func start(_ program: String) throws {
    var child: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), nil]
    defer { free(arguments[0]) }
    let code = posix_spawn(&child, program, nil, nil, &arguments, environ)
    guard code == 0 else { throw SystemError(Errno(rawValue: code), "start a program") }
    var status: Int32 = 0
    waitpid(child, &status, 0)
  }

  /// Port 9 of this machine: refused by nobody listening where it may be asked at all.
  private func connectToNobody() throws {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(9).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard result == 0 else { throw errno(of: "connect") }
  }
}
