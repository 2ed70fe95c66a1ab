/// Python's operations on strings, by Unicode scalars, which is how Python counts.
enum TemplateText {
  /// Offset in UTF-8 of the first occurrence.
  static func firstIndex(of part: String, in text: String, from start: Int = 0) -> Int? {
    let (needle, hay) = (Array(part.utf8), Array(text.utf8))
    return firstIndex(of: needle, in: hay, from: start)
  }

  static func firstIndex(of needle: [UInt8], in hay: [UInt8], from start: Int) -> Int? {
    guard hay.count - start >= needle.count else { return nil }
    guard let first = needle.first else { return start }
    var at = start
    while at + needle.count <= hay.count {
      if hay[at] == first, hay[at..<at + needle.count].elementsEqual(needle) { return at }
      at += 1
    }
    return nil
  }

  static func strip(_ text: String, _ characters: String?, left: Bool, right: Bool) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set.map { $0.contains(scalar) } ?? scalar.isPythonSpace }
    var view = text.unicodeScalars[...]
    while left, let first = view.first, goes(first) { view = view.dropFirst() }
    while right, let last = view.last, goes(last) { view = view.dropLast() }
    return String(view)
  }

  static func replace(_ text: String, _ old: String, _ new: String, most: Int?) -> String {
    var left = most.map { $0 < 0 ? Int.max : $0 } ?? .max
    if old.isEmpty {
      var result = ""
      for scalar in text.unicodeScalars {
        if left > 0 {
          result += new
          left -= 1
        }
        result.unicodeScalars.append(scalar)
      }
      return left > 0 ? result + new : result
    }
    let (hay, needle, with) = (Array(text.utf8), Array(old.utf8), Array(new.utf8))
    var result: [UInt8] = []
    var at = 0
    while left > 0, let found = firstIndex(of: needle, in: hay, from: at) {
      result += hay[at..<found]
      result += with
      at = found + needle.count
      left -= 1
    }
    return String(decoding: result + hay[at...], as: UTF8.self)
  }

  /// `str.split` with and without a separator; `fromEnd` is `rsplit`.
  static func split(_ text: String, _ separator: String?, most: Int?, fromEnd: Bool) -> [String] {
    let limit = most.map { $0 < 0 ? Int.max : $0 } ?? .max
    var parts: [String] = []
    if let separator {
      let (hay, needle) = (Array(text.utf8), Array(separator.utf8))
      var cuts: [Int] = []
      var at = 0
      while let found = firstIndex(of: needle, in: hay, from: at) {
        cuts.append(found)
        at = found + needle.count
      }
      cuts = fromEnd ? Array(cuts.suffix(limit)) : Array(cuts.prefix(limit))
      var start = 0
      for cut in cuts {
        parts.append(String(decoding: hay[start..<cut], as: UTF8.self))
        start = cut + needle.count
      }
      return parts + [String(decoding: hay[start...], as: UTF8.self)]
    }
    var rest = Array(text.unicodeScalars)[...]
    func word(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      return String(view)
    }
    if fromEnd {
      while true {
        while let last = rest.last, last.isPythonSpace { rest = rest.dropLast() }
        if rest.isEmpty { break }
        if parts.count == limit {
          parts.append(strip(word(rest), nil, left: false, right: true))
          break
        }
        let start = rest.lastIndex { $0.isPythonSpace }.map { $0 + 1 } ?? rest.startIndex
        parts.append(word(rest[start...]))
        rest = rest[..<start]
      }
      return parts.reversed()
    }
    while true {
      while let first = rest.first, first.isPythonSpace { rest = rest.dropFirst() }
      if rest.isEmpty { break }
      if parts.count == limit {
        parts.append(word(rest))
        break
      }
      let end = rest.firstIndex { $0.isPythonSpace } ?? rest.endIndex
      parts.append(word(rest[..<end]))
      rest = rest[end...]
    }
    return parts
  }

  static func lines(_ text: String) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      if scalar == "\n", previous == "\r" { continue }
      switch scalar {
      case "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}":
        lines.append(String(line))
        line = .init()
      default: line.append(scalar)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// Words begin after what is no letter, as `str.title` has it; `afterMarks` is the filter's way: after white space and - ( { [ <.
  static func titled(_ text: String, afterMarks: Bool) -> String {
    var result = ""
    var begins = true
    for scalar in text.unicodeScalars {
      result += begins ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
      begins = afterMarks ? scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) : !scalar.properties.isCased
    }
    return result
  }
}
