import Kernels
import StrictJSON
import SystemPackage

/// Writes a safetensors file: the tensors in the order given, close behind one another, behind a header padded with spaces to a
/// multiple of 8. The same tensors give the same bytes.
package enum SafetensorsWriter {
  package struct Tensor {
    package let name: String
    package let shape: [Int]
    /// As many floats as the shape says; read while writing.
    package let values: UnsafePointer<Float>
    /// Whose memory that is, kept alive with the tensor.
    private let owner: AnyObject?

    package init(name: String, shape: [Int], values: UnsafePointer<Float>, owner: AnyObject? = nil) {
      self.name = name
      self.shape = shape
      self.values = values
      self.owner = owner
    }

    var count: Int { shape.reduce(1, *) }
  }

  /// Creates or replaces the file, writes it and waits until it is on the disk. That it appears whole is the caller's business: write
  /// into a folder that is not published yet.
  ///
  /// - metadata: strings of the header. transformers refuses files without `format`.
  package static func write(
    _ tensors: [Tensor], to path: FilePath, storedAs precision: StoredPrecision = .float32, metadata: [String: String] = ["format": "pt"]
  ) throws(ModelError) {
    let file = try OutputFile(creating: path)
    try file.write(header(tensors, precision, metadata))
    for tensor in tensors {
      switch precision {
      case .float32: try file.write(UnsafeRawBufferPointer(start: tensor.values, count: 4 * tensor.count))
      case .bfloat16: try writeRounded(tensor, to: file)
      }
    }
    try file.synchronize()
  }

  /// Bytes that the file will have.
  package static func byteCount(
    _ shapes: [(name: String, shape: [Int])], storedAs precision: StoredPrecision = .float32, metadata: [String: String] = ["format": "pt"]
  ) -> Int {
    headerBytes(shapes, precision, metadata).count + shapes.reduce(0) { $0 + $1.shape.reduce(precision.byteCount, *) }
  }

  private static func header(_ tensors: [Tensor], _ precision: StoredPrecision, _ metadata: [String: String]) -> [UInt8] {
    headerBytes(tensors.map { ($0.name, $0.shape) }, precision, metadata)
  }

  private static func headerBytes(
    _ tensors: [(name: String, shape: [Int])], _ precision: StoredPrecision, _ metadata: [String: String]
  ) -> [UInt8] {
    var members: [(String, JSONNode)] = []
    if !metadata.isEmpty {
      members.append(("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
    }
    var offset = 0
    for (name, shape) in tensors {
      let end = offset + shape.reduce(precision.byteCount, *)
      members.append(
        (
          name,
          .object([
            ("dtype", .string(precision.safetensorsName)), ("shape", JSONNode(.array(shape.map { .number($0) }))),
            ("data_offsets", [.number(offset), .number(end)]),
          ])
        ))
      offset = end
    }
    var text = Array(JSONNode.object(members).text().utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  private static let piece = 1 << 20

  private static func writeRounded(_ tensor: Tensor, to file: OutputFile) throws(ModelError) {
    var buffer = [UInt16](repeating: 0, count: min(piece, tensor.count))
    for start in stride(from: 0, to: tensor.count, by: piece) {
      let count = min(piece, tensor.count - start)
      let written = buffer.withUnsafeMutableBufferPointer { buffer in
        Result { () throws(ModelError) in
          guard let base = buffer.baseAddress else { return }
          Conversion.floatToBFloat16(base, tensor.values + start, count: count)
          try file.write(UnsafeRawBufferPointer(start: base, count: 2 * count))
        }
      }
      try written.get()
    }
  }
}
