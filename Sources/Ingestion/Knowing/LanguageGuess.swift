/// What language a text is in, guessed: by its script, and where several languages share one, by their most frequent words and by letters
/// that only one of them has. Small on purpose: it tells a mixed dataset from a pure one, and is wrong on single short rows.
struct LanguageGuess {
  /// Bytes of a text that are looked at.
  static let bytesLookedAt = 1_000
  private static let fewestLetters = 12

  private let words: [UInt64: UInt32]

  init() {
    var words: [UInt64: UInt32] = [:]
    for (index, language) in FrequentWords.all.enumerated() {
      for word in language.words.split(separator: " ") { words[Self.hash(Array(word.utf8)), default: 0] |= 1 << UInt32(index) }
    }
    self.words = words
  }

  /// ISO 639-1, or "und".
  func language(of text: UnsafeBufferPointer<UInt8>) -> String {
    var scripts = [Int](repeating: 0, count: Script.allCases.count)
    var scores = [Int](repeating: 0, count: FrequentWords.all.count)
    var wordCount = 0
    var marks: Set<UInt32> = []
    var hash = Self.start
    var wordLetters = 0
    func endWord() {
      guard wordLetters > 0 else { return }
      wordCount += 1
      // Words of one letter are too many languages' at once.
      if wordLetters > 1, let languages = words[hash] {
        for index in scores.indices where languages & 1 << UInt32(index) != 0 { scores[index] += 1 }
      }
      hash = Self.start
      wordLetters = 0
    }
    var index = 0
    let end = min(text.count, Self.bytesLookedAt)
    while index < end {
      let (scalar, length) = Self.scalar(text, index)
      index += length
      guard let script = Script(scalar) else {
        endWord()
        continue
      }
      scripts[script.rawValue] += 1
      if script == .arabic || script == .cyrillic { marks.insert(scalar) }
      let lower = Self.lowercased(scalar)
      if lower > 0xDF, let owners = Self.ownLetters[lower] { for owner in owners { scores[owner] += 1 } }
      hash = (hash ^ UInt64(lower)) &* 0x100_0000_01B3
      wordLetters += 1
    }
    endWord()
    return Self.decide(scripts, scores, wordCount, marks)
  }

  private static func decide(_ scripts: [Int], _ scores: [Int], _ words: Int, _ marks: Set<UInt32>) -> String {
    let letters = scripts.reduce(0, +)
    let ideographs = scripts[Script.han.rawValue]
    guard letters >= fewestLetters || ideographs + scripts[Script.kana.rawValue] + scripts[Script.hangul.rawValue] >= 4 else {
      return "und"
    }
    // Japanese is written in kana and Han together.
    if scripts[Script.kana.rawValue] * 10 > letters { return "ja" }
    guard let most = scripts.indices.max(by: { scripts[$0] < scripts[$1] }), let script = Script(rawValue: most) else { return "und" }
    // A word of Chinese says more than a word of Latin letters: a third of the letters is enough.
    if ideographs * 3 > letters { return "zh" }
    if let language = script.language { return language }
    switch script {
    case .arabic:
      if !marks.isDisjoint(with: [0x679, 0x688, 0x691, 0x6BA, 0x6D2]) { return "ur" }
      return marks.isDisjoint(with: [0x67E, 0x686, 0x698, 0x6AF, 0x6CC, 0x6A9]) ? "ar" : "fa"
    case .cyrillic where !marks.isDisjoint(with: [0x456, 0x457, 0x454, 0x491]): return marks.contains(0x44B) ? "be" : "uk"
    case .cyrillic where !marks.isDisjoint(with: [0x452, 0x45B, 0x459, 0x45A]): return "sr"
    default: break
    }
    // At a tie the first, which is the more frequent language.
    guard let best = scores.indices.max(by: { (scores[$0], $1) < (scores[$1], $0) }), scores[best] >= max(1, words / 20) else {
      return script == .cyrillic ? "ru" : "und"
    }
    return FrequentWords.all[best].language
  }

  // MARK: letters

  /// Letters of Latin script that few languages have, with the places of those in `FrequentWords`.
  private static let ownLetters: [UInt32: [Int]] = {
    let letters = [
      ("de", "äöüß"), ("fr", "éèêçœùâîô"), ("es", "ñáíóé"), ("it", "àèìòù"), ("pt", "ãõçáêâ"), ("pl", "ąęłśćńżźó"), ("sv", "åäö"),
      ("fi", "äö"),
      ("tr", "şğıçöü"), ("vi", "đơưăâêôạảấầẩậắằặẹẻẽếềểệỉịọỏốồổộớờởợụủứừửựỳỵỷỹ"), ("ro", "ăâîșțşţ"), ("cs", "řěůčšžýáíé"), ("hu", "őűáéöü"),
      ("da", "æøå"),
    ]
    var owners: [UInt32: [Int]] = [:]
    for (language, own) in letters {
      guard let place = FrequentWords.all.firstIndex(where: { $0.language == language }) else { continue }
      for scalar in own.unicodeScalars { owners[scalar.value, default: []].append(place) }
    }
    return owners
  }()

  private static let start: UInt64 = 0xCBF2_9CE4_8422_2325

  private static func hash(_ word: [UInt8]) -> UInt64 {
    word.withUnsafeBufferPointer { bytes in
      var hash = start
      var index = 0
      while index < bytes.count {
        let (scalar, length) = scalar(bytes, index)
        hash = (hash ^ UInt64(scalar)) &* 0x100_0000_01B3
        index += length
      }
      return hash
    }
  }

  /// Latin, Greek and Cyrillic capitals; other scripts have none that matter here.
  @inline(__always) private static func lowercased(_ scalar: UInt32) -> UInt32 {
    switch scalar {
    case 0x41...0x5A, 0xC0...0xD6, 0xD8...0xDE, 0x391...0x3A9, 0x410...0x42F: scalar + 32
    case 0x400...0x40F: scalar + 80
    case 0x100...0x137, 0x14A...0x177: scalar | 1
    case 0x139...0x148: scalar & 1 == 1 ? scalar + 1 : scalar
    default: scalar
    }
  }

  /// The scalar at `index`, and its length; what is cut at the end is none.
  @inline(__always) private static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (UInt32, Int) {
    let first = UInt32(text[index])
    if first < 0x80 { return (first, 1) }
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard index + length <= text.count else { return (0x20, text.count - index) }
    var scalar = first & (0xFF >> UInt32(length + 1))
    for ahead in 1..<length { scalar = scalar << 6 | UInt32(text[index + ahead] & 0x3F) }
    return (scalar, length)
  }
}

/// Words that are frequent in a language and rare in its neighbours.
private enum FrequentWords {
  static let all: [(language: String, words: String)] = [
    (
      "en",
      "in on my me do can how if your we has had will an at or so when did does get need why where been more about the and of to is that it was for with as his be by this are have from not but what you they which were would there their"
    ),
    ("de", "der die und das ist nicht ein eine zu den mit sich auf für dem auch wird sind von als im einen oder wie bei wenn nach werden"),
    ("fr", "le la les des et est une dans que pour qui du sur pas au avec ce il sont par plus ne je vous nous cette été être mais ou"),
    ("es", "el los las que y en un una es por con para del se no lo como más pero sus le ha este cuando muy está sin sobre ser son"),
    ("it", "il di che è la un per non sono con una del della le si da nel alla come anche più gli ma questo delle nella degli perché"),
    ("pt", "o que de não e um uma os para com em do da é por mais as dos como mas foi ao ele das seu sua são também pelo isso você"),
    ("nl", "de het een en van is niet dat op te zijn voor met die er aan ook als door maar bij naar uit worden werd deze hij wordt"),
    ("pl", "w i na z się nie do że jest to jak o od za po przez dla oraz który był są tym ich tylko może być jego ale lub"),
    ("sv", "och att det som en är av för på med den till inte har om ett var jag men de sig vid från så kan när efter eller"),
    ("fi", "ja on ei se että oli hän ovat mutta kun niin myös tai joka mukaan sen jos vain kuin ole mitä siitä kanssa jälkeen"),
    ("tr", "ve bir bu için ile da de olarak daha gibi çok olan en ne var ama değil kadar sonra ancak her olduğu ya mi ki"),
    ("vi", "và của là có không được cho các những một người trong để này đã với khi từ về như cũng nhiều đến ra vào tôi bạn"),
    ("id", "yang dan di ini itu dengan untuk tidak dari dalam akan pada ke juga adalah ada oleh saya mereka bisa anda karena sebagai"),
    ("ro", "și de în la cu pe nu a care este sunt din pentru că mai o fi au ca sau un dar prin după acest fost lui"),
    ("cs", "a se v na je že s z do i to o k ve jsem by ale jako za pro jsou od po bylo které který však aby nebo"),
    ("hu", "a az és hogy nem is egy van ez meg volt csak de mint már még azt lehet el ki vagy minden pedig ha kell"),
    ("da", "og at det er en til af på for med den de ikke som der har jeg et var kan fra han om men vi eller blev"),
    ("ru", "и в не на что он с как это по но из у за к его от для было так бы же был она то все о мы"),
    ("bg", "и на да се от за че не са като по до е при но или това най има във със след тази този която които"),
  ]
}
