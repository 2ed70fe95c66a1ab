import Domain

/// In which format a file is read. Its name says so; where its content says otherwise, the content decides if nothing can
/// be lost by it, and else the file is refused with the mend.
package struct FormatChoice: Equatable, Sendable {
  package let format: DatasetFormat
  /// What the user should know about the choice.
  package let remark: String?

  private init(_ format: DatasetFormat, _ remark: String? = nil) {
    self.format = format
    self.remark = remark
  }

  /// - Parameters:
  ///   - file: its name for people.
  ///   - named: what its ending says; nil: nothing.
  ///   - told: what the sidecar says, which wins.
  ///   - content: the file's first bytes, without a byte order mark.
  ///   - isWhole: true where nothing follows them.
  package init(
    file: String, named: DatasetFormat?, told: DatasetFormat?, content: UnsafeBufferPointer<UInt8>, isWhole: Bool, sidecarName: String
  ) throws(Problem) {
    let start = ContentStart(content, isWhole: isWhole)
    if let told {
      if let other = start.contradiction(to: told) {
        throw Problem(
          "sidecar.wrong-format", "the sidecar says it is \(told.title), but its content is \(other)",
          at: .init(file: file, field: "format"),
          mend: "Take \"format\" out of \(sidecarName), or drop the file that it was meant for.")
      }
      self.init(told)
      return
    }
    switch named {
    case .json: self = try Self.json(file, start, sidecarName)
    case .jsonl: self = try Self.jsonLines(file, start, sidecarName)
    case .csv, .tsv: self = Self.csv(named ?? .csv, file, start)
    case .plainText: self = Self.plainText(file, start)
    case nil: self = try Self.unnamed(file, start, sidecarName)
    }
  }

  private static func json(_ file: String, _ start: ContentStart, _ sidecarName: String) throws(Problem) -> FormatChoice {
    guard start.couldBeJSON else { throw Problem(noJSON: file, .json, start, sidecarName) }
    // Read line by line, a bad line costs one row and not the file.
    return FormatChoice(start.isJSONLines ? .jsonl : .json)
  }

  private static func jsonLines(_ file: String, _ start: ContentStart, _ sidecarName: String) throws(Problem) -> FormatChoice {
    guard start.couldBeJSON else { throw Problem(noJSON: file, .jsonl, start, sidecarName) }
    guard start.isJSONOverLines else { return FormatChoice(.jsonl) }
    return FormatChoice(.json, "\(file): its rows are not one a line; it was read as JSON.")
  }

  private static func csv(_ named: DatasetFormat, _ file: String, _ start: ContentStart) -> FormatChoice {
    if start.firstLineIsObject { return FormatChoice(.jsonl, "\(file): its content is JSON lines, and it was read as such.") }
    if start.isListOfObjects { return FormatChoice(.json, "\(file): its content is JSON, and it was read as such.") }
    return FormatChoice(named)
  }

  private static func plainText(_ file: String, _ start: ContentStart) -> FormatChoice {
    guard start.firstLineIsObject else { return FormatChoice(.plainText) }
    return FormatChoice(
      .plainText, "\(file): it was read as plain text, but its first line is a JSON object. If it is JSON lines, name it .jsonl.")
  }

  private static func unnamed(_ file: String, _ start: ContentStart, _ sidecarName: String) throws(Problem) -> FormatChoice {
    if start.firstLineIsObject { return FormatChoice(start.isJSONLines ? .jsonl : .json) }
    if start.isListOfObjects { return FormatChoice(.json) }
    throw Problem(
      "format.unknown", "its name does not say what it is", at: .init(file: file),
      why: "known endings are \(DatasetFormat.readableEndings)",
      mend: "Give it the right ending, or say \"format\" in \(sidecarName): \"csv\", \"tsv\", \"jsonl\", \"json\" or \"txt\".")
  }
}

extension Problem {
  fileprivate init(noJSON file: String, _ format: DatasetFormat, _ start: ContentStart, _ sidecarName: String) {
    self.init(
      "format.no-json", "it is named \(format.endings[0]), but its content is no JSON",
      at: .init(file: file, line: start.line, character: start.character, byte: start.byte),
      why: "it begins with '\(start.excerpt)', where JSON begins with { or [",
      mend: "If it is CSV or plain text, name it .csv or .txt, or say \"format\": \"csv\" in \(sidecarName).")
  }
}
