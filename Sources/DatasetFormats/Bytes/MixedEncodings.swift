import Domain
import StrictJSON

/// Weighs whether a text that was taken for Windows-1252, because of one byte that is no UTF-8, is UTF-8 with a flaw after all:
/// then reading it on would garble every letter beyond ASCII.
struct MixedEncodings {
  /// The byte that is no UTF-8, and where it stands.
  let offending: UInt8
  let position: Int
  let sidecarName: String
  private var asUTF8 = 0
  private var asOther = 0

  /// Below this a few pairs may be what they look like in Windows-1252: "CAFÉ" before a closing quotation mark.
  private static let least = 8

  init(offending: UInt8, position: Int, sidecarName: String) {
    (self.offending, self.position, self.sidecarName) = (offending, position, sidecarName)
  }

  /// - Throws: `Problem` where letters in UTF-8 outweigh the others.
  mutating func look(at bytes: UnsafeBufferPointer<UInt8>, isLast: Bool, name: String) throws {
    var index = 0
    while index < bytes.count {
      if bytes[index] < 0x80 { index += 1; continue }
      let length = UTF8Check.sequenceLength(bytes, at: index)
      if length > 0 { asUTF8 += 1 } else { asOther += 1 }
      index += max(length, 1)
    }
    guard asUTF8 > asOther, asUTF8 >= Self.least || isLast else { return }
    throw Problem(
      "text.mixed",
      "it is written in two encodings at once: the byte 0x\(String(offending, radix: 16, uppercase: true)) is no UTF-8, but most letters beyond ASCII are",
      at: .init(file: name, byte: position), why: "files of several origins were probably joined",
      mend:
        "Mend that place; or write it anew in UTF-8; or, if it is Windows-1252 all the same, say \"encoding\": \"windows-1252\" in \(sidecarName)."
    )
  }
}
