#if canImport(Glibc)
  import Glibc
#endif

/// Numbers as people read them, the same on every machine and in every locale.
package enum Figures {
  /// With a fixed number of decimals; rounding half away from zero.
  package static func fixed(_ value: Double, _ decimals: Int) -> String { format("%.*f", [Int32(decimals), value]) }

  /// As C's %g: 5e-05, 0.001, 12.5.
  package static func general(_ value: Double) -> String { format("%g", [value]) }

  /// So many digits that count: 0.00123.
  package static func significant(_ value: Double, _ digits: Int) -> String { format("%.*g", [Int32(digits), value]) }

  /// vsnprintf(3). The programs never call setlocale for numbers, so the decimal point is a point.
  private static func format(_ template: String, _ values: [any CVarArg]) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
      withVaList(values) { _ = vsnprintf(buffer.baseAddress, buffer.count, template, $0) }
      return String(cString: buffer.baseAddress!)  // the allocation above is never empty
    }
  }

  /// 12,345,678.
  package static func grouped(_ value: Int) -> String {
    var digits = String(abs(value))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  /// 3 min 20 s.
  package static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return switch whole {
    case ..<60: "\(fixed(seconds, 1)) s"
    case ..<3_600: "\(whole / 60) min \(whole % 60) s"
    default: "\(whole / 3_600) h \(whole / 60 % 60) min"
    }
  }

  package static func bytes(_ value: Int) -> String {
    switch value {
    case ..<10_000: "\(value) bytes"
    case ..<10_000_000: "\(fixed(Double(value) / 1e3, 1)) kB"
    case ..<10_000_000_000: "\(fixed(Double(value) / 1e6, 1)) MB"
    default: "\(fixed(Double(value) / 1e9, 1)) GB"
    }
  }
}
