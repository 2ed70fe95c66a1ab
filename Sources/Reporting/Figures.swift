/// Numbers as people read them, the same on every machine.
enum Figures {
  /// With a fixed number of decimals; rounding half away from zero.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (abs(value) * scale).rounded()
    guard rounded < 9e15 else { return "\(value)" }
    let digits = String(Int(rounded))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && rounded > 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// 12,345,678.
  static func grouped(_ value: Int) -> String {
    var digits = String(abs(value))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// 3 min 20 s.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return switch whole {
    case ..<60: "\(fixed(seconds, 1)) s"
    case ..<3_600: "\(whole / 60) min \(whole % 60) s"
    default: "\(whole / 3_600) h \(whole / 60 % 60) min"
    }
  }

  static func bytes(_ value: Int) -> String {
    switch value {
    case ..<10_000: "\(value) bytes"
    case ..<10_000_000: "\(fixed(Double(value) / 1e3, 1)) kB"
    case ..<10_000_000_000: "\(fixed(Double(value) / 1e6, 1)) MB"
    default: "\(fixed(Double(value) / 1e9, 1)) GB"
    }
  }
}
