import Domain
import Testing

@testable import DatasetFormats

struct ContentSignatureTests {
  static let known: [(head: [UInt8], signature: ContentSignature)] = [
    ([0x1F, 0x8B, 8, 0], .compressed(.gzip)),
    ([0x28, 0xB5, 0x2F, 0xFD, 0], .compressed(.zstd)),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0], .compressed(.xz)),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .archive(.sevenZip)),
    ([0x50, 0x4B, 3, 4, 20], .archive(.zip)),
    ([0x50, 0x4B, 5, 6, 0], .archive(.zip)),
    ([0x80, 4, 0x95], .foreign(.pickle)),
    ([0x61, 0x2C, 0x62, 0x0A, 0], .binary),
    ([0xEF, 0xBB, 0xBF, 0x61], .text),
    ([], .text),
  ]

  @Test(arguments: known)
  func first_bytes(_ head: [UInt8], _ signature: ContentSignature) {
    #expect(ContentSignature(of: head) == signature)
  }

  @Test(arguments: [
    ("BZh91AY", ContentSignature.compressed(.bzip2)), ("PAR1", .foreign(.parquet)), ("%PDF-1.4", .foreign(.pdf)),
    ("PK,value\n1,2\n", .text),
    ("BZ,value\n", .text), ("日本語", .text), ("\u{FEFF}<HTML>", .foreign(.webPage)),
  ])
  func first_letters(_ text: String, _ signature: ContentSignature) {
    #expect(ContentSignature(of: Array(text.utf8)) == signature)
  }

  @Test func utf16_with_and_without_its_mark() {
    let text = "text,label\nhello,1\n"
    let little = text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    let big = text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit >> 8), UInt8(unit & 0xFF)] }
    #expect(ContentSignature(of: [0xFF, 0xFE] + little) == .utf16(isBigEndian: false))
    #expect(ContentSignature(of: [0xFE, 0xFF] + big) == .utf16(isBigEndian: true))
    #expect(ContentSignature(of: little) == .utf16(isBigEndian: false))
    #expect(ContentSignature(of: big) == .utf16(isBigEndian: true))
    #expect(ContentSignature(of: [0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0]) == .utf32)
  }

  @Test func an_old_tar_is_known_by_its_checksum() {
    var head = [UInt8](repeating: 0, count: 1_024)
    head.replaceSubrange(0..<10, with: Array("rows.jsonl".utf8))
    let sum = head[..<512].reduce(0) { $0 + Int($1) } + 8 * 0x20
    let digits = String(sum, radix: 8)
    head.replaceSubrange(148..<156, with: Array((String(repeating: "0", count: 6 - digits.count) + digits + "\0 ").utf8))
    #expect(ContentSignature(of: head) == .archive(.tar))
    head[0] ^= 1
    #expect(ContentSignature(of: head) != .archive(.tar))
  }

  @Test func the_encoding_of_eight_bit_text_is_guessed() {
    #expect(TextEncoding(ofEightBit: Array("caf".utf8) + [0xE9] + Array(" au lait, s'il vous pla".utf8) + [0xEE, 0x74]) == .windows1252)
    #expect(TextEncoding(ofEightBit: (0..<60).map { UInt8(0xC0 + $0) }) == .eastern)
  }
}
