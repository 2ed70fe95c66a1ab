import CZlib
import Domain

/// Inflates gzip (RFC 1952), members one after another, checksums and lengths checked.
///
/// zlib and not libarchive, because libarchive 3.6 passes over a gzip file's checksum: a file with flipped bytes came
/// through it as good, 19 bytes short.
final class GzipSource: ByteSource {
  /// Set where something follows the last member that is no gzip.
  private(set) var hasTrailingBytes = false
  private let upstream: any ByteSource
  private let name: String
  private let meter: ExpansionMeter
  private let stream: UnsafeMutablePointer<z_stream>  // on the heap, because zlib keeps a pointer back to it
  private let input = BufferPair(byteCount: 1 << 18)
  private var inputBytes = 0
  private var outputBytes = 0
  private var state = State.inMember

  private enum State { case inMember, betweenMembers, ended }

  /// - Parameter name: the compressed file's, for error texts.
  init(_ upstream: any ByteSource, name: String, meter: ExpansionMeter) {
    self.upstream = upstream
    self.name = name
    self.meter = meter
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15: the largest window; + 16: a gzip header and trailer, and nothing else.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib refused to start: \(code)")
  }

  deinit {
    upstream.settle()  // its bytes lie in `input`
    inflateEnd(stream)
    stream.deallocate()
  }

  func settle() { upstream.settle() }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    stream.pointee.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(buffer.count)
    while stream.pointee.avail_out > 0, state != .ended {
      if stream.pointee.avail_in == 0, try !refill() {
        guard state == .betweenMembers else { throw Problem(truncated: name, form: "gzip", after: inputBytes) }
        state = .ended
        break
      }
      if state == .betweenMembers, !startMember() { break }
      try inflateSome()
    }
    let count = buffer.count - Int(stream.pointee.avail_out)
    outputBytes += count
    try meter.check(unpacked: outputBytes)
    return count
  }

  private func refill() throws -> Bool {
    upstream.turn()
    let buffer = input.next()
    let count = try upstream.read(into: buffer)
    inputBytes += count
    stream.pointee.next_in = buffer.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_in = UInt32(count)
    return count > 0
  }

  /// True where another member begins; padding or garbage behind the last one ends the stream, as in gzip(1).
  private func startMember() -> Bool {
    let first = stream.pointee.next_in.pointee
    guard first == 0x1F else {
      hasTrailingBytes = first != 0
      state = .ended
      return false
    }
    inflateReset(stream)
    state = .inMember
    return true
  }

  private func inflateSome() throws {
    switch CZlib.inflate(stream, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break  // Z_BUF_ERROR: no room or no input, which the loop sees to
    case Z_STREAM_END: state = .betweenMembers
    case let code:
      let words = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)"
      throw Problem(damaged: name, form: "gzip", near: inputBytes - Int(stream.pointee.avail_in), cause: words)
    }
  }
}

extension Problem {
  /// - Parameters:
  ///   - form: "gzip", "zip".
  ///   - bytes: how long the file is.
  init(truncated name: String, form: String, after bytes: Int, cause: String? = nil) {
    self.init(
      "archive.truncated", "the \(form) file is cut off: it ends after \(bytes) bytes, before its end is reached", at: .init(file: name),
      why: "the download or the copy was probably interrupted",
      mend: "Fetch or copy it again, compare the sizes, and drop the whole file.", cause: cause)
  }

  init(damaged name: String, form: String, near byte: Int?, cause: String) {
    self.init(
      "archive.damaged", "the \(form) data is damaged", at: .init(file: name, byte: byte),
      why: "its checksums or codes do not fit together; some bytes were changed on the way here",
      mend: "Fetch or copy it again (in binary mode, where there is a choice) and drop the good file.", cause: cause)
  }
}
