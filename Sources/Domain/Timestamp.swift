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

  /// For sentences about the next minutes: `07:48:03 UTC`.
  package var timeOfDay: String {
    let time = civil.1
    return "\(Self.pad(time.hour, 2)):\(Self.pad(time.minute, 2)):\(Self.pad(time.second, 2)) UTC"
  }

  /// Parses what `rfc3339` writes; a fraction of any length and a missing one are accepted, a zone other than Z is not.
  /// nil where the text has another form, names a day or hour that does not exist, or a year outside of 1678 to 2261
  /// (what nanoseconds in 64 bits can hold).
  package init?(rfc3339 text: String) {
    let units = Array(text.utf8)
    guard units.count >= 20, units.last == UInt8(ascii: "Z"), units[4] == UInt8(ascii: "-"), units[7] == UInt8(ascii: "-"),
      units[10] == UInt8(ascii: "T"), units[13] == UInt8(ascii: ":"), units[16] == UInt8(ascii: ":")
    else { return nil }
    var fraction: Int64 = 0
    if units.count > 20 {
      let digits = units[20..<units.count - 1]
      let beyond = digits.dropFirst(9)  // finer than a nanosecond: read and left out
      guard units[19] == UInt8(ascii: "."), let value = Self.number(digits.prefix(9)), beyond.isEmpty || Self.number(beyond) != nil
      else { return nil }
      fraction = Int64(value)
      for _ in digits.count..<max(9, digits.count) { fraction *= 10 }
    }
    let parts = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19].map { units[$0] }
    guard let date = Self.moment(parts) else { return nil }
    nanoseconds = date.nanoseconds + fraction
  }

  /// Parses what `compact` writes.
  package init?(compact text: String) {
    let units = Array(text.utf8)
    guard units.count == 16, units[8] == UInt8(ascii: "T"), units[15] == UInt8(ascii: "Z"),
      let moment = Self.moment([0..<4, 4..<6, 6..<8, 9..<11, 11..<13, 13..<15].map { units[$0] })
    else { return nil }
    self = moment
  }

  private typealias Digits = ArraySlice<UInt8>

  /// Year, month, day, hour, minute and second.
  private static func moment(_ parts: [Digits]) -> Timestamp? {
    let numbers = parts.compactMap(number)
    guard numbers.count == 6 else { return nil }
    let (year, month, day, hour, minute, second) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
    guard (1_678...2_261).contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60 else { return nil }
    let days = daysSince1970(year: year, month: month, day: day)
    guard date(daysSince1970: days) == (year, month, day) else { return nil }  // 30 February comes back as 1 March
    return Timestamp(nanoseconds: Int64(days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000_000)
  }

  /// Digits only: Int's own parser takes a sign too. nil for none and for more than 18.
  private static func number(_ digits: Digits) -> Int? {
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return digits.prefix(18).reduce(0) { $0 * 10 + Int($1 - 0x30) }
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
