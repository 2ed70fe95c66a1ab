/// What numbers the large products of a pass are made in. Parameters, gradients, moments and the residual stream are f32 always.
package enum Precision: String, Sendable, Hashable, CaseIterable {
  case float32
  /// Operands rounded to bf16, sums in f32.
  case bfloat16

  /// What a job gets: bf16 where it was asked for and the processor has instructions for it.
  package static func chosen(wantsBFloat16: Bool, on features: CPUFeatures = .detected) -> Precision {
    wantsBFloat16 && hasBFloat16Instructions(features) ? .bfloat16 : .float32
  }

  /// Whether bf16 is quicker than f32 on this processor: it has instructions for it. Without them oneDNN emulates, right but slow.
  package static func hasBFloat16Instructions(_ features: CPUFeatures = .detected) -> Bool {
    !features.isDisjoint(with: [.avx512bf16, .amxBF16])
  }

  /// How the products are made here, "AMX bf16", "AVX-512 bf16", "AVX-512", "AVX2" or "plain": what the doctor says. oneDNN chooses
  /// by the same bits of CPUID.
  package func path(on features: CPUFeatures = .detected) -> String {
    if self == .bfloat16 {
      if features.contains([.amxTile, .amxBF16]) { return "AMX bf16" }
      if features.contains(.avx512bf16) { return "AVX-512 bf16" }
    }
    if features.contains([.avx512f, .avx512bw]) { return "AVX-512" }
    return features.contains([.avx2, .fma]) ? "AVX2" : "plain"
  }

  /// "f32 by AVX-512, bf16 by AVX-512 bf16; oneDNN 2.6.3": for people. bf16 that would be emulated is not used.
  package static func paths(on features: CPUFeatures = .detected) -> String {
    let rounded = hasBFloat16Instructions(features) ? Precision.bfloat16.path(on: features) : "no instructions, f32 in its place"
    return "f32 by \(Precision.float32.path(on: features)), bf16 by \(rounded); oneDNN \(CPUFeatures.productLibraryVersion)"
  }
}
