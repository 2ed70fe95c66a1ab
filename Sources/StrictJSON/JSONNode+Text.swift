extension JSONNode {
  package enum Layout: Sendable {
    /// One line without spaces: a row of a `.jsonl` file.
    case compact
    /// Two spaces a level, one member a line: for people.
    case pretty
  }

  /// The JSON text. Numbers come out as they were written, members in their order.
  package func text(_ layout: Layout = .compact) -> String {
    var output = ""
    write(to: &output, layout, indent: 0)
    return output
  }

  private func write(to output: inout String, _ layout: Layout, indent: Int) {
    switch value {
    case .null: output += "null"
    case .bool(let bool): output += bool ? "true" : "false"
    case .number(let number): output += number.text
    case .string(let string): JSONText.append(string, to: &output)
    case .array(let elements):
      Self.writeList(elements, "[", "]", to: &output, layout, indent: indent) { element, output in
        element.write(to: &output, layout, indent: indent + 1)
      }
    case .object(let object):
      Self.writeList(object.members, "{", "}", to: &output, layout, indent: indent) { member, output in
        JSONText.append(member.key, to: &output)
        output += layout == .pretty ? ": " : ":"
        member.node.write(to: &output, layout, indent: indent + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], _ open: String, _ close: String, to output: inout String, _ layout: Layout, indent: Int,
    writeElement: (Element, inout String) -> Void
  ) {
    output += open
    for (index, element) in elements.enumerated() {
      if index > 0 { output += "," }
      if layout == .pretty { output += "\n" + String(repeating: "  ", count: indent + 1) }
      writeElement(element, &output)
    }
    if layout == .pretty, !elements.isEmpty { output += "\n" + String(repeating: "  ", count: indent) }
    output += close
  }
}

package enum JSONText {
  /// Appends a string with its quotes. Only what RFC 8259 section 7 demands is escaped: readers see their own letters.
  package static func append(_ string: String, to output: inout String) {
    output += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{00}"..<"\u{20}":
        let hex = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }

  /// Appends a string of valid UTF-8 with its quotes to a byte buffer: the fast way for rows.
  package static func append(_ utf8: some Sequence<UInt8>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "\""): output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\"")])
      case UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\\")])
      case 0x0A: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
      case 0x0D: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
      case 0x09: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
      case 0..<0x20:
        output.append(contentsOf: "\\u00".utf8)
        output.append(hexDigit(byte >> 4))
        output.append(hexDigit(byte & 15))
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
}
