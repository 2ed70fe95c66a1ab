import Platform
import SystemPackage

/// Real text to make rows of: the speeches of tinyshakespeare, 1.1 MB, so that a compressor's window does not hold them all.
struct Corpus {
  struct Speech: Sendable {
    var speaker: String
    var text: String
  }

  let speeches: [Speech]

  init() throws {
    let file = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
      .appending("Demo").appending("tinyshakespeare.txt")
    let text = String(decoding: try LinuxFileSystem().contents(of: file), as: UTF8.self)
    var found: [Speech] = []
    for part in text.split(separator: "\n\n") {
      let lines = part.split(separator: "\n", maxSplits: 1)
      guard lines.count == 2, lines[0].hasSuffix(":") else { continue }
      found.append(Speech(speaker: String(lines[0].dropLast()), text: String(lines[1])))
    }
    speeches = found
  }

  subscript(number: Int) -> Speech { speeches[number % speeches.count] }
}
