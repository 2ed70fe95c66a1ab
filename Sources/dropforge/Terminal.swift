import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// What the commands print.
enum Terminal {
  static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns; 80 where there is no terminal.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static func say(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  static func complain(_ text: String) {
    write(text + "\n", to: STDERR_FILENO)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written <= 0 { return }  // nobody reads any more
      bytes = bytes.dropFirst(written)
    }
  }

  /// `█████▌    ` of so many columns.
  static func bar(_ share: Double, width: Int) -> String {
    let eighths = Int((min(max(share, 0), 1) * Double(width) * 8).rounded())
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let full = String(repeating: "█", count: eighths / 8) + partial
    return full + String(repeating: "·", count: width - full.count)
  }

  /// Columns aligned under their titles; the last one is cut at the terminal's edge.
  static func table(_ titles: [String], _ rows: [[String]]) -> String {
    var widths = titles.map(\.count)
    for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
    func line(_ cells: [String]) -> String {
      let text = cells.enumerated().map { column, cell in
        column == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }.joined(separator: "  ")
      guard isInteractive, text.count > width else { return text }
      return text.prefix(width - 1) + "…"
    }
    return ([titles] + rows).map(line).joined(separator: "\n")
  }
}

enum Environment {
  static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// Sets it for this process and its children, unless it is set.
  static func offer(_ name: String, _ value: String) { setenv(name, value, 0) }
}

enum Paths {
  static func absolute(_ path: String) -> FilePath {
    let given = FilePath(path)
    if given.isAbsolute { return given.lexicallyNormalized() }
    guard let current = getcwd(nil, 0) else { return given }
    defer { free(current) }
    return FilePath(String(cString: current)).pushing(given).lexicallyNormalized()
  }
}
