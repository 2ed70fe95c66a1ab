import Domain
import TestSupport
import Testing

@testable import Training

/// Event files, read back by a reader of the format's own description.
struct TensorBoardEventsTests {
  /// RFC 3720, B.4, and the check value of every table of CRCs.
  @Test func the_checksum_is_castagnolis() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(CRC32C.checksum([UInt8]()) == 0)
  }

  @Test func a_file_begins_with_its_version() throws {
    var events = TensorBoardEvents(at: Specimen.time)
    let records = try Self.records(events.takeBytes())
    #expect(records.count == 1)
    let fields = try Self.fields(records[0])
    #expect(fields[1] == .double(Specimen.time.seconds))
    #expect(fields[3] == .bytes(Array("brain.Event:2".utf8)))
  }

  @Test func a_scalar_has_its_time_step_tag_and_value() throws {
    var events = TensorBoardEvents.continuing
    events.add("train/loss", 2.5, step: 300, at: Specimen.time + 1.5)
    events.add("eval/loss", -0.125, step: 70_000, at: Specimen.time)
    let records = try Self.records(events.takeBytes())
    #expect(records.count == 2)
    for (record, (tag, value, step, time)) in zip(
      records, [("train/loss", Float(2.5), UInt64(300), Specimen.time + 1.5), ("eval/loss", -0.125, 70_000, Specimen.time)])
    {
      let event = try Self.fields(record)
      #expect(event[1] == .double(time.seconds) && event[2] == .number(step))
      guard case .bytes(let summary)? = event[5], case .bytes(let scalar)? = try Self.fields(summary)[1] else {
        Issue.record("no summary in \(event)")
        continue
      }
      let fields = try Self.fields(scalar)
      #expect(fields[1] == .bytes(Array(tag.utf8)) && fields[2] == .float(value))
    }
  }

  @Test func bytes_are_taken_once_and_a_file_is_gone_on_with_without_a_second_version() throws {
    var events = TensorBoardEvents(at: Specimen.time)
    _ = events.takeBytes()
    #expect(events.takeBytes().isEmpty)
    var more = TensorBoardEvents.continuing
    #expect(more.takeBytes().isEmpty)
  }

  // MARK: a reader

  enum Value: Equatable {
    case number(UInt64)
    case double(Double)
    case bytes([UInt8])
    case float(Float)
  }

  struct Broken: Error { var at: Int }

  /// Length, masked checksum of it, data, masked checksum of it.
  static func records(_ bytes: [UInt8]) throws -> [[UInt8]] {
    func number(_ at: Int, _ width: Int) -> UInt64 { (0..<width).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) } }
    func isRight(_ data: [UInt8], _ masked: UInt64) -> Bool {
      let rotated = UInt32(truncatingIfNeeded: masked) &- 0xA282_EAD8
      return CRC32C.checksum(data) == (rotated >> 17 | rotated << 15)
    }
    var records: [[UInt8]] = []
    var at = 0
    while at < bytes.count {
      let length = Int(number(at, 8))
      guard isRight(Array(bytes[at..<at + 8]), number(at + 8, 4)) else { throw Broken(at: at) }
      let data = Array(bytes[at + 12..<at + 12 + length])
      guard isRight(data, number(at + 12 + length, 4)) else { throw Broken(at: at) }
      records.append(data)
      at += 16 + length
    }
    return records
  }

  static func fields(_ bytes: [UInt8]) throws -> [Int: Value] {
    var fields: [Int: Value] = [:]
    var rest = bytes[...]
    func varint() throws -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
      throw Broken(at: bytes.count)
    }
    func take(_ count: Int) throws -> [UInt8] {
      guard rest.count >= count else { throw Broken(at: bytes.count) }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    while !rest.isEmpty {
      let key = try varint()
      switch key & 7 {
      case 0: fields[Int(key >> 3)] = .number(try varint())
      case 1: fields[Int(key >> 3)] = .double(Double(bitPattern: try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }))
      case 2: fields[Int(key >> 3)] = .bytes(try take(Int(try varint())))
      case 5: fields[Int(key >> 3)] = .float(Float(bitPattern: try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
      default: throw Broken(at: bytes.count - rest.count)
      }
    }
    return fields
  }
}
