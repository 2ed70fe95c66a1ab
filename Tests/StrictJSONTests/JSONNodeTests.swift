import StrictJSON
import Testing

struct JSONNodeTests {
  @Test func a_node_says_what_it_is() {
    let node: JSONNode = [nil, true, 1, "s", [], [:]]
    #expect(node.array?.map(\.kindName) == ["null", "a boolean", "a number", "a string", "an array", "an object"])
    #expect(node.kindName == "an array")
    #expect(JSONNode(.null).isNull)
    #expect(JSONNode(true).bool == true)
    #expect(JSONNode("s").string == "s")
    #expect(JSONNode("s").int == nil)
    #expect(JSONNode(1).object == nil)
  }

  @Test(
    arguments: [
      ("3", 3), ("-3", -3), ("3.0", 3), ("3e2", 300), ("3.5", nil), ("1e400", nil), ("9007199254740992", 9_007_199_254_740_992),
      ("9223372036854775807", Int.max), ("9223372036854775808", nil), ("1e18", nil), ("-0", 0), ("0e5", 0),
    ] as [(String, Int?)])
  func a_number_is_an_integer_where_it_is_one_exactly(text: String, int: Int?) {
    #expect(JSONNumber(text: text).int == int)
  }

  @Test(arguments: [
    (0.0, "0"), (1.0, "1"), (-2.0, "-2"), (0.5, "0.5"), (1e-5, "1e-05"), (5e-05, "5e-05"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
    (123_456_789.0, "123456789"),
    (0.1 + 0.2, "0.30000000000000004"), (1.7976931348623157e308, "1.7976931348623157e+308"), (Double.leastNonzeroMagnitude, "5e-324"),
  ])
  func a_double_is_written_so_that_it_reads_back(value: Double, text: String) throws {
    #expect(JSONNumber(value).text == text)
    let node = try JSONParser.parse(text)
    #expect(node.double == value)
  }

  @Test func numbers_are_equal_by_value() {
    #expect(JSONNumber(text: "1.0") == JSONNumber(text: "1"))
    #expect(JSONNumber(text: "1e2") == JSONNumber(100))
    #expect(JSONNumber(text: "1") != JSONNumber(text: "2"))
  }

  @Test func pretty_is_for_people() {
    let node: JSONNode = ["name": "a", "list": [1, [], [:], ["x": nil]], "empty": [:]]
    #expect(
      node.text(.pretty) == """
        {
          "name": "a",
          "list": [
            1,
            [],
            {},
            {
              "x": null
            }
          ],
          "empty": {}
        }
        """)
    #expect(node.text() == #"{"name":"a","list":[1,[],{},{"x":null}],"empty":{}}"#)
  }

  @Test func both_writers_of_strings_write_the_same() {
    let text = "plain \"quoted\" back\\slash / line\nfeed \r \t \u{0}\u{1}\u{8}\u{C}\u{1F}\u{7F} ü 日本 😀 \u{2028}"
    var string = ""
    JSONText.append(text, to: &string)
    var bytes: [UInt8] = []
    JSONText.append(text.utf8, to: &bytes)
    #expect(bytes == Array(string.utf8))
    #expect(string == #""plain \"quoted\" back\\slash / line\nfeed \r \t \u0000\u0001\u0008\u000c\u001f\#u{7F} ü 日本 😀 \#u{2028}""#)
  }
}

struct JSONObjectTests {
  /// Small ones are searched, larger ones have an index.
  @Test(arguments: [3, 12, 13, 100])
  func members_are_found_changed_added_and_removed(count: Int) {
    var object = JSONObject((0..<count).map { .init(key: "k\($0)", keyByte: $0, node: JSONNode(integerLiteral: $0)) })
    for index in 0..<count { #expect(object["k\(index)"]?.int == index) }
    #expect(object["nothing"] == nil)
    object["k1"] = "changed"
    object["new"] = true
    object["k0"] = nil
    #expect(object["k1"]?.string == "changed")
    #expect(object["new"]?.bool == true)
    #expect(object["k0"] == nil)
    #expect(object.keys == (1..<count).map { "k\($0)" } + ["new"])
    #expect(object.firstRepeated == nil)
  }

  @Test(arguments: [0, 20])
  func of_a_repeated_key_the_last_counts(others: Int) {
    let padding = (0..<others).map { JSONObject.Member(key: "p\($0)", keyByte: 0, node: 0) }
    var object = JSONObject([.init(key: "a", keyByte: 1, node: 1)] + padding + [.init(key: "a", keyByte: 2, node: 2)])
    #expect(object["a"]?.int == 2)
    #expect(object.firstRepeated?.keyByte == 2)
    object["a"] = nil
    #expect(object["a"] == nil)
    #expect(object.members.count == others)
  }

  @Test(arguments: [0, 20])
  func keys_are_compared_by_their_code_units(others: Int) {
    let padding = (0..<others).map { JSONObject.Member(key: "p\($0)", keyByte: 0, node: 0) }
    let object = JSONObject(padding + [.init(key: "\u{E9}", keyByte: 0, node: 1), .init(key: "e\u{301}", keyByte: 0, node: 2)])
    #expect(object["\u{E9}"]?.int == 1)
    #expect(object["e\u{301}"]?.int == 2)
    #expect(object.firstRepeated == nil)
  }

  @Test func equality_is_of_meaning() {
    let one: JSONNode = ["a": 1, "b": [1, 2]]
    #expect(one == ["b": [1, 2], "a": 1.0])
    #expect(one != ["a": 1, "b": [2, 1]])
    #expect(one != ["a": 1])
    #expect(one != ["a": 1, "b": [1, 2], "c": nil])
  }
}
