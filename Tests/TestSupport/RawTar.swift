/// Tar entries byte by byte (POSIX ustar and GNU), for what no writer of archives would write.
package struct RawTar {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// - Parameters:
  ///   - type: `0` a file, `1` a hard link, `2` a symbolic link, `3` and `4` devices, `6` a pipe, `S` a sparse file, `L` a long name.
  ///   - size: what the header says, where that is not the size of the content.
  ///   - change: changes the header before its checksum is made.
  package mutating func add(
    _ name: String, _ content: [UInt8] = [], type: Character = "0", mode: Int = 0o644, size: Int? = nil, link: String = "",
    change: (inout [UInt8]) -> Void = { _ in }
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8)) }
    put(String(name.prefix(99)), at: 0)
    put(Self.octal(mode, 7), at: 100)
    put(Self.octal(0, 7), at: 108)
    put(Self.octal(0, 7), at: 116)
    put(Self.octal(size ?? content.count, 11), at: 124)
    put(Self.octal(0, 11), at: 136)
    put(String(type), at: 156)
    put(link, at: 157)
    put("ustar\u{0}00", at: 257)
    change(&header)
    for index in 148..<156 { header[index] = 0x20 }
    put(Self.octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
    bytes += header + content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// With the two empty blocks that end a tar.
  package var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1_024) }

  /// A number of so many octal digits.
  package static func octal(_ number: Int, _ digits: Int) -> String {
    let text = String(number, radix: 8)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
