/// What the pre-tokenizers' patterns ask of a scalar: `\p{L}`, `\p{N}`, `\s`, or none of them.
struct ScalarClass: Equatable, Sendable {
  /// Two bits. (An enum would be read back from its bits through a jump table.)
  let bits: UInt8

  @inline(__always) static var other: ScalarClass { ScalarClass(bits: 0) }
  @inline(__always) static var letter: ScalarClass { ScalarClass(bits: 1) }
  @inline(__always) static var number: ScalarClass { ScalarClass(bits: 2) }
  @inline(__always) static var space: ScalarClass { ScalarClass(bits: 3) }
}
