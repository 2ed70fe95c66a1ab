extension GPT2Scanner {
  /// The ends of pre-tokens from `start` on, as many as fit; ASCII text in blocks of 64 bytes, without a branch on lengths.
  ///
  /// In a block every character class is a mask of 64 bits, and all starts of pre-tokens follow from the masks at once:
  /// - a white space character starts one where none stands before it, or none behind it (the run's last joins what follows);
  /// - another character does where the one before it is of another class, and after white space other than a space;
  /// - contractions, which are rare, are looked at one by one.
  static func findEnds(from start: Int, in text: ScanText, into ends: UnsafeMutablePointer<Int>, capacity: Int) -> Int {
    var count = 0
    var start = start
    while count &+ ClassMasks.width <= capacity, start < text.end {
      // The last four positions look at characters behind the block's ASCII part.
      let masks = start &+ ClassMasks.width &+ 4 <= text.end ? ClassMasks(text, at: start) : ClassMasks()
      let trusted = masks.width &- 4
      var starts: UInt64 = 0
      if trusted > 8 {
        starts = masks.gpt2Starts
        if masks.hasApostrophe { cutContractions(in: text, at: start, masks, &starts) }
        starts &= ~(UInt64.max &<< UInt64(truncatingIfNeeded: trusted)) & ~1
      }
      if starts == 0 {
        start = endOfPreToken(from: start, in: text)
        ends[count] = start
        count &+= 1
        continue
      }
      let last = 63 &- starts.leadingZeroBitCount
      var place = ends + count
      count &+= starts.nonzeroBitCount
      repeat {  // Four at a time: the surplus is overwritten, and four places at most lie behind the last one.
        for offset in 0..<4 {
          place[offset] = start &+ starts.trailingZeroBitCount
          starts &= starts &- 1
        }
        place += 4
      } while starts != 0
      start &+= last
    }
    return count
  }

  /// An apostrophe that starts a pre-token takes the letters of a contraction with it.
  @inline(never)
  private static func cutContractions(in text: ScanText, at start: Int, _ masks: ClassMasks, _ starts: inout UInt64) {
    // A pre-token that a contraction ends never starts with an apostrophe of its own: letters come first, or it was a start.
    var left = masks.places(of: 0x27, in: text, at: start) & (starts | 1)
    while left != 0 {
      let offset = left.trailingZeroBitCount
      left &= left &- 1
      guard let end = Contraction.end(at: start &+ offset, in: text, ignoringCase: false) else { continue }
      starts &= ~(1 &<< UInt64(truncatingIfNeeded: offset &+ 1))
      if end &- start < 64 { starts |= 1 &<< UInt64(truncatingIfNeeded: end &- start) }
    }
  }
}
