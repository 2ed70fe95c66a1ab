/// A source whose first bytes were looked at before it is read.
package final class PeekedSource: ByteSource {
  package let head: [UInt8]
  private let source: any ByteSource
  private var served = 0

  /// Enough for every signature: a tar's stands at byte 257, and a text shows its encoding in a few lines.
  package static let headBytes = 4_096

  package init(_ source: any ByteSource) throws {
    self.source = source
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.headBytes, alignment: 64)
    defer {
      source.settle()
      buffer.deallocate()
    }
    let count = try source.read(into: buffer)
    head = Array(buffer[..<count])
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard served < head.count else { return try source.read(into: buffer) }
    let count = min(head.count - served, buffer.count)
    head.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[served..<served + count])) }
    served += count
    if count == buffer.count || head.count < Self.headBytes { return count }
    return count + (try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])))
  }

  package func turn() { source.turn() }
  package func settle() { source.settle() }
}
