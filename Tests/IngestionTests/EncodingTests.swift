import DatasetFormats
import Domain
import Platform
import TestSupport
import Testing

/// Text that is not UTF-8: CSV and plain text are read with a remark, anything with a sidecar that says what it is.
struct EncodingTests {
  private func utf16(_ text: String, isBigEndian: Bool = false, mark: Bool = true) -> [UInt8] {
    ((mark ? "\u{FEFF}" : "") + text).utf16.flatMap { unit -> [UInt8] in
      let (low, high) = (UInt8(unit & 0xFF), UInt8(unit >> 8))
      return isBigEndian ? [high, low] : [low, high]
    }
  }

  private func rows(_ count: Int = 12, _ text: (Int) -> String) -> String { (0..<count).map(text).joined() }

  @Test func csv_in_utf16_is_read_with_a_remark() throws {
    let text = "text,label\r\n" + rows { "hällo 😀 \($0),\($0)\r\n" }
    for isBigEndian in [false, true] {
      for mark in [true, false] {
        let bytes = utf16(text, isBigEndian: isBigEndian, mark: mark)
        let drop = try Drop("rows.csv", bytes)
        #expect(try drop.texts() == (0..<12).map { "hällo 😀 \($0)" })
        #expect(drop.result.files[0].encoding == "utf-16\(isBigEndian ? "be" : "le")\(mark ? " with byte order mark" : "")")
        #expect(drop.result.warnings == ["rows.csv: it is written in UTF-16 (\(isBigEndian ? "big" : "little")-endian) and was read so."])
        #expect(drop.result.sourceSHA256 == SHA256.hash(bytes))
      }
    }
  }

  @Test func csv_in_windows_1252_is_read_with_a_remark() throws {
    // é and the euro sign, a curly quote, and a letter that ISO 8859-1 lacks.
    let bytes =
      Array("text,label\r\n".utf8)
      + (0..<12).flatMap {
        Array("A café costs in town caf".dropFirst(21).utf8) + [0xE9, 0x20, 0x80, 0x20, 0x93, 0x9A, 0x94]
          + Array(" and some plain words \($0),x\r\n".utf8)
      }
    let drop = try Drop("rows.csv", bytes)
    #expect(try drop.texts() == (0..<12).map { "café € “š” and some plain words \($0)" })
    #expect(drop.result.files[0].encoding == "windows-1252")
    #expect(
      drop.result.warnings == [
        "rows.csv: it is no UTF-8 (the first byte that is none is 0xE9, byte 15) and was read as Windows-1252. If letters look wrong, say \"encoding\" in rows.dataset.json."
      ])
    #expect(drop.result.sourceSHA256 == SHA256.hash(bytes))
    #expect(drop.result.splits[0].sha256 == SHA256.hash(try drop.contents(drop.layout.rows(split: "train")).utf8))
  }

  @Test func plain_text_inside_an_archive_and_compressed() throws {
    let latin = Array("Der M".utf8) + [0xFC] + Array("ller mahlt.\n".utf8)
    let drop = try Drop("set.tar", try ArchiveMaker.bytes(.tar, [.init("a.txt", latin), .init("b.txt", utf16("Für 😀\n"))]))
    #expect(try drop.texts() == ["Der Müller mahlt.\n", "Für 😀\n"])
    #expect(drop.result.files.map(\.encoding) == ["windows-1252", "utf-16le with byte order mark"])
    #expect(try Drop("a.txt.gz", try ArchiveMaker.compressed(latin, .gzip)).texts() == ["Der Müller mahlt.\n"])
  }

  /// The letter that decides comes late: what was read before it stands in both encodings alike.
  @Test func the_first_letter_beyond_ascii_may_come_after_many_blocks() throws {
    let plain = rows(200_000) { "row \($0),x\r\n" }
    #expect(plain.utf8.count > 2 << 20)
    let bytes = Array("text,label\r\n".utf8) + Array(plain.utf8) + Array("caf".utf8) + [0xE9] + Array(",x\r\n".utf8)
    let drop = try Drop("rows.csv", bytes)
    #expect(drop.result.rows == 200_001)
    #expect(try drop.texts().last == "café")
    #expect(drop.result.sourceSHA256 == SHA256.hash(bytes))
  }

  @Test func a_long_text_in_utf16_keeps_every_letter() throws {
    let text = "text,label\n" + rows(30_000) { "\($0) é€😀,x\n" }
    let drop = try Drop("rows.csv", utf16(text))
    #expect(try drop.texts() == (0..<30_000).map { "\($0) é€😀" })
    #expect(drop.result.files[0].bytes == 3 + text.utf8.count)
  }

  @Test func utf8_with_one_wrong_byte_is_never_garbled() {
    let flawed = Array("text,label\n".utf8) + Array("caf".utf8) + [0xE9] + Array(",x\n".utf8)
    let bytes = flawed + Array(rows(40) { "schöne Grüße \($0),y\n" }.utf8)
    #expect(
      Drop.problem("rows.csv", bytes)
        == "rows.csv (byte 14): it is written in two encodings at once: the byte 0xE9 is no UTF-8, but most letters beyond ASCII are. "
        + "Files of several origins were probably joined. Mend that place; or write it anew in UTF-8; or, if it is Windows-1252 all the same, "
        + "say \"encoding\": \"windows-1252\" in rows.dataset.json.")
    // UTF-8 first and the wrong byte later: no guess is made, the row is named.
    let later = Array("text,label\n".utf8) + Array("Grüße,x\n".utf8) + Array("caf".utf8) + [0xE9] + Array(",x\n".utf8)
    #expect(Drop.problem("rows.csv", later).hasPrefix("rows.csv, row 3 (line 3, byte 24): the byte 0xE9 is not valid UTF-8. "))
  }

  @Test func what_only_looks_like_utf8_in_places_is_read_as_windows_1252() throws {
    // "CAFÉ" before a closing curly quote is 0xC9 0x94: a letter in UTF-8.
    let bytes =
      Array("text,label\n".utf8)
      + (0..<12).flatMap { _ in [0x93] + Array("CAF".utf8) + [0xC9, 0x94, 0x20, 0xE9, 0xE8] + Array(" and some plain words,x\n".utf8) }
    #expect(try Drop("rows.csv", bytes).texts() == [String](repeating: "“CAFÉ” éè and some plain words", count: 12))
  }

  // MARK: told by a sidecar

  private func sidecar(_ encoding: DatasetEncoding) -> DatasetSidecar {
    var sidecar = DatasetSidecar()
    sidecar.encoding = encoding
    return sidecar
  }

  @Test func a_sidecar_has_json_read_in_what_it_says() throws {
    let text = rows { "{\"text\":\"hällo \($0)\"}\n" }
    let expected = (0..<12).map { "hällo \($0)" }
    for (encoding, bytes) in [
      (DatasetEncoding.utf16, utf16(text)), (.utf16LittleEndian, utf16(text, mark: false)),
      (.utf16BigEndian, utf16(text, isBigEndian: true)),
      (.latin1, text.unicodeScalars.map { UInt8($0.value) }), (.windows1252, text.unicodeScalars.map { UInt8($0.value) }),
      (.utf8, Array(text.utf8)),
    ] {
      let drop = try Drop("rows.jsonl", bytes, sidecar: sidecar(encoding))
      #expect(try drop.texts() == expected)
      #expect(drop.result.warnings == [])
    }
    #expect(try Drop("rows.jsonl", utf16(text), sidecar: sidecar(.utf16)).result.files[0].encoding == "utf-16le with byte order mark")
  }

  @Test func a_byte_that_is_no_letter_is_named() {
    #expect(
      Drop.problem("rows.csv", Array("text,label\nca".utf8) + [0x81] + Array(",x\n".utf8), sidecar: sidecar(.windows1252))
        == "rows.csv (byte 13): the byte 0x81 is no letter in Windows-1252. The text is probably written in another encoding. "
        + "Find out which one it is (iconv -l lists them), convert it (iconv -f ENCODING -t UTF-8 'rows.csv' > 'utf8-rows.csv') and drop the result."
    )
  }

  @Test func half_a_letter_of_utf16_is_named() {
    var bytes = utf16("text,label\nhello,x\n")
    bytes.replaceSubrange(26..<28, with: [0x00, 0xD8])
    #expect(
      Drop.problem("rows.csv", bytes)
        == "rows.csv (byte 26): the unit 0xD800 is half a letter, and its other half is not beside it. In UTF-16 letters beyond U+FFFF are written as two halves. "
        + "The program that wrote the text is at fault, or the file was cut and joined: export it anew, in UTF-8 where there is a choice.")
    #expect(
      Drop.problem("rows.csv", utf16("text,label\nhello,x\n").dropLast())
        == "rows.csv (byte 38): it ends in the middle of a letter: text in UTF-16 has an even number of bytes. "
        + "The copy or download was probably cut off: fetch it again, compare the sizes, and drop the whole file.")
  }

  @Test func utf16_that_does_not_look_so_is_asked_about() {
    #expect(
      Drop.problem("rows.csv", Array("text,label\nx,y\n".utf8), sidecar: sidecar(.utf16))
        == "rows.csv: the sidecar says that it is UTF-16, but it does not look so: there is no byte order mark. "
        + "Say \"utf-16le\" or \"utf-16be\" in rows.dataset.json, or leave \"encoding\" out: it is found by looking.")
  }
}
