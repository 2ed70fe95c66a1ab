import Domain
import Platform
import SystemPackage

/// `tensorboard/events.out.tfevents.*`: scalars in the form that TensorBoard reads, written by hand.
///
/// A record is: length as u64 little-endian, masked CRC-32C of those eight bytes, the data, masked CRC-32C of the data.
/// The data is a protobuf `Event` {1: wall_time double, 2: step varint, 3: file_version string, 5: Summary}, a `Summary`
/// {1: Value}, a `Value` {1: tag string, 2: simple_value float}. Source: tensorflow/core/util/event.proto, record_writer.cc.
struct TensorBoardEvents {
  private var pending: [UInt8]

  /// The record that opens a file.
  init(at time: Timestamp) {
    var event: [UInt8] = []
    Protobuf.double(1, time.seconds, to: &event)
    Protobuf.bytes(3, Array("brain.Event:2".utf8), to: &event)
    pending = Self.record(event)
  }

  /// For a file that stands already.
  static var continuing: TensorBoardEvents {
    var events = TensorBoardEvents(at: Timestamp(nanoseconds: 0))
    events.pending = []
    return events
  }

  mutating func add(_ tag: String, _ value: Double, step: Int, at time: Timestamp) {
    var scalar: [UInt8] = []
    Protobuf.bytes(1, Array(tag.utf8), to: &scalar)
    Protobuf.float(2, Float(value), to: &scalar)
    var summary: [UInt8] = []
    Protobuf.bytes(1, scalar, to: &summary)
    var event: [UInt8] = []
    Protobuf.double(1, time.seconds, to: &event)
    Protobuf.varint(2, UInt64(step), to: &event)
    Protobuf.bytes(5, summary, to: &event)
    pending += Self.record(event)
  }

  /// What was added since the last call.
  mutating func takeBytes() -> [UInt8] {
    defer { pending = [] }
    return pending
  }

  static func record(_ data: [UInt8]) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(data.count).littleEndian) { Array($0) }
    return length + maskedChecksum(length) + data + maskedChecksum(data)
  }

  private static func maskedChecksum(_ bytes: [UInt8]) -> [UInt8] {
    let crc = CRC32C.checksum(bytes)
    let masked = ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
    return withUnsafeBytes(of: masked.littleEndian) { Array($0) }
  }
}

/// The three wire types that an event needs. Source: protobuf's encoding guide.
private enum Protobuf {
  static func varint(_ field: Int, _ value: UInt64, to output: inout [UInt8]) {
    appendVarint(UInt64(field) << 3, to: &output)
    appendVarint(value, to: &output)
  }

  static func double(_ field: Int, _ value: Double, to output: inout [UInt8]) {
    appendVarint(UInt64(field) << 3 | 1, to: &output)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { output += $0 }
  }

  static func float(_ field: Int, _ value: Float, to output: inout [UInt8]) {
    appendVarint(UInt64(field) << 3 | 5, to: &output)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { output += $0 }
  }

  static func bytes(_ field: Int, _ value: [UInt8], to output: inout [UInt8]) {
    appendVarint(UInt64(field) << 3 | 2, to: &output)
    appendVarint(UInt64(value.count), to: &output)
    output += value
  }

  private static func appendVarint(_ value: UInt64, to output: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      output.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }
}

/// CRC-32C (Castagnoli), reflected, polynomial 0x1EDC6F41.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
  }
}
