import StrictJSON

/// What stands between the two lines `---` at the start of a README.md: the Hub's card data, in YAML.
package enum FrontMatter {
  /// Bytes of a README.md that are looked at. The largest on the Hub have some hundred kilobytes of it.
  package static let mostBytes = 4 << 20

  /// - Parameter readme: the file's bytes, or the first `mostBytes` of it.
  /// - Returns: nil where it has none.
  package static func parse(_ readme: [UInt8]) throws(YAMLSyntaxError) -> JSONNode? {
    let text = readme.starts(with: [0xEF, 0xBB, 0xBF]) ? readme[3...] : readme[...]
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard let first = lines.first, isFence(first) else { return nil }
    guard let end = lines.dropFirst().firstIndex(where: isFence) else {
      guard readme.count >= mostBytes else { return nil }
      throw YAMLSyntaxError(
        line: 1, column: 1, message: "it does not end within \(mostBytes) bytes",
        mend: "Put a line --- behind it, or take away the one before it.")
    }
    // The line end before the last line belongs to that, as `datasets` and `huggingface_hub` have it: a block at the end has none of its own.
    var matter = text[first.endIndex..<lines[end].startIndex].dropFirst().dropLast()
    if matter.last == 0x0D { matter.removeLast() }
    return try YAMLReader.read(matter, firstLine: 2)
  }

  private static func isFence(_ line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: Array("---".utf8)) && line.dropFirst(3).allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
  }
}
