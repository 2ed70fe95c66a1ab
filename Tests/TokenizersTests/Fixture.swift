import StrictJSON
import SystemPackage

@testable import Tokenizers

/// Files of Tests/Fixtures/tokenizers; SOURCE.md there says where they come from.
enum Fixture {
  static func bytes(_ name: String) throws -> [UInt8] {
    var folder = FilePath(#filePath)
    folder.removeLastComponent()
    folder.removeLastComponent()
    let file = try FileDescriptor.open(folder.appending("Fixtures/tokenizers").appending(name), .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
      }
    }
  }

  static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  static func json(_ name: String) throws -> JSONNode { try JSONParser.parse(try bytes(name)) }

  /// A tokenizer by the name it has in `ids.json`.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    switch name {
    case "gpt2": return try gpt2.get()
    case "bpe400":
      return try .read(
        json: bytes("bpe400/tokenizer.json"), configuration: bytes("bpe400/tokenizer_config.json"),
        chatTemplate: text("bpe400/chat_template.jinja"))
    default: return try .read(json: bytes("\(name).json"))
    }
  }

  /// GPT-2 from its merges: the ids are the bytes in the order in which `bytes_to_unicode` lists them, the merged tokens in
  /// the order of their merges, and `<|endoftext|>`.
  static let gpt2: Result<Tokenizer, any Error> = Result {
    let merges = try bytes("gpt2_vocab.bpe")
    let shown = ByteAlphabet.scalars.filter { $0.value < 0x100 }.sorted()
    let hidden = ByteAlphabet.scalars.filter { $0.value >= 0x100 }.sorted()
    var texts = (shown + hidden).map { String($0) }
    for line in String(decoding: merges, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#version") {
      texts.append(line.split(separator: " ").joined())
    }
    texts.append("<|endoftext|>")
    var vocabulary: [UInt8] = []
    for (id, text) in texts.enumerated() {
      vocabulary.append(UInt8(ascii: id == 0 ? "{" : ","))
      JSONText.append(text.utf8, to: &vocabulary)
      vocabulary += Array(":\(id)".utf8)
    }
    vocabulary.append(UInt8(ascii: "}"))
    return try Tokenizer.gpt2(vocabulary: vocabulary, merges: merges)
  }

  static let strings: Result<[String], any Error> = Result {
    (try json("strings.json").array ?? []).compactMap(\.string)
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): random numbers that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

extension JSONNode {
  /// The ids of an array of numbers.
  var tokenIDs: [TokenID] { (array ?? []).compactMap { $0.int.map { TokenID($0) } } }
}
