import Kernels
import Testing

struct ConversionTests {
  @Test func every_bfloat16_widens_exactly_and_comes_back() {
    let all = (0...UInt32(UInt16.max)).map { UInt16($0) }
    var wide = [Float](repeating: 0, count: all.count), back = [UInt16](repeating: 0, count: all.count)
    Conversion.bfloat16ToFloat(&wide, all, count: all.count)
    #expect(zip(all, wide).allSatisfy { UInt32($0) << 16 == $1.bitPattern })
    Conversion.floatToBFloat16(&back, wide, count: all.count)
    for (index, value) in all.enumerated() {
      if wide[index].isNaN {
        #expect(Float(bitPattern: UInt32(back[index]) << 16).isNaN)
      } else {
        #expect(back[index] == value)
      }
    }
  }

  @Test func every_float16_widens_exactly() {
    let all = (0...UInt32(UInt16.max)).map { UInt16($0) }
    var wide = [Float](repeating: 0, count: all.count)
    Conversion.float16ToFloat(&wide, all, count: all.count)
    for (value, float) in zip(all, wide) {
      let expected = Float(Float16(bitPattern: value))
      #expect(expected.isNaN ? float.isNaN : float.bitPattern == expected.bitPattern)
    }
  }

  @Test func rounding_to_bfloat16_takes_the_nearest_and_of_two_the_even() {
    let cases: [(Float, UInt32)] = [
      (Float(bitPattern: 0x3F80_7FFF), 0x3F80), (Float(bitPattern: 0x3F80_8000), 0x3F80), (Float(bitPattern: 0x3F80_8001), 0x3F81),
      (Float(bitPattern: 0x3F81_8000), 0x3F82), (Float(bitPattern: 0x3FFF_FFFF), 0x4000), (-.infinity, 0xFF80),
      (.greatestFiniteMagnitude, 0x7F80), (0, 0), (-0.0, 0x8000),
    ]
    var rounded = [UInt16](repeating: 0, count: cases.count)
    Conversion.floatToBFloat16(&rounded, cases.map(\.0), count: cases.count)
    #expect(rounded.map(UInt32.init) == cases.map(\.1))
  }
}

struct CPUFeaturesTests {
  @Test func features_are_named_as_in_cpuinfo() {
    #expect(CPUFeatures([.avx2, .avx512f, .amxBF16]).description == "avx2 avx512f amx_bf16")
    #expect(CPUFeatures([]).description == "none")
  }

  @Test func the_kernels_clone_agrees_with_the_features() {
    let detected = CPUFeatures.detected
    #expect((CPUFeatures.kernelClone == "x86-64-v4") == detected.contains([.avx512f, .avx512bw]))
    #expect(["x86-64-v4", "x86-64-v3", "default"].contains(CPUFeatures.kernelClone))
    #expect(CPUFeatures.productLibraryVersion.split(separator: ".").count == 3)
  }
}

struct ArenaTests {
  @Test func slots_are_aligned_apart_and_zero() throws {
    var layout = ArenaLayout()
    let bytes = layout.reserve(UInt8.self, 3), floats = layout.floats(5), ints = layout.reserve(Int32.self, 100)
    #expect(layout.byteCount == 64 + 64 + 448)
    let arena = try Arena(layout)
    for slot in [bytes, floats, ints] { #expect(Int(bitPattern: arena.pointer(slot, as: UInt8.self)) % 64 == 0) }
    #expect((0..<5).allSatisfy { arena.floats(floats)[$0] == 0 })
    arena.pointer(bytes, as: UInt8.self).update(repeating: 255, count: 3)
    arena.floats(floats).update(repeating: 2, count: 5)
    #expect((0..<100).allSatisfy { arena.pointer(ints, as: Int32.self)[$0] == 0 })
    #expect((0..<3).allSatisfy { arena.pointer(bytes, as: UInt8.self)[$0] == 255 })
  }

  @Test func memory_that_cannot_be_had_is_an_error_that_says_so() {
    #expect(throws: ArenaError(byteCount: 1 << 60, errorNumber: 12)) { try Arena(byteCount: 1 << 60) }
    #expect(
      ArenaError(byteCount: 1000, errorNumber: 12).description
        == "1000 bytes of memory were refused: Cannot allocate memory. "
        + "A smaller batch, a shorter sequence length or a smaller model needs less.")
  }
}
