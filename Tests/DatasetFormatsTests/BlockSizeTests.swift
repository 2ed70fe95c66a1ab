import Domain
import Testing

@testable import DatasetFormats

/// Where blocks cut a file must never matter: neither to the rows, nor to the words and places of a refusal.
struct BlockSizeTests {
  private static let texts: [(format: DatasetFormat, text: String)] = [
    (.json, "[{\"a\": 1, \"t\": \"é\\u00e9\\ud83d\\ude00 x\"},\n {\"a\": [1.5e-3, true, null], \"o\": {\"b\": {}}},\n \"text\", 12]\n"),
    (.json, "{\"version\": 12, \"data\": [{\"a\": \"long enough to be cut by a block of sixty-four bytes\"}, {\"b\": 2}], \"n\": [1, 2]}"),
    (.json, "{\"a\": 1}\n{\"a\": \"two\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]} {\"a\": 3}"),
    (.jsonl, "{\"a\": \"x\"}\r\n\n{\"b\": [1, {\"c\": \"\\n\"}]}\n\"just text\"\n{\"a\": 1}\n"),
    (.csv, "text,label\r\n\"a \"\"quoted\"\" word, and\nmore\",1\r\nplain é,2\n\n\"\",\n\"x\",y\r"),
    (.plainText, "One line.\r\nAnother, with é.\n\nA paragraph\rof two lines.\n"),
  ]

  /// What becomes of a text: its rows and bad rows, or the refusal.
  private func outcome(_ format: DatasetFormat, _ text: [UInt8], _ blockSize: Int) -> String {
    do {
      let reading = try FormatReading(format, text, blockSize: blockSize)
      return reading.rows.joined(separator: "\n") + "\n--\n" + reading.badText
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: texts.indices)
  func a_damaged_file_reads_alike_in_blocks_of_any_size(_ index: Int) {
    let (format, text) = Self.texts[index]
    var random = SeededGenerator(state: UInt64(index))
    let pieces = Array("{}[]\",:\\ \n\r0e-t".utf8) + [0, 0xC3, 0xFF]
    for round in 0..<40 {
      var bytes = Array(text.utf8)
      if round > 0 {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let piece = pieces.randomElement(using: &random) ?? 0
        switch round % 4 {
        case 0: bytes.removeLast(bytes.count - at)
        case 1: bytes[at] = piece
        case 2: bytes.insert(piece, at: at)
        default: bytes.remove(at: at)
        }
      }
      let whole = outcome(format, bytes, 1 << 16)
      for blockSize in round % 4 == 0 ? [64, 64 + round] : [64 + round] {
        #expect(outcome(format, bytes, blockSize) == whole, "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}
