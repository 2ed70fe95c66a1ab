import StrictJSON

/// YAML as cards are written in it, read by libyaml: one document of mappings, lists and texts, with anchors, aliases and merged mappings
/// (`<<`) as PyYAML resolves them. Tags are read where they name a kind of value that JSON has, else refused: nothing is ever made of a name in
/// a file. A key that stands twice is refused, as the Hub does; PyYAML would take the last without a word.
package struct YAMLReader {
  /// Levels: more were made to harm. PyYAML has no limit of its own, and ends with an error of Python's at about 300.
  package static let deepest = 32
  /// Values, with those that aliases stand for.
  package static let mostValues = 500_000
  /// Bytes of texts and keys, with those that aliases stand for.
  package static let mostTextBytes = 4 * FrontMatter.mostBytes

  /// What an alias stands for.
  private struct Anchored {
    var node: JSONNode
    /// Levels that it is deep: 1 of a text.
    var depth: Int
    var values: Int
    var textBytes: Int
  }

  private let events: YAMLEvents
  private var anchors: [String: Anchored] = [:]
  private var values = 0
  private var textBytes = 0

  private static let standardTags = "tag:yaml.org,2002:"

  /// - Parameter text: UTF-8.
  /// - Returns: null where there is nothing.
  package static func read(_ text: ArraySlice<UInt8>, firstLine: Int = 1) throws(YAMLSyntaxError) -> JSONNode {
    var reader = YAMLReader(events: try YAMLEvents(text, firstLine: firstLine))
    guard case .documentStart = try reader.events.next().kind else { return nil }
    let node = try reader.value(try reader.events.next(), level: 1).node
    _ = try reader.events.next()  // the document's end
    let behind = try reader.events.next()
    guard case .streamEnd = behind.kind else {
      throw error(behind, "a second document begins", "Keep one, and take out the line '---' or '...'.")
    }
    return node
  }

  private init(events: YAMLEvents) { self.events = events }

  private static func error(_ event: YAMLEvents.Event, _ message: String, _ mend: String) -> YAMLSyntaxError {
    YAMLSyntaxError(line: event.line, column: event.column, message: message, mend: mend)
  }

  /// - Parameter level: that it stands on, from 1.
  /// - Returns: the value, and the levels that it is deep.
  private mutating func value(_ event: YAMLEvents.Event, level: Int) throws(YAMLSyntaxError) -> (node: JSONNode, depth: Int) {
    if case .alias(let name) = event.kind { return try meant(by: name, event, level: level) }
    let before = (values, textBytes)
    // An alias of what it is part of would never end: until the end the name stands for nothing.
    if let anchor = event.anchor { anchors[anchor] = nil }
    try count(event, values: 1, textBytes: 0, depth: 1, level: level)
    let node: JSONNode
    var depth = 1
    switch event.kind {
    case .scalar(let word, let isPlain):
      try count(event, values: 0, textBytes: word.utf8.count, depth: 1, level: level)
      node = try scalar(word, isPlain, event)
    case .sequence:
      try expect("seq", event)
      var items: [JSONNode] = []
      while let next = try member() {
        let item = try value(next, level: level + 1)
        items.append(item.node)
        depth = max(depth, item.depth + 1)
      }
      node = JSONNode(.array(items))
    case .mapping:
      try expect("map", event)
      (node, depth) = try mapping(level: level)
    // libyaml gives a value where one is asked for, or an error.
    case .alias, .end, .documentStart, .documentEnd, .streamEnd: throw Self.error(event, "a value is missing", "Write one.")
    }
    if let anchor = event.anchor {
      anchors[anchor] = Anchored(node: node, depth: depth, values: values - before.0, textBytes: textBytes - before.1)
    }
    return (node, depth)
  }

  /// What begins next in a list or a mapping; nil: it has ended.
  private func member() throws(YAMLSyntaxError) -> YAMLEvents.Event? {
    let event = try events.next()
    if case .end = event.kind { return nil }
    return event
  }

  private mutating func mapping(level: Int) throws(YAMLSyntaxError) -> (JSONNode, depth: Int) {
    var own: [JSONObject.Member] = []
    var merged: [JSONObject.Member] = []
    // By bytes: Swift's texts count letters as equal that are written in two ways.
    var keys: Set<[UInt8]> = []
    var depth = 1
    while let event = try member() {
      let key = try self.key(event)
      let below = try events.next()
      let item = try value(below, level: level + 1)
      depth = max(depth, item.depth + 1)
      if case .scalar("<<", isPlain: true) = event.kind, event.tag == nil {
        merged += try members(toMerge: item.node, below)
      } else {
        guard keys.insert(Array(key.utf8)).inserted else {
          throw Self.error(event, "the key '\(key)' stands twice", "Keep one of them.")
        }
        own.append(.init(key: key, keyByte: 0, node: item.node))
      }
    }
    // What stands in the mapping itself wins, then what was merged first (PyYAML, `flatten_mapping`).
    merged = merged.filter { keys.insert(Array($0.key.utf8)).inserted }
    return (JSONNode(.object(JSONObject(merged + own))), depth)
  }

  private mutating func key(_ event: YAMLEvents.Event) throws(YAMLSyntaxError) -> String {
    let mend = "Write a text as key."
    switch event.kind {
    case .scalar(let word, _):
      try count(event, values: 0, textBytes: word.utf8.count, depth: 1, level: 1)
      if let anchor = event.anchor {
        anchors[anchor] = Anchored(node: JSONNode(.string(word)), depth: 1, values: 1, textBytes: word.utf8.count)
      }
      if let tag = event.tag, tag != "!", tag != Self.standardTags + "str" { throw Self.unknown(tag, event) }
      return word
    case .alias(let name):
      guard let word = try meant(by: name, event, level: 1).node.string else {
        throw Self.error(event, "the key *\(name) is no text", mend)
      }
      return word
    default: throw Self.error(event, "a list or a mapping stands as key", mend)
    }
  }

  private func members(toMerge node: JSONNode, _ event: YAMLEvents.Event) throws(YAMLSyntaxError) -> [JSONObject.Member] {
    var members: [JSONObject.Member] = []
    for one in node.array ?? [node] {
      guard let object = one.object else {
        throw Self.error(event, "'<<' takes in what is no mapping", "Name a mapping's anchor, or put quotes around '<<'.")
      }
      members += object.members
    }
    return members
  }

  // MARK: texts and tags

  private func scalar(_ word: String, _ isPlain: Bool, _ event: YAMLEvents.Event) throws(YAMLSyntaxError) -> JSONNode {
    guard let tag = event.tag, tag != "!" || isPlain else { return isPlain ? YAMLScalar.plain(word) : JSONNode(.string(word)) }
    // `!` before a plain text says nothing (PyYAML, `resolve`).
    if tag == "!" { return YAMLScalar.plain(word) }
    let name = String(tag.dropFirst(Self.standardTags.count))
    guard tag.hasPrefix(Self.standardTags), ["str", "null", "bool", "int", "float"].contains(name) else { throw Self.unknown(tag, event) }
    guard let node = YAMLScalar.tagged(word, name) else {
      throw Self.error(event, "'\(word)' is no \(name), as its tag says", "Take out the tag !!\(name), or mend the value.")
    }
    return node
  }

  private func expect(_ name: String, _ event: YAMLEvents.Event) throws(YAMLSyntaxError) {
    if let tag = event.tag, tag != "!", tag != Self.standardTags + name { throw Self.unknown(tag, event) }
  }

  private static func unknown(_ tag: String, _ event: YAMLEvents.Event) -> YAMLSyntaxError {
    let written = tag.hasPrefix(standardTags) ? "!!" + tag.dropFirst(standardTags.count) : tag
    return error(event, "the tag \(written) asks for a value that is not made here", "Take out the tag.")
  }

  // MARK: limits

  private mutating func meant(
    by name: String, _ event: YAMLEvents.Event, level: Int
  ) throws(YAMLSyntaxError) -> (node: JSONNode, depth: Int) {
    guard let known = anchors[name] else {
      throw Self.error(
        event, "*\(name) stands for what &\(name) marks, and nothing before it is whole and marked so",
        "Put quotes around the text, or mark a value above with &\(name).")
    }
    try count(event, values: known.values, textBytes: known.textBytes, depth: known.depth, level: level)
    return (known.node, known.depth)
  }

  private mutating func count(
    _ event: YAMLEvents.Event, values: Int, textBytes: Int, depth: Int, level: Int
  ) throws(YAMLSyntaxError) {
    self.values += values
    self.textBytes += textBytes
    guard level + depth - 1 <= Self.deepest else {
      throw Self.error(event, "it is nested more than \(Self.deepest) deep", "Nest it less deep.")
    }
    guard self.values <= Self.mostValues else {
      throw Self.error(event, "it holds more than \(Self.mostValues) values", "Take out what no reader needs.")
    }
    guard self.textBytes <= Self.mostTextBytes else {
      throw Self.error(event, "its texts have more than \(Self.mostTextBytes) bytes", "Take out what no reader needs.")
    }
  }
}
