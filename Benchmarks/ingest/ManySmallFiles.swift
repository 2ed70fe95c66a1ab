import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Many small JSON files dropped at once into a running agent's inbox: how long until the last receipt stands.
struct ManySmallFiles {
  let folder: FilePath
  let count: Int
  let kind: DropKind
  private let files = LinuxFileSystem()

  init(folder: FilePath, count: Int, kind: DropKind) {
    self.folder = folder
    self.count = count
    self.kind = kind
  }

  struct Failure: Error { var words: String }

  func run() async throws {
    let root = folder.appending("root")
    try files.removeTree(root)
    try start(["init", root.string], wait: true)
    let layout = RootLayout(root: root)
    let staging = folder.appending("small")
    try files.removeTree(staging)
    try files.makeFolder(staging)
    for number in 0..<count { try write(number, to: staging.appending("small-\(number).json")) }
    let agent = try start(["agent", "--root", root.string], wait: false)
    while !files.exists(layout.workspace.status) { usleep(10_000) }
    usleep(500_000)  // its first look through the inbox is over then

    let start = WallClock.system.monotonic()
    let inbox = layout.inbox.folder(of: kind)
    for name in try files.names(in: staging) { try files.rename(staging.appending(name), to: inbox.appending(name)) }
    let dropped = Double(WallClock.system.monotonic() - start) / 1e9
    var seen = 0
    while seen < count, Double(WallClock.system.monotonic() - start) / 1e9 < 600 {
      usleep(20_000)
      seen = try files.names(in: layout.inbox.receipts).count { $0.string.hasSuffix(".receipt.json") }
    }
    let seconds = Double(WallClock.system.monotonic() - start) / 1e9
    var accepted = 0
    for name in try files.names(in: layout.inbox.receipts) {
      let receipt = try PublishedJSON.decode(Receipt.self, from: try files.contents(of: layout.inbox.receipts.appending(name)))
      if receipt.status == .accepted { accepted += 1 }
    }
    kill(agent, SIGTERM)
    var status: Int32 = 0
    waitpid(agent, &status, 0)
    try files.removeTree(root)
    try files.removeTree(staging)
    print(
      "{\"case\":\"small-\(kind.rawValue)s\",\"files\":\(count),\"receipts\":\(seen),\"accepted\":\(accepted),"
        + "\"seconds\":\(IngestBenchmark.tenths(seconds)),\"seconds_to_drop\":\(IngestBenchmark.tenths(dropped))}")
    fflush(nil)
  }

  private func write(_ number: Int, to path: FilePath) throws {
    let text =
      kind == .config
      ? "{\"training\": {\"method\": \"pretrain\", \"max_steps\": \(number + 1)}}\n"
      : "[{\"text\": \"row \(number) of many\"}, {\"text\": \"and another\"}, {\"text\": \"and a third\"}]\n"
    let file = try files.open(path, .creating)
    try Array(text.utf8).withUnsafeBytes { try files.writeAll(file, $0) }
    try files.close(file)
  }

  @discardableResult private func start(_ words: [String], wait: Bool) throws -> pid_t {
    let program = Process.program("dropforge").string
    var arguments = ([program] + words).map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var child: pid_t = 0
    guard posix_spawn(&child, program, &actions, nil, &arguments, environ) == 0 else { throw Failure(words: "\(program) does not start") }
    guard wait else { return child }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    guard status == 0 else { throw Failure(words: "\(words) ended with \(status)") }
    return child
  }
}
