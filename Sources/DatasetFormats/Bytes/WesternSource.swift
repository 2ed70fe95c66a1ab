import Domain
import StrictJSON

/// A text that is UTF-8, or else, as the first letter beyond ASCII shows, Windows-1252: what spreadsheets in Western Europe
/// write. Up to that letter both are the same, so that nothing is read twice. UTF-8 goes through as it is.
final class WesternSource: ByteSource {
  /// The byte that is no UTF-8, and where it stands; nil where the text is UTF-8.
  private(set) var offending: (byte: UInt8, position: Int)?
  private let upstream: any ByteSource
  private let name: String
  private let sidecarName: String
  private var position = 0
  private var state = State.ascii

  private enum State {
    case ascii, utf8
    case western(TranscodedSource)
  }

  init(_ upstream: any ByteSource, name: String, sidecarName: String) {
    (self.upstream, self.name, self.sidecarName) = (upstream, name, sidecarName)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if case .western(let transcoded) = state { return try transcoded.read(into: buffer) }
    let count = try upstream.read(into: buffer)
    defer { position += count }
    guard case .ascii = state else { return count }
    let bytes = UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[..<count])
    guard let start = Self.firstBeyondASCII(bytes) else { return count }
    let isLast = count < buffer.count
    let guess = MixedEncodings(offending: bytes[start], position: position + start, sidecarName: sidecarName)
    guard try isWestern(bytes, from: start, isLast: isLast, guess) else {
      state = .utf8
      return count
    }
    // From here on the bytes change: whoever hashes them must be done with these.
    upstream.settle()
    offending = (bytes[start], position + start)
    let rest = JoinedSource(Array(bytes[start...]), upstream)
    let transcoded = TranscodedSource(rest, .windows1252, name: name, position: position + start, guess: guess)
    state = .western(transcoded)
    return start + (try transcoded.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...])))
  }

  private static func firstBeyondASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var index = 0
    while index + 8 <= bytes.count, ByteScan.load(base + index) & ByteScan.highs == 0 { index += 8 }
    return bytes[index...].firstIndex { $0 >= 0x80 }
  }

  /// Whether the first letter beyond ASCII is no UTF-8, and what is about it looks like Windows-1252.
  private func isWestern(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, isLast: Bool, _ guess: MixedEncodings
  ) throws -> Bool {
    guard UTF8Check.sequenceLength(bytes, at: start) == 0 else { return false }
    if !isLast, bytes.count - start < 4 { return false }  // cut in two by the block, or so it seems
    var rest = guess  // the bytes from here on come by it once more
    try rest.look(at: UnsafeBufferPointer(rebasing: bytes[start...]), isLast: isLast, name: name)
    let about = bytes[max(0, start - 512)..<min(bytes.count, start + 512)]
    return TextEncoding(ofEightBit: about) == .windows1252 && bytes[start...].allSatisfy(Windows1252.hasLetter)
  }

  func turn() { if case .western = state {} else { upstream.turn() } }
  func settle() { upstream.settle() }
}

/// Some bytes, and then those of another source.
private final class JoinedSource: ByteSource {
  private let first: [UInt8]
  private var served = 0
  private let rest: any ByteSource

  init(_ first: [UInt8], _ rest: any ByteSource) { (self.first, self.rest) = (first, rest) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(first.count - served, buffer.count)
    first.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[served..<served + count])) }
    served += count
    return count == buffer.count ? count : count + (try rest.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])))
  }

  func turn() { rest.turn() }
  func settle() { rest.settle() }
}
