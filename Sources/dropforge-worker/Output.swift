#if canImport(Glibc)
  import Glibc
#endif

/// Standard output and standard error, unbuffered: a line is out when it was said.
enum Output {
  static func write(_ text: String) { write(Array(text.utf8)) }
  static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }
  static func complain(_ text: String) { write(Array((text + "\n").utf8), to: STDERR_FILENO) }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }

  static func exit(_ code: Int32) -> Never { Glibc.exit(code) }
}
