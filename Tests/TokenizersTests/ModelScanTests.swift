import StrictJSON
import Testing

@testable import Tokenizers

/// Vocabulary and merges read in place are those of the tree; what is odd is left to the tree, which says what is wrong.
@Suite struct ModelScanTests {
  /// The model as the tree has it.
  private func slowly(_ json: [UInt8]) throws -> BPEModelReader {
    try BPEModelReader(TokenizerJSONField.parse(json, file: "tokenizer.json").member("model"), nil)
  }

  private func expectSame(_ json: [UInt8]) throws {
    let scan = try #require(ModelScan(json))
    let (model, expected) = (try BPEModelReader(scan.root.member("model"), scan), try slowly(json))
    #expect(model.vocabulary.count == expected.vocabulary.count && model.tokens.count == expected.tokens.count)
    for id in 0..<TokenID(expected.vocabulary.count) {
      #expect(model.vocabulary.text(of: id) == expected.vocabulary.text(of: id))
      #expect(model.vocabulary.bytes(of: id).elementsEqual(expected.vocabulary.bytes(of: id)))
      let bytes = expected.vocabulary.bytes(of: id)
      #expect(model.vocabulary.id(ofModelToken: bytes) == expected.vocabulary.id(ofModelToken: bytes))
    }
    #expect(model.merges.results.elements == expected.merges.results.elements)
    #expect(model.merges.slots.elements == expected.merges.slots.elements)
    #expect(model.byteTokens.elements == expected.byteTokens.elements)
  }

  @Test(arguments: ["bpe400/tokenizer.json", "llama3.json", "qwen2.json", "digits.json", "added.json", "prefix_space.json"])
  func files_are_read_as_by_the_tree(_ name: String) throws { try expectSame(Fixture.bytes(name)) }

  @Test func gpt2_is_read_as_by_the_tree() throws { try expectSame(Fixture.tokenizer("gpt2").json) }

  private func isScanned(_ json: [UInt8]) -> Bool { if case nil = ModelScan(json) { false } else { true } }

  /// A file with this model.
  private func file(_ model: String) -> [UInt8] {
    Array("{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \(model)}, \"added_tokens\": []}".utf8)
  }

  @Test func merges_may_be_pairs_and_stand_before_the_vocabulary() throws {
    let vocabulary = #""vocab": {"a": 0, "b": 1, "\"": 2, "ab": 3, "\"ab": 5, "Ġ": 6, "not of the alphabet": 4}"#
    for merges in [#"["a b", "\" ab"]"#, #"[["a", "b"], [ "\"" , "ab" ]]"#, "[]"] {
      try expectSame(file("\(vocabulary), \"merges\": \(merges)"))
      try expectSame(file("\"merges\": \(merges), \(vocabulary)"))
    }
  }

  @Test(arguments: [
    #""vocab": {"a": 0, "b": 1, "ab": 2}"#, #""merges": []"#, #""vocab": [], "merges": []"#, #""vocab": {}, "merges": {}"#,
    #""vocab": {"a": 0, "a": 1}, "merges": []"#, #""vocab": {"a": 0, "b": 0}, "merges": []"#,
    #""vocab": {"a": 0, "\u0061": 1}, "merges": []"#,
    #""vocab": {"ü ü": 0, "ü ü": 1}, "merges": []"#, #""vocab": {"a": -1}, "merges": []"#, #""vocab": {"a": 1.0}, "merges": []"#,
    #""vocab": {"a": 1e0}, "merges": []"#, #""vocab": {"a": 01}, "merges": []"#, #""vocab": {"a": "1"}, "merges": []"#,
    #""vocab": {"a": 2097152}, "merges": []"#, #""vocab": {"a": 99999999999999999999}, "merges": []"#,
    #""vocab": {"a": 0, "b": 1}, "merges": ["a b"]"#, #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["ab"]"#,
    #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a  b"]"#, #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b "]"#,
    #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a"]]"#, #""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b", "c"]]"#,
    ##""vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["#version: 0.2", "a b"]"##, #""vocab": {"a": 0}, "vocab": {}, "merges": []"#,
    #""vocab": {"a": 0}, "merges": [], "merges": []"#, #""vocab": {"a": 0}, "merges": [], "type": "BPE""#,
    #""vocab": {"a": 0}, "merges": [1]"#,
    #""vocab": {"a": 0}, "merges": ["a b]"#,
  ])
  func what_is_odd_is_left_to_the_tree(_ model: String) { #expect(!isScanned(file(model))) }

  @Test func a_file_that_goes_wrong_elsewhere_is_left_to_the_tree() {
    let whole = file(#""vocab": {"a": 0}, "merges": []"#)
    #expect(isScanned(whole))
    #expect(!isScanned(whole + Array("x".utf8)) && !isScanned(Array(whole.dropLast())))
    #expect(!isScanned(Array("{\"model\": 1}".utf8)) && !isScanned(Array("[]".utf8)) && !isScanned([]))
    let twice = String(decoding: whole, as: UTF8.self).replacing("\"added_tokens\"", with: "\"version\"")
    #expect(!isScanned(Array(twice.utf8)))
  }
}

extension FrozenTable {
  fileprivate var elements: [Element] { (0..<count).map { self[$0] } }
}
