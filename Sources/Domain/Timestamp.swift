/// A moment, in nanoseconds since 1970 in UTC. Written as RFC 3339 with milliseconds: `2026-11-21T07:48:03.120Z`.
package struct Timestamp: Sendable, Hashable, Comparable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  package init(seconds: Double) { nanoseconds = Int64(seconds * 1e9) }

  package var seconds: Double { Double(nanoseconds) / 1e9 }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }
  /// Seconds from `right` to `left`.
  package static func - (left: Timestamp, right: Timestamp) -> Double { Double(left.nanoseconds - right.nanoseconds) / 1e9 }
  package static func + (left: Timestamp, seconds: Double) -> Timestamp {
    Timestamp(nanoseconds: left.nanoseconds + Int64(seconds * 1e9))
  }
}

extension Timestamp: CustomStringConvertible {
  package var description: String { rfc3339 }

  package var rfc3339: String {
    let (date, time) = civil
    return "\(Self.pad(date.year, 4))-\(Self.pad(date.month, 2))-\(Self.pad(date.day, 2))T"
      + "\(Self.pad(time.hour, 2)):\(Self.pad(time.minute, 2)):\(Self.pad(time.second, 2)).\(Self.pad(time.millisecond, 3))Z"
  }

  /// For folder names, which sort by it: `20261121T074803Z`.
  package var compact: String {
    let (date, time) = civil
    return Self.pad(date.year, 4) + Self.pad(date.month, 2) + Self.pad(date.day, 2) + "T"
      + Self.pad(time.hour, 2) + Self.pad(time.minute, 2) + Self.pad(time.second, 2) + "Z"
  }

  /// Parses what `rfc3339` writes; a fraction of any length and a missing one are accepted, a zone other than Z is not.
  package init?(rfc3339 text: String) {
    let parts = text.split(separator: "T", maxSplits: 1)
    guard parts.count == 2, parts[1].last == "Z" else { return nil }
    let date = parts[0].split(separator: "-").compactMap { Int($0) }
    let clock = parts[1].dropLast().split(separator: ".", maxSplits: 1)
    let time = clock[0].split(separator: ":").compactMap { Int($0) }
    guard date.count == 3, time.count == 3, (1...12).contains(date[1]), (1...31).contains(date[2]) else { return nil }
    var fraction: Int64 = 0
    if clock.count == 2 {
      let digits = clock[1].prefix(9)
      guard let value = Int64(digits + String(repeating: "0", count: 9 - digits.count)) else { return nil }
      fraction = value
    }
    let days = Self.daysSince1970(year: date[0], month: date[1], day: date[2])
    nanoseconds = Int64(days * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2]) * 1_000_000_000 + fraction
  }

  private typealias CivilDate = (year: Int, month: Int, day: Int)
  private typealias CivilTime = (hour: Int, minute: Int, second: Int, millisecond: Int)

  private var civil: (CivilDate, CivilTime) {
    let milliseconds = Self.floorDivide(Int(nanoseconds), 1_000_000)
    let days = Self.floorDivide(milliseconds, 86_400_000)
    let left = milliseconds - days * 86_400_000
    return (Self.date(daysSince1970: days), (left / 3_600_000, left / 60_000 % 60, left / 1_000 % 60, left % 1_000))
  }

  /// "chrono-Compatible Low-Level Date Algorithms", Howard Hinnant: days_from_civil and civil_from_days.
  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = floorDivide(y, 400)
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(daysSince1970: Int) -> CivilDate {
    let z = daysSince1970 + 719_468
    let era = floorDivide(z, 146_097)
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((-a + b - 1) / b) }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let moment = Timestamp(rfc3339: text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(text) is no RFC 3339 time in UTC"))
    }
    self = moment
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rfc3339)
  }
}
