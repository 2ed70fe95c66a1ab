import Domain
import Testing

@testable import Training

/// What tells rows apart, and what is taken out of them.
struct RowFilterTests {
  private func filtered(_ text: String, _ filter: StopWordFilter) -> String? {
    Array(text.utf8).withUnsafeBufferPointer { filter.filtered($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("The cat sat on the mat.", "cat sat mat."), ("don't stop", "stop"), ("Don’t stop", "stop"),
    ("line one\nthe line two", "line one\nline two"),
    ("state-of-the-art", "state---art"), ("\tis it?", "?"), ("THE END", "END"), ("theory then thesis", "theory thesis"),
  ])
  func english_stop_words(text: String, expected: String) {
    #expect(filtered(text, StopWordFilter(lists: [.english], own: [])) == expected)
  }

  @Test func a_text_without_them_is_left_alone() {
    #expect(filtered("Nothing here says much", StopWordFilter(lists: [], own: ["xyz"])) == nil)
  }

  @Test(arguments: [
    (StopWordList.german, "Über den Wolken", "Wolken"), (.russian, "Он сказал, что это я", "сказал,"),
    (.french, "l’été à Paris", "l’été Paris"),
    (.turkish, "bu bir kitap", "kitap"), (.polish, "Nie wiem, że tak", "wiem,"),
  ])
  func words_of_other_languages(list: StopWordList, text: String, expected: String) {
    #expect(filtered(text, StopWordFilter(lists: [list], own: [])) == expected)
  }

  @Test func every_list_has_words_that_stand_for_themselves_and_none_twice() {
    for list in StopWordList.allCases {
      let words = list.words
      #expect(words.count > 60, "\(list.rawValue)")
      for word in words {
        var normalized: [UInt8] = []
        Array(word.utf8).withUnsafeBufferPointer { NormalizedText.appendWords(of: $0, to: &normalized) }
        #expect(String(decoding: normalized, as: UTF8.self) == word + " ", "\(list.rawValue): \(word)")
      }
      #expect(Set(words).count == words.count, "\(list.rawValue): \(words.filter { word in words.count { $0 == word } > 1 })")
    }
  }

  @Test func normalized_texts_are_equal_whatever_their_case_punctuation_and_white_space() {
    func fingerprint(_ text: String, _ policy: DuplicatePolicy = .normalized) -> TextFingerprint? {
      var builder = TextFingerprint.Builder(policy)
      Array(text.utf8).withUnsafeBufferPointer { builder.add($0) }
      return builder.finish()
    }
    #expect(fingerprint("Hello,  World!") == fingerprint("hello world"))
    #expect(fingerprint("ÉTÉ à Paris") == fingerprint("été à paris"))
    #expect(fingerprint("hello world") != fingerprint("helloworld"))
    #expect(fingerprint("Hello", .exact) != fingerprint("hello", .exact))
    #expect(fingerprint("anything", .keep) == nil)
  }

  @Test func hashes_of_many_texts_are_all_different() {
    var seen: Set<UInt64> = []
    let table = SeenTable(count: 200_000)
    for number in 0..<200_000 {
      var hash = TextHash()
      Array("row \(number)".utf8).withUnsafeBufferPointer { hash.add($0) }
      let (isNew, isNewToTable) = (seen.insert(hash.value).inserted, table.insert(hash.value))
      #expect(isNew == isNewToTable)
    }
    #expect(seen.count == 200_000)
    for hash in seen { #expect(!table.insert(hash)) }
  }

  @Test func beginnings_and_empty_parts_have_hashes_of_their_own() {
    func hash(_ bytes: [UInt8]) -> UInt64 {
      var hash = TextHash()
      bytes.withUnsafeBufferPointer { hash.add($0) }
      return hash.value
    }
    let hashes = (0...40).map { hash([UInt8](repeating: 0, count: $0)) } + (0...40).map { hash([UInt8](repeating: 1, count: $0)) }
    #expect(Set(hashes).count == 81)  // the empty one stands twice
  }

  @Test func the_share_of_equal_values_is_about_the_share_of_common_runs() {
    for changed in [0, 10, 40, 100] {
      var one = MinHash.Builder()
      var other = MinHash.Builder()
      var (runsOfOne, runsOfOther): (Set<[UInt64]>, Set<[UInt64]>) = ([], [])
      let words = (0..<1_000).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }
      let changedWords = words.enumerated().map { $0.offset * 10 < changed * 10 ? $0.element &+ 1 : $0.element }
      for start in 0...words.count - MinHash.run {
        runsOfOne.insert(Array(words[start..<start + MinHash.run]))
        runsOfOther.insert(Array(changedWords[start..<start + MinHash.run]))
      }
      for word in words { one.add(word) }
      for word in changedWords { other.add(word) }
      let jaccard = Double(runsOfOne.intersection(runsOfOther).count) / Double(runsOfOne.union(runsOfOther).count)
      let (first, second) = (one.finish(), other.finish())
      let common = first.values.withUnsafeBufferPointer { first in
        second.values.withUnsafeBufferPointer { second in MinHash.common(first.baseAddress!, second.baseAddress!) }  // 64 values
      }
      #expect(abs(Double(common) / 64 - jaccard) < 0.2, "\(common) of 64, Jaccard \(jaccard)")
    }
  }

  @Test func signatures_are_those_of_a_plain_computation() {
    var builder = MinHash.Builder()
    var random = RandomTexts(seed: 11)
    for count in Array(0...80) + [500, 5_000] {
      let words = (0..<count).map { _ in UInt64(random.number(below: 40)) &* 0x9E37_79B9_7F4A_7C15 }
      for word in words { builder.add(word) }  // one builder for all of them
      #expect(builder.finish().values == PlainNearRows.signature(words), "\(count) words")
    }
  }

  @Test(arguments: [0.8, 1, 0.77]) func a_table_keeps_the_rows_that_a_search_through_all_keeps(similarity: Double) {
    var table = NearTable(similarity: similarity)
    var plain = PlainNearRows(similarity: similarity)
    var random = RandomTexts(seed: 3)
    var builder = MinHash.Builder()
    var texts: [[UInt64]] = []
    var kept = 0
    for row in 0..<6_000 {
      // Something new, or one that came before with some of its words changed.
      var words =
        row % 3 == 0 || texts.isEmpty
        ? (0..<random.number(below: 120)).map { _ in UInt64(random.number(below: 1 << 30)) } : texts[random.number(below: texts.count)]
      for _ in 0..<(row % 3 == 2 ? random.number(below: 6) : 0) where !words.isEmpty { words[random.number(below: words.count)] &+= 1 }
      texts.append(words)
      for word in words { builder.add(word &* 0x9E37_79B9_7F4A_7C15) }
      let signature = builder.finish()
      let (isNew, isExpected) = (table.insert(signature), plain.insert(signature.values))
      #expect(isNew == isExpected, "row \(row)")
      kept += isNew ? 1 : 0
    }
    #expect(kept > 1_500 && kept < 5_500, "\(kept)")
  }

  @Test func a_table_of_signatures_grows_and_finds_what_is_near() {
    var table = NearTable(similarity: 0.8)
    func signature(_ seed: Int) -> MinHash {
      var builder = MinHash.Builder()
      for word in 0..<50 { builder.add(UInt64(seed * 1_000 + word) &* 0x9E37_79B9_7F4A_7C15) }
      return builder.finish()
    }
    for seed in 0..<3_000 {
      let isNew = table.insert(signature(seed))
      #expect(isNew)
    }
    for seed in stride(from: 0, to: 3_000, by: 7) {
      let isNew = table.insert(signature(seed))
      #expect(!isNew)
    }
  }
}
