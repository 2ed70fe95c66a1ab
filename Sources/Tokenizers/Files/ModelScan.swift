import StrictJSON

/// Vocabulary and merges of a `tokenizer.json`, read where they stand, without a tree and without a text for each of their hundred
/// thousand entries: a fifth of the time and of the memory.
///
/// Only files in which nothing is odd are read this way. Where anything is (wrong types, keys or ids that stand twice, merges of tokens
/// that are not there, texts that are not of `ByteAlphabet` in a merge, "#version"), there is no scan, and `BPEModelReader` reads the whole
/// tree and says by name what is wrong.
struct ModelScan {
  /// The file without its vocabulary and its merges, which are empty here.
  let root: TokenizerJSONField
  let tokens: ModelTokens
  let plain: [(text: String, id: TokenID)]
  let vocabulary: Vocabulary
  let merges: [MergeTable.Merge]

  init?(_ json: [UInt8]) {
    let scan = json.withUnsafeBufferPointer { buffer in
      var reader = Reader(buffer)
      do throws(JSONSyntaxError) { return try reader.read() } catch { return nil as ModelScan? }
    }
    guard let scan else { return nil }
    self = scan
  }

  fileprivate init(
    root: TokenizerJSONField, tokens: ModelTokens, plain: [(text: String, id: TokenID)], vocabulary: Vocabulary,
    merges: [MergeTable.Merge]
  ) {
    self.root = root
    self.tokens = tokens
    self.plain = plain
    self.vocabulary = vocabulary
    self.merges = merges
  }

  /// Longer tokens are read the other way.
  private static let longestToken = 1_024

  fileprivate struct Reader {
    fileprivate let buffer: UnsafeBufferPointer<UInt8>
    fileprivate var scanner: JSONScanner
    /// Bytes of a merge's two tokens, one behind the other.
    fileprivate var scratch = [UInt8](repeating: 0, count: 2 * ModelScan.longestToken)
    fileprivate var tokens = ModelTokens()
    fileprivate var plain: [(text: String, id: TokenID)] = []
    fileprivate var isUsed: [Bool] = []
    private var vocabulary: Vocabulary?
    private var vocabularyRange: Range<Int>?
    private var merges: [MergeTable.Merge]?
    private var mergesRange: Range<Int>?

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
      self.buffer = buffer
      scanner = JSONScanner(buffer)
    }

    /// nil where something is odd.
    mutating func read() throws(JSONSyntaxError) -> ModelScan? {
      guard try forEachMember({ (reader, key) throws(JSONSyntaxError) in try key == "model" ? reader.readModel() : reader.skip() }),
        let vocabulary, let merges, let vocabularyRange, let mergesRange
      else { return nil }
      var rest: [UInt8] = []
      var end = 0
      let parts = [(vocabularyRange, "{}"), (mergesRange, "[]")]
      for (part, empty) in parts.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
        rest += buffer[end..<part.lowerBound]
        rest += empty.utf8
        end = part.upperBound
      }
      rest += buffer[end...]
      // What else the file holds is checked here, keys that stand twice included.
      guard let root = try? TokenizerJSONField.parse(rest, file: TokenizerJSONReader.fileName) else { return nil }
      return ModelScan(root: root, tokens: tokens, plain: plain, vocabulary: vocabulary, merges: merges)
    }

    private mutating func readModel() throws(JSONSyntaxError) -> Bool {
      guard try forEachMember({ (reader, key) throws(JSONSyntaxError) in try reader.readMember(key) }), let vocabulary else { return false }
      // Merges that stand before the vocabulary.
      guard merges == nil, let mergesRange else { return merges != nil }
      let end = scanner.position
      scanner.move(to: mergesRange.lowerBound)
      merges = try readMerges(vocabulary)
      scanner.move(to: end)
      return merges != nil
    }

    private mutating func readMember(_ key: String) throws(JSONSyntaxError) -> Bool {
      let start = scanner.position
      switch key {
      case "vocab" where vocabularyRange == nil:
        guard try readTokens() else { return false }
        let vocabulary = Vocabulary(modelTokens: tokens, plain: plain)
        guard vocabulary.isUnambiguous, Set(plain.map { Array($0.text.utf8) }).count == plain.count else { return false }
        (self.vocabulary, vocabularyRange) = (vocabulary, start..<scanner.position)
        return true
      case "merges" where mergesRange == nil:
        if let vocabulary {
          merges = try readMerges(vocabulary)
          if merges == nil { return false }
        } else {
          _ = try scanner.skipValue()
        }
        mergesRange = start..<scanner.position
        return true
      case "vocab", "merges": return false
      default: return try skip()
      }
    }

    private mutating func skip() throws(JSONSyntaxError) -> Bool {
      _ = try scanner.skipValue()
      return true
    }

    /// Goes through the members of the object at the scanner's place; `body` steps over a member's value. False where there is no object, or
    /// where `body` says so.
    private mutating func forEachMember(
      _ body: (inout Self, String) throws(JSONSyntaxError) -> Bool
    ) throws(JSONSyntaxError) -> Bool {
      try forEachEntry(from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) { (reader) throws(JSONSyntaxError) in
        let key = reader.scanner.text(of: try reader.scanner.skipKey())
        reader.scanner.skipWhitespace()
        return try body(&reader, key)
      }
    }

    /// Goes through the entries between two brackets; `body` steps over an entry. False where the first bracket is not there, or where `body`
    /// says so.
    fileprivate mutating func forEachEntry(
      from open: UInt8, to close: UInt8, _ body: (inout Self) throws(JSONSyntaxError) -> Bool
    ) throws(JSONSyntaxError) -> Bool {
      scanner.skipWhitespace()
      guard scanner.current == open else { return false }
      scanner.advance()
      scanner.skipWhitespace()
      if scanner.current == close {
        scanner.advance()
        return true
      }
      repeat {
        scanner.skipWhitespace()
        guard try body(&self) else { return false }
        scanner.skipWhitespace()
      } while try !scanner.skipSeparator(closing: close)
      return true
    }
  }
}

// Tokens.
extension ModelScan.Reader {
  /// False where something is odd.
  fileprivate mutating func readTokens() throws(JSONSyntaxError) -> Bool {
    try forEachEntry(from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) { (reader) throws(JSONSyntaxError) in try reader.readToken() }
  }

  private mutating func readToken() throws(JSONSyntaxError) -> Bool {
    let key = try scanner.skipKey()
    scanner.skipWhitespace()
    guard let id = readID() else { return false }
    if isUsed.count <= Int(id) { isUsed.append(contentsOf: repeatElement(false, count: max(1_024, Int(id) + 1 - isUsed.count))) }
    guard !isUsed[Int(id)] else { return false }
    isUsed[Int(id)] = true
    if let count = decode(key, at: 0), count > 0 {
      tokens.append(scratch[..<count], id: id)
    } else {
      guard key.content.count < ModelScan.longestToken else { return false }
      plain.append((scanner.text(of: key), id))
    }
    return true
  }

  /// A number of digits only; nil where there is any other.
  private mutating func readID() -> TokenID? {
    let start = scanner.position
    var id = 0
    while let byte = scanner.current, byte &- 0x30 < 10, id < MergeTable.idLimit {
      id = id * 10 + Int(byte &- 0x30)
      scanner.advance()
    }
    let count = scanner.position - start
    guard count > 0, id < MergeTable.idLimit, count == 1 || buffer[start] != UInt8(ascii: "0") else { return nil }
    // A fraction or an exponent is no separator either: who comes next stumbles over it.
    return TokenID(id)
  }

  /// Writes the bytes that a text of `ByteAlphabet` stands for into `scratch`; nil where it is none, or very long.
  private mutating func decode(_ text: JSONStringRange, at place: Int) -> Int? {
    guard text.content.count < ModelScan.longestToken else { return nil }
    if text.hasEscapes { return scanner.unescaped(text).withUnsafeBufferPointer { decode($0, at: place) } }
    return decode(UnsafeBufferPointer(rebasing: buffer[text.content]), at: place)
  }

  private mutating func decode(_ text: UnsafeBufferPointer<UInt8>, at place: Int) -> Int? {
    scratch.withUnsafeMutableBufferPointer { scratch in
      scratch.baseAddress.flatMap { ByteAlphabet.decode(text, to: $0 + place) }
    }
  }
}

// Merges.
extension ModelScan.Reader {
  /// nil where something is odd.
  fileprivate mutating func readMerges(_ vocabulary: Vocabulary) throws(JSONSyntaxError) -> [MergeTable.Merge]? {
    var merges: [MergeTable.Merge] = []
    merges.reserveCapacity(tokens.count)
    let isWhole = try forEachEntry(from: UInt8(ascii: "["), to: UInt8(ascii: "]")) { (reader) throws(JSONSyntaxError) in
      guard let (left, right) = try reader.readPair(), left > 0, right > 0 else { return false }
      let merge: MergeTable.Merge? = reader.scratch.withUnsafeBufferPointer { scratch in
        func id(_ place: Range<Int>) -> TokenID? { vocabulary.id(ofModelToken: UnsafeBufferPointer(rebasing: scratch[place])) }
        guard let first = id(0..<left), let second = id(left..<left + right), let both = id(0..<left + right) else { return nil }
        return MergeTable.Merge(left: first, right: second, result: both)
      }
      guard let merge else { return false }
      merges.append(merge)
      return true
    }
    return isWhole && merges.count < MergeTable.rankLimit ? merges : nil
  }

  /// `"a b"` or `["a", "b"]`: puts the bytes of both into `scratch` and returns how many each has.
  private mutating func readPair() throws(JSONSyntaxError) -> (left: Int, right: Int)? {
    if scanner.current == UInt8(ascii: "[") {
      scanner.advance()
      scanner.skipWhitespace()
      guard scanner.current == UInt8(ascii: "\""), let left = decode(try scanner.skipString(), at: 0) else { return nil }
      scanner.skipWhitespace()
      guard try !scanner.skipSeparator(closing: UInt8(ascii: "]")) else { return nil }
      scanner.skipWhitespace()
      guard scanner.current == UInt8(ascii: "\""), let right = decode(try scanner.skipString(), at: left) else { return nil }
      scanner.skipWhitespace()
      return try scanner.skipSeparator(closing: UInt8(ascii: "]")) ? (left, right) : nil
    }
    guard scanner.current == UInt8(ascii: "\"") else { return nil }
    let text = try scanner.skipString()
    if text.hasEscapes { return scanner.unescaped(text).withUnsafeBufferPointer { decodePair($0) } }
    return decodePair(UnsafeBufferPointer(rebasing: buffer[text.content]))
  }

  private mutating func decodePair(_ text: UnsafeBufferPointer<UInt8>) -> (left: Int, right: Int)? {
    // A space is no letter of the alphabet: a second one makes the right token none.
    guard text.count < ModelScan.longestToken, let space = text.firstIndex(of: 0x20), !text.starts(with: "#version".utf8),
      let left = decode(UnsafeBufferPointer(rebasing: text[..<space]), at: 0),
      let right = decode(UnsafeBufferPointer(rebasing: text[(space + 1)...]), at: left)
    else { return nil }
    return (left, right)
  }
}
