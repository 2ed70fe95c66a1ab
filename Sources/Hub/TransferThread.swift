import Domain
import Platform
import SystemPackage

/// One thread of a download: takes what is to be done from the board until nothing is left.
final class TransferThread {
  private let board: TransferBoard
  private let session: HubSession
  private let layout: DownloadLayout
  private let commit: String
  private let files: any FileSystem
  private let boot: String
  private let partBytes: Int
  private var client: HubClient { session.client }

  /// A file that is wrong in a way that a fresh start may mend is begun anew so often.
  private static let mostRestarts = 3

  init(
    _ board: TransferBoard, _ client: HubClient, _ layout: DownloadLayout, commit: String, boot: String, partBytes: Int,
    files: any FileSystem
  ) throws {
    self.board = board
    session = try HubSession(client) { wait in
      board.note(wait)
      client.sleep(wait.seconds) { board.isOver }
      if board.isOver { throw DownloadStopped() }
    }
    self.layout = layout
    self.commit = commit
    self.boot = boot
    self.partBytes = partBytes
    self.files = files
  }

  func run() {
    do {
      while let task = board.next() {
        if client.isStopped() { throw DownloadStopped() }
        switch task {
        case .begin(let at): try begin(at)
        case .bring(let at, let partial, let stretch): try bring(at, partial, stretch)
        case .check(let at, let partial): try check(at, partial)
        case .wait: client.sleep(0.01)
        }
      }
    } catch {
      // What was given up for a rest is taken up after it.
      if error is DownloadStopped, board.isResting, !client.isStopped() { return }
      board.fail(error)
    }
  }

  private func begin(_ at: Int) throws {
    let item = board.items[at]
    let head: HubFileHead
    do {
      head = try session.head(item.file.path, at: commit)
    } catch is DownloadStopped {
      board.reopen(at)
      throw DownloadStopped()
    }
    let size = head.size ?? item.file.size
    // What the Hub says of the file now; the list may be older where its answers are kept by a proxy on the way.
    let partial = try PartialFile(
      layout, etag: head.etag, size: size, commit: commit, path: item.file.path, partBytes: partBytes, boot: boot, files: files)
    board.opened(at, partial, location: head.location)
  }

  // MARK: bytes

  /// What came is not what was asked for.
  private enum Refusal: Error {
    /// The server sends the whole file, or another stretch.
    case noStretches
    /// The file was begun anew by another thread.
    case outdated
  }

  private func bring(_ at: Int, _ partial: PartialFile, _ first: PartialFile.Stretch) throws {
    defer { partial.giveBack(first) }
    var rule = RetryRule()
    while let stretch = partial.rest(of: first), stretch.start < stretch.end {
      guard let (trouble, problem) = try attempt(stretch, at, partial) else { return }
      if partial.rest(of: first).map({ $0.start > stretch.start }) == true { rule.noteProgress() }
      guard let seconds = rule.wait(after: trouble) else { throw problem }
      try session.sitOut(HubWait(problem: problem, seconds: seconds, until: client.now + seconds))
      if client.isStopped() { throw DownloadStopped() }
      try renew(at, partial)
    }
  }

  /// - Returns: nil where the stretch is here, or was given up for a new beginning; else what went wrong that may pass.
  private func attempt(_ stretch: PartialFile.Stretch, _ at: Int, _ partial: PartialFile) throws -> (RetryRule.Trouble, Problem)? {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try receive(stretch, of: partial, from: board.location(of: at) ?? "")
    } catch {
      if case .receiver(let refusal as Refusal) = error {
        if case .noStretches = refusal { try beginAnew(partial, after: stretch) }
        return nil
      }
      let problem = try HubSession.problem(of: error, client)
      guard RetryRule.isWorthAnother(error) else { throw problem }
      return (.network, problem)
    }
    switch response.status {
    case 200, 206:
      if partial.rest(of: stretch).map({ $0.start < $0.end }) != true { return nil }
      return (.network, Problem(hubConnection: "the connection ended before the last byte", isCertificate: false, client))
    case 416:
      // The server's file is another, or shorter: what is here does not fit it.
      try beginAnew(partial, after: stretch)
      return nil
    default:
      let problem = Problem(hubAnswer: response, .file(board.items[at].file.path), client)
      let isElsewhere = HubURL.origin(of: response.url) != HubURL.origin(of: client.endpoint)
      // The store's address has expired: it is asked for again.
      if isElsewhere, [400, 401, 403, 404, 410].contains(response.status) { return (.network, problem) }
      guard let trouble = RetryRule.trouble(response) else { throw problem }
      return (trouble, problem)
    }
  }

  /// From the first byte, and in one stretch: this server does not give others.
  private func beginAnew(_ partial: PartialFile, after stretch: PartialFile.Stretch) throws {
    guard try partial.restart(inOnePart: true, after: stretch) <= Self.mostRestarts else {
      throw Problem(
        hubConnection: "the server never sends the rest of a file, and the connection ended early each time", isCertificate: false, client)
    }
  }

  /// Asks where the file is now, and whether it is still the same.
  private func renew(_ at: Int, _ partial: PartialFile) throws {
    let head = try session.head(board.items[at].file.path, at: commit)
    board.setLocation(head.location, of: at)
    guard partial.etag == head.etag else {
      // Another content: what was brought of the old one is of no use.
      try partial.restart(inOnePart: false)
      try partial.discard()
      return board.reopen(at)
    }
  }

  private func receive(
    _ stretch: PartialFile.Stretch, of partial: PartialFile, from location: String
  ) throws(HTTPFailure) -> HTTPResponse {
    let isRanged = !(stretch.start == 0 && partial.parts == 1)
    let headers = isRanged ? ["Range: bytes=\(stretch.start)-\(partial.parts == 1 ? "" : "\(stretch.end - 1)")"] : []
    let file: FileDescriptor
    do throws(SystemError) {
      file = try files.open(partial.path, .readingAndWriting)
      try files.seek(file, to: stretch.start)
    } catch {
      throw .receiver(error)
    }
    defer { try? files.close(file) }  // what failed before is the error to tell; bytes are synced by another descriptor
    var left = stretch.end - stretch.start
    return try session.attempt(
      .get, location, headers: headers, timeout: client.surroundings.downloadTimeout, redirects: .anywhere,
      accept: { response in
        if response.status == 206, isRanged, response.contentRange?.first == stretch.start, response["content-encoding"] == nil {
          return true
        }
        if response.status == 200, !isRanged { return true }
        if (200..<300).contains(response.status) { throw Refusal.noStretches }
        return false
      },
      take: { [board, files, client] bytes in
        guard partial.isCurrent(stretch) else { throw Refusal.outdated }
        // More than was asked for cannot be the file.
        guard bytes.count <= left else {
          throw Problem(size: stretch.end + bytes.count - left, instead: stretch.end, of: partial.name, client)
        }
        try files.writeAll(file, bytes)
        left -= bytes.count
        guard partial.wrote(bytes.count, of: stretch) else { throw Refusal.outdated }
        board.brought(bytes.count)
        if board.isOver { throw DownloadStopped() }
      })
  }

  // MARK: the end

  private func check(_ at: Int, _ partial: PartialFile) throws {
    let item = board.items[at]
    let size = try files.status(partial.path).size
    let expected = ContentHash.Kind(of: partial.etag) == nil ? item.file.hash : partial.etag
    guard let kind = ContentHash.Kind(of: expected) else { throw Problem(hubNonsense: "the hash of \(item.file.path) is none", client) }
    guard let found = try ContentHash.of(partial.path, kind, size: size, files, isStopped: client.isStopped) else {
      throw DownloadStopped()
    }
    guard found == expected, size == partial.size else {
      if partial.isResumed, try partial.restart(inOnePart: false) == 1 {
        // Bytes of an earlier process: a power cut, or a disk, may have changed them.
        board.opened(at, partial, location: board.location(of: at) ?? "")
        return
      }
      try partial.discard()
      throw size == partial.size
        ? Problem(hash: found, instead: expected, of: item.file.path, size: size, client)
        : Problem(size: size, instead: partial.size, of: item.file.path, client)
    }
    guard let first = item.targets.first else { return }
    try partial.finish(at: first)
    for other in item.targets.dropFirst() {
      try files.removeTree(other)
      do throws(SystemError) {
        try files.link(first, to: other)
      } catch {
        try files.copyTree(first, to: other)
      }
      try files.syncFolder(other.removingLastComponent())
    }
    board.finished(at)
  }
}
