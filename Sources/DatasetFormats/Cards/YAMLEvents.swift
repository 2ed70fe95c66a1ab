import CYAML

/// What libyaml finds in a text, one thing after another.
final class YAMLEvents {
  struct Event {
    enum Kind {
      case scalar(String, isPlain: Bool)
      case sequence, mapping
      /// Of a list or a mapping.
      case end
      case alias(String)
      case documentStart, documentEnd
      /// The stream's: nothing more comes.
      case streamEnd
    }

    var kind: Kind
    var anchor: String?
    /// As it is written out: `tag:yaml.org,2002:str`.
    var tag: String?
    /// From 1, in the file.
    var line: Int
    var column: Int
  }

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  /// libyaml reads it where it lies.
  private let text: UnsafeMutableBufferPointer<UInt8>
  private let firstLine: Int

  /// - Parameter text: UTF-8; what is none is an error of the event that it spoils.
  init(_ text: ArraySlice<UInt8>, firstLine: Int) throws(YAMLSyntaxError) {
    self.text = .allocate(capacity: text.count)
    _ = self.text.initialize(from: text)
    self.firstLine = firstLine
    guard yaml_parser_initialize(parser) == 1 else {
      // It clears what it had got by itself.
      parser.initialize(to: yaml_parser_t())
      throw YAMLSyntaxError(line: firstLine, column: 1, message: "memory is used up", mend: "Try again when memory is free.")
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, self.text.baseAddress, text.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    text.deallocate()
  }

  func next() throws(YAMLSyntaxError) -> Event {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw YAMLSyntaxError(of: parser.pointee, in: text, firstLine: firstLine) }
      defer { yaml_event_delete(&event) }
      // The start of the stream says nothing.
      if let kind = Self.kind(of: event) {
        let (anchor, tag) = Self.marks(of: event)
        return Event(
          kind: kind, anchor: Self.text(anchor), tag: Self.text(tag), line: firstLine + event.start_mark.line,
          column: event.start_mark.column + 1)
      }
    }
  }

  private static func kind(of event: yaml_event_t) -> Event.Kind? {
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_SEQUENCE_START_EVENT: return .sequence
    case YAML_MAPPING_START_EVENT: return .mapping
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_STREAM_START_EVENT: return nil
    // Behind the end libyaml gives events of no kind.
    default: return .streamEnd
    }
  }

  private static func marks(of event: yaml_event_t) -> (anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?)
  {
    switch event.type {
    case YAML_SCALAR_EVENT: (event.data.scalar.anchor, event.data.scalar.tag)
    case YAML_SEQUENCE_START_EVENT: (event.data.sequence_start.anchor, event.data.sequence_start.tag)
    case YAML_MAPPING_START_EVENT: (event.data.mapping_start.anchor, event.data.mapping_start.tag)
    default: (nil, nil)
    }
  }

  private static func text(_ word: UnsafeMutablePointer<yaml_char_t>?) -> String? { word.map { String(cString: $0) } }
}
