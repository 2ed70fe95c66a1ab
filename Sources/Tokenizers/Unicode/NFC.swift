/// Unicode normalization form C of UTF-8 text, as Hugging Face's `NFC` normalizer computes it.
///
/// Source of the algorithm: The Unicode Standard, section 3.11 (D103 to D117), and 3.12 for Hangul. The data are those of
/// Unicode 9.0, the version that Hugging Face's normalizer knows (unicode-normalization-alignments): marks that came later
/// are not put into order by it, so they are not here.
struct NFC: Sendable {
  static let shared = NFC()

  /// Full canonical decompositions, Hangul excepted.
  private let decompositions: [UInt32: [UInt32]]
  /// First scalar << 32 | second scalar to what they compose to.
  private let compositions: [UInt64: UInt32]
  /// Combining classes other than 0.
  private let combiningClasses: [UInt32: UInt8]
  /// A bit for every scalar below `tableLimit`: whether it may decompose, be reordered or compose with what stands before it.
  /// Text without such scalars is in form C as it stands.
  private let active: FrozenTable<UInt8>

  private static let tableLimit: UInt32 = 0x30000
  /// No scalar below U+0300 is active; in UTF-8, no text whose bytes are all below this.
  private static let firstActiveLead: UInt8 = 0xCC

  private init() {
    var mappings: [UInt32: [UInt32]] = [:]
    var compositions: [UInt64: UInt32] = [:]
    var active: Set<UInt32> = []
    for entry in CanonicalDecompositionTable.parsed {
      mappings[entry.key] = entry.mapping
      if entry.composes {
        compositions[UInt64(entry.mapping[0]) << 32 | UInt64(entry.mapping[1])] = entry.key
        active.insert(entry.mapping[1])
      } else {
        active.insert(entry.key)
      }
    }
    func expand(_ scalar: UInt32) -> [UInt32] { mappings[scalar].map { $0.flatMap(expand) } ?? [scalar] }
    decompositions = Dictionary(uniqueKeysWithValues: mappings.keys.map { ($0, expand($0)) })
    self.compositions = compositions
    var classes: [UInt32: UInt8] = [:]
    for value in UInt32(0x300)..<0x20000 {
      guard let properties = Unicode.Scalar(value)?.properties, properties.canonicalCombiningClass != .notReordered,
        let age = properties.age, (age.major, age.minor) <= (9, 0)
      else { continue }
      classes[value] = properties.canonicalCombiningClass.rawValue
      active.insert(value)
    }
    combiningClasses = classes
    active.formUnion(Hangul.vowels)
    active.formUnion(Hangul.trailing)
    let members = active
    self.active = FrozenTable(count: Int(Self.tableLimit / 8), repeating: 0) { bits in
      for scalar in members { bits[Int(scalar >> 3)] |= 1 << UInt8(scalar & 7) }
    }
  }

  private enum Hangul {
    static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    static let leading: ClosedRange<UInt32> = 0x1100...0x1112
    static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
    static let trailing: ClosedRange<UInt32> = 0x11A8...0x11C2
  }

  private func isActive(_ scalar: UInt32) -> Bool {
    scalar < Self.tableLimit && active.base[Int(scalar >> 3)] >> UInt8(scalar & 7) & 1 != 0
  }

  /// The normalized form of well-formed UTF-8, or nil where the text is in form C already.
  func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    var copied = 0
    var offset = 0
    while let active = firstActive(in: text, from: offset) {
      // A stretch that can change: from the scalar before the first active one to the next that is not active. Both its
      // sides stand by themselves, since what is not active neither composes backwards nor is reordered.
      let start = active - (text.scalar(endingAt: active)?.length ?? 0)
      offset = endOfActive(in: text, from: active)
      if isComposed(text, from: start, to: offset) { continue }
      if output.isEmpty { output.reserveCapacity(text.count) }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied..<start]))
      compose(text, from: start, to: offset, into: &output)
      copied = offset
    }
    if copied == 0 { return nil }
    output.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied...]))
    return output
  }

  /// Whether a stretch is surely in form C: nothing in it decomposes, is out of order or may compose. Most marks of Arabic and
  /// the Indic scripts stand so.
  private func isComposed(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Bool {
    var starter: UInt32?
    var lastClass: UInt8 = 0
    var offset = start
    while offset < end, let (scalar, length) = text.scalar(at: offset) {
      let value = scalar.value
      let combiningClass = combiningClasses[value] ?? 0
      if decompositions[value] != nil || Hangul.syllables.contains(value) { return false }
      if combiningClass > 0, combiningClass < lastClass { return false }
      if let starter, composite(starter, value) != nil { return false }
      if combiningClass == 0 { starter = value }
      lastClass = combiningClass
      offset += length
    }
    return true
  }

  private func firstActive(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard let base = text.baseAddress else { return nil }
    var offset = start
    while offset < text.count {
      if offset + 8 <= text.count, UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
        offset += 8
      } else if base[offset] < 0x80 {
        offset += 1
      } else if base[offset] < Self.firstActiveLead {
        offset += 2
      } else {
        let (value, length) = ScanText.decode(base + offset)
        if isActive(value) { return offset }
        offset += length
      }
    }
    return nil
  }

  private func endOfActive(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var offset = start
    while let (scalar, length) = text.scalar(at: offset), isActive(scalar.value) { offset += length }
    return offset
  }

  /// Decomposes, orders and composes one stretch.
  private func compose(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, into output: inout [UInt8]) {
    var scalars: [(value: UInt32, combiningClass: UInt8)] = []
    var offset = start
    while offset < end, let (scalar, length) = text.scalar(at: offset) {
      decompose(scalar.value) { scalars.append(($0, combiningClasses[$0] ?? 0)) }
      offset += length
    }
    order(&scalars)
    for scalar in composed(scalars) {
      output.append(contentsOf: Unicode.UTF8.encode(Unicode.Scalar(scalar)!)!)  // because compositions of scalars are scalars
    }
  }

  private func decompose(_ scalar: UInt32, _ emit: (UInt32) -> Void) {
    if Hangul.syllables.contains(scalar) {
      let index = scalar - Hangul.syllables.lowerBound
      emit(Hangul.leading.lowerBound + index / 588)
      emit(Hangul.vowels.lowerBound + index % 588 / 28)
      if index % 28 > 0 { emit(Hangul.trailing.lowerBound - 1 + index % 28) }
    } else if let mapping = decompositions[scalar] {
      mapping.forEach(emit)
    } else {
      emit(scalar)
    }
  }

  /// Canonical ordering: a stable sort of every run of marks by their class.
  private func order(_ scalars: inout [(value: UInt32, combiningClass: UInt8)]) {
    var start = 0
    while start < scalars.count {
      let end = scalars[start...].firstIndex { $0.combiningClass == 0 } ?? scalars.count
      if end - start > 1 {
        // Places break ties, because the standard library does not promise a stable sort.
        let sorted = scalars[start..<end].enumerated().sorted {
          ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
        }
        scalars.replaceSubrange(start..<end, with: sorted.map(\.element))
      }
      start = end + 1
    }
  }

  /// Canonical composition: each scalar joins the last starter where the pair composes and nothing between blocks it.
  private func composed(_ scalars: [(value: UInt32, combiningClass: UInt8)]) -> [UInt32] {
    var result: [UInt32] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for (value, combiningClass) in scalars {
      if let at = starter, at == result.count - 1 || lastClass < combiningClass, let composite = composite(result[at], value) {
        result[at] = composite
        continue
      }
      if combiningClass == 0 { starter = result.count }
      lastClass = combiningClass
      result.append(value)
    }
    return result
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if Hangul.leading.contains(first), Hangul.vowels.contains(second) {
      return Hangul.syllables.lowerBound + ((first - Hangul.leading.lowerBound) * 21 + second - Hangul.vowels.lowerBound) * 28
    }
    if Hangul.trailing.contains(second), Hangul.syllables.contains(first), (first - Hangul.syllables.lowerBound) % 28 == 0 {
      return first + second - Hangul.trailing.lowerBound + 1
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
