import StrictJSON

/// The header of a safetensors file: which tensors lie where. The format, huggingface/safetensors README: 8 bytes of little-endian
/// length, that many bytes of JSON (name → dtype, shape, data_offsets from the byte behind the header), then the data.
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable, Equatable {
    let name: String
    /// "F32", "BF16", …
    let type: String
    let shape: [Int]
    /// Bytes from the beginning of the file.
    let range: Range<Int>

    var count: Int { shape.reduce(1, *) }
  }

  /// In the order of their bytes.
  let entries: [Entry]
  let metadata: [String: String]

  /// The longest header that safetensors itself accepts.
  static let maximumLength = 100_000_000

  /// Bytes of an element; what is not listed is refused.
  static let elementSizes = [
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
    "F8_E4M3": 1, "F8_E5M2": 1,
  ]

  /// Reads and checks the header of a whole file's bytes: every offset inside the file, every tensor as long as its shape says, no
  /// overlap, no gap, nothing behind the last tensor.
  init(_ file: UnsafeRawBufferPointer) throws(ModelError) {
    guard file.count >= 8 else {
      throw Self.invalid("The file has \(file.count) bytes; a safetensors file begins with 8 bytes that hold its header's length.")
    }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumLength) else {
      throw Self.invalid("The header is said to be \(length) bytes long; the format allows \(Self.maximumLength).", hint: Self.damaged)
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= file.count else {
      throw Self.invalid(
        "The header is said to end at byte \(dataStart), but the file has \(file.count) bytes.", hint: Self.damaged)
    }
    let node: JSONNode
    do {
      node = try JSONParser.parse(UnsafeRawBufferPointer(rebasing: file[8..<dataStart]).bindMemory(to: UInt8.self))
    } catch {
      throw Self.invalid("The header is no JSON: byte \(8 + error.byte): \(error.message).", hint: Self.damaged)
    }
    guard let object = node.object else { throw Self.invalid("The header is \(node.kindName); it must be an object.") }
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    for member in object.members {
      if member.key == "__metadata__" {
        for pair in member.node.object?.members ?? [] { metadata[pair.key] = pair.node.string }
      } else {
        entries.append(try Self.entry(member.key, member.node, dataStart: dataStart, fileSize: file.count))
      }
    }
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try Self.checkCoverage(entries, dataStart: dataStart, fileSize: file.count)
    self.entries = entries
    self.metadata = metadata
  }

  private static func entry(_ name: String, _ node: JSONNode, dataStart: Int, fileSize: Int) throws(ModelError) -> Entry {
    guard let type = node["dtype"]?.string, let shapeNodes = node["shape"]?.array, let offsets = node["data_offsets"]?.array,
      offsets.count == 2, let begin = offsets[0].int, let end = offsets[1].int
    else {
      throw invalid("Tensor \(name), header byte \(8 + node.byte): it must have dtype, shape and two data_offsets.")
    }
    guard let elementSize = elementSizes[type] else {
      throw invalid("Tensor \(name): its dtype \"\(type)\" is unknown.", hint: "Save the model as F32, F16 or BF16.")
    }
    var shape: [Int] = []
    var bytes = elementSize
    for shapeNode in shapeNodes {
      guard let dimension = shapeNode.int, dimension >= 0 else {
        throw invalid("Tensor \(name): its shape \(node["shape"]?.text() ?? "") must hold whole numbers from 0 on.")
      }
      shape.append(dimension)
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw invalid("Tensor \(name): its shape \(shape) is larger than any memory.") }
      bytes = product
    }
    guard begin >= 0, end >= begin, end <= fileSize - dataStart else {
      throw invalid(
        "Tensor \(name): its bytes \(begin) to \(end) lie outside the data, which has \(fileSize - dataStart) bytes.", hint: damaged)
    }
    guard end - begin == bytes else {
      throw invalid("Tensor \(name): its shape \(shape) of \(type) takes \(bytes) bytes, but it is given \(end - begin).")
    }
    return Entry(name: name, type: type, shape: shape, range: dataStart + begin..<dataStart + end)
  }

  private static func checkCoverage(_ entries: [Entry], dataStart: Int, fileSize: Int) throws(ModelError) {
    var place = dataStart
    var previous = "the header"
    for entry in entries {
      if entry.range.lowerBound < place {
        throw invalid("Tensor \(entry.name) begins at byte \(entry.range.lowerBound), inside \(previous), which ends at byte \(place).")
      }
      if entry.range.lowerBound > place {
        throw invalid("Bytes \(place) to \(entry.range.lowerBound), before tensor \(entry.name), belong to no tensor.")
      }
      place = entry.range.upperBound
      previous = "tensor \(entry.name)"
    }
    if place < fileSize { throw invalid("Bytes \(place) to \(fileSize), after \(previous), belong to no tensor.") }
  }

  private static let damaged = "The file is damaged or was not copied whole."

  private static func invalid(_ message: String, hint: String = "") -> ModelError {
    ModelError(.invalidSafetensors, message, hint: hint)
  }
}
