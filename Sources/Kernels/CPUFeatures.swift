import CDNNL
import CKernels

/// What the processor offers, as far as the operating system has enabled it for this process.
package struct CPUFeatures: OptionSet, Sendable, Hashable, CustomStringConvertible {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let avx2 = CPUFeatures(rawValue: CK_CPU_AVX2.rawValue)
  package static let fma = CPUFeatures(rawValue: CK_CPU_FMA.rawValue)
  package static let f16c = CPUFeatures(rawValue: CK_CPU_F16C.rawValue)
  package static let avx512f = CPUFeatures(rawValue: CK_CPU_AVX512F.rawValue)
  package static let avx512bw = CPUFeatures(rawValue: CK_CPU_AVX512BW.rawValue)
  package static let avx512vnni = CPUFeatures(rawValue: CK_CPU_AVX512_VNNI.rawValue)
  package static let avx512bf16 = CPUFeatures(rawValue: CK_CPU_AVX512_BF16.rawValue)
  package static let amxTile = CPUFeatures(rawValue: CK_CPU_AMX_TILE.rawValue)
  package static let amxBF16 = CPUFeatures(rawValue: CK_CPU_AMX_BF16.rawValue)
  package static let amxInt8 = CPUFeatures(rawValue: CK_CPU_AMX_INT8.rawValue)

  package static var detected: CPUFeatures { CPUFeatures(rawValue: ck_cpu_features()) }

  /// The same, asked once: CPUID leaves a virtual machine, which takes microseconds.
  package static let known = detected

  /// The clone of our kernels that run-time dispatch takes: "x86-64-v4" (AVX-512), "x86-64-v3" (AVX2) or "default".
  package static var kernelClone: String { String(cString: ck_kernel_clone()) }

  /// oneDNN's version, "2.6.3".
  package static var productLibraryVersion: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  private static let names: [(CPUFeatures, String)] = [
    (.avx2, "avx2"), (.fma, "fma"), (.f16c, "f16c"), (.avx512f, "avx512f"), (.avx512bw, "avx512bw"), (.avx512vnni, "avx512_vnni"),
    (.avx512bf16, "avx512_bf16"), (.amxTile, "amx_tile"), (.amxBF16, "amx_bf16"), (.amxInt8, "amx_int8"),
  ]

  /// The names as /proc/cpuinfo spells them, "avx2 fma avx512f"; "none" where there are none of these.
  package var description: String {
    let present = Self.names.filter { contains($0.0) }.map(\.1)
    return present.isEmpty ? "none" : present.joined(separator: " ")
  }
}
