import Glibc
import Kernels
import SystemPackage

/// A safetensors file open for reading. The file is mapped: a tensor's bytes come from the disk when they are read.
package final class SafetensorsFile {
  package let path: FilePath
  private let header: SafetensorsHeader
  private let bytes: UnsafeRawBufferPointer

  /// Opens, maps and checks the header; the tensors' values are not looked at.
  package init(_ path: FilePath) throws(ModelError) {
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ModelError(.file, path: path.string, "It cannot be opened: \(Self.errorText).") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ModelError(.file, path: path.string, "It is no regular file.")
    }
    let size = Int(status.st_size)
    var base: UnsafeMutableRawPointer?
    if size > 0 {
      base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard base != MAP_FAILED else { throw ModelError(.file, path: path.string, "It cannot be mapped: \(Self.errorText).") }
    }
    let bytes = UnsafeRawBufferPointer(start: base, count: size)
    do {
      header = try SafetensorsHeader(bytes)
    } catch {
      if let base { munmap(base, size) }
      throw error.about(path.string)
    }
    self.path = path
    self.bytes = bytes
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  private static var errorText: String { String(cString: strerror(errno)) }

  /// Names in the order of their bytes.
  package var names: [String] { header.entries.map(\.name) }
  package var metadata: [String: String] { header.metadata }
  package func shape(of name: String) -> [Int]? { entry(name)?.shape }

  private func entry(_ name: String) -> SafetensorsHeader.Entry? { index[name].map { header.entries[$0] } }

  private lazy var index = Dictionary(
    header.entries.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { $1 })

  /// Reads a tensor as f32 to `destination`, which has room for it. F32 is copied, F16 and BF16 are widened exactly.
  package func read(_ name: String, into destination: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
    guard let entry = entry(name) else { throw ModelError(.tensorMismatch, path: path.string, "Tensor \(name) is missing.") }
    guard entry.count == destination.count else {
      throw ModelError(.tensorMismatch, path: path.string, "Tensor \(name) has \(entry.count) elements, not \(destination.count).")
    }
    guard let base = bytes.baseAddress, let output = destination.baseAddress, entry.count > 0 else { return }
    let source = base + entry.range.lowerBound
    switch entry.type {
    case "F32": UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: 4 * entry.count)
    case "BF16", "F16":
      // Offsets are multiples of 2 wherever the writer kept to the format's alignment; where not, the bytes are moved first.
      if Int(bitPattern: source) % 2 == 0 {
        widen(entry, output, source.assumingMemoryBound(to: UInt16.self))
      } else {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: entry.count) { aligned in
          guard let aligned = aligned.baseAddress else { return }
          UnsafeMutableRawPointer(aligned).copyMemory(from: source, byteCount: 2 * entry.count)
          widen(entry, output, aligned)
        }
      }
    default:
      throw ModelError(
        .invalidSafetensors, path: path.string, "Tensor \(name) is of \(entry.type), which is no weight of a model in F32, F16 or BF16.",
        hint: "A quantised model must be turned back into one of these.")
    }
  }

  private func widen(_ entry: SafetensorsHeader.Entry, _ output: UnsafeMutablePointer<Float>, _ source: UnsafePointer<UInt16>) {
    if entry.type == "BF16" {
      Conversion.bfloat16ToFloat(output, source, count: entry.count)
    } else {
      Conversion.float16ToFloat(output, source, count: entry.count)
    }
  }
}
