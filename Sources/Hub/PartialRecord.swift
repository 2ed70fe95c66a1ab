/// What is known of a file that is not whole: `<etag>.json` beside `<etag>.incomplete`.
struct PartialRecord: Codable, Sendable, Equatable {
  /// A stretch of the file that one request brings.
  struct Part: Codable, Sendable, Equatable {
    /// In bytes, from the file's start.
    var start: Int
    var length: Int
    /// Bytes that were written from `start` on.
    var written: Int
    /// Those of them that an fsync has made durable: what counts after the machine was started anew.
    var durable: Int

    var isWhole: Bool { written == length }
  }

  static let schema = "dropforge.incomplete/1"

  var schema = Self.schema
  var etag: String
  var size: Int
  var commit: String
  /// In the repository.
  var path: String
  var parts: [Part]
  /// The kernel's word for this start of the machine (/proc/sys/kernel/random/boot_id).
  var boot: String

  /// A file of which nothing is there.
  init(etag: String, size: Int, commit: String, path: String, partBytes: Int, boot: String) {
    self.etag = etag
    self.size = size
    self.commit = commit
    self.path = path
    self.boot = boot
    parts = stride(from: 0, to: size, by: max(1, partBytes)).map { start in
      Part(start: start, length: min(partBytes, size - start), written: 0, durable: 0)
    }
  }

  var written: Int { parts.reduce(0) { $0 + $1.written } }
  var isWhole: Bool { parts.allSatisfy(\.isWhole) }

  /// What an earlier process left, as far as it holds now: after a start of the machine only what is durable.
  ///
  /// - Parameter bytes: of the file beside it.
  func resumed(boot now: String, bytes: Int) -> PartialRecord? {
    guard schema == Self.schema, parts.allSatisfy({ $0.written >= 0 && $0.durable <= $0.written && $0.written <= $0.length }),
      parts.reduce(0, { $0 + $1.length }) == size, zip(parts, parts.dropFirst()).allSatisfy({ $0.start + $0.length == $1.start }),
      parts.first.map({ $0.start == 0 }) ?? true
    else { return nil }
    var record = self
    for at in record.parts.indices {
      if boot != now { record.parts[at].written = record.parts[at].durable }
      // A file that is shorter than the record says was cut by somebody.
      record.parts[at].written = max(0, min(record.parts[at].written, bytes - record.parts[at].start))
      record.parts[at].durable = min(record.parts[at].durable, record.parts[at].written)
    }
    record.boot = now
    return record
  }

  /// From the start: in one part where the server does not send stretches.
  mutating func restart(inOnePart: Bool) {
    if inOnePart { parts = size > 0 ? [Part(start: 0, length: size, written: 0, durable: 0)] : [] }
    for at in parts.indices { (parts[at].written, parts[at].durable) = (0, 0) }
  }
}
