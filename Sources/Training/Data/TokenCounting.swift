import Domain
import Kernels
import Platform
import SystemPackage
import Tokenizers

/// Counts what the files of a tokenization hold: `statistics.json`.
struct TokenCounting {
  let layout: TokenizationLayout
  let card: TokenizationCard
  let tokenizer: Tokenizer
  let threads: Int

  /// - Parameter rowLengths: of whole rows, each with how often it occurs, ascending; nil: those of the sequences.
  func statistics(rowLengths: [(length: Int, count: Int)]?) throws -> TokenStatistics {
    var counts = [Int](repeating: 0, count: card.vocabularySize)
    var lengths = LengthCounts()
    for split in card.splits {
      let tokens = try TokenizedSplit(layout, split, vocabulary: card.vocabularySize)
      tokens.count(into: &counts, team: ThreadTeam(count: threads))
      for index in 0..<tokens.sequenceCount {
        let length = tokens.sequence(index).count
        if length > 0 { lengths.add(length) }
      }
    }
    return TokenStatistics(
      of: card, counts: counts, unknown: tokenizer.unknownByteID.map(Int.init),
      text: { Self.text(of: tokenizer.vocabulary.bytes(of: TokenID($0))) },
      sequenceLengths: lengths.ascending, rowLengths: rowLengths ?? lengths.ascending)
  }

  /// As a reader sees it: control characters as escapes, a part of a letter as its bytes.
  static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String {
    guard let whole = String(validating: bytes, as: UTF8.self) else {
      return bytes.map { "\\x" + (($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined()
    }
    var text = ""
    for scalar in whole.unicodeScalars {
      switch scalar {
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case "\\": text += "\\\\"
      case let control where control.value < 0x20 || (0x7F..<0xA0).contains(control.value) || [0x2028, 0x2029].contains(control.value):
        text += "\\u{\(String(control.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
