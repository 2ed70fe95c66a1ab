import Kernels
import LanguageModels
import SystemPackage
import Testing

struct SafetensorsTests {
  private func file(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8) + data
  }

  @Test func what_is_written_is_read_back_and_the_same_tensors_give_the_same_bytes() throws {
    let folder = try TemporaryFolder()
    let subnormal = Float.leastNormalMagnitude / 4
    let a: [Float] = [1, -2.5, 3, .infinity, 0, subnormal], b: [Float] = [7]
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        let tensors = [
          SafetensorsWriter.Tensor(name: "a.weight", shape: [2, 3], values: a.baseAddress!),  // not empty
          SafetensorsWriter.Tensor(name: "b", shape: [], values: b.baseAddress!),
          SafetensorsWriter.Tensor(name: "empty", shape: [0, 4], values: b.baseAddress!),
        ]
        #expect(throws: Never.self) {
          try SafetensorsWriter.write(tensors, to: folder.path.appending("one"))
          try SafetensorsWriter.write(tensors, to: folder.path.appending("two"))
          try SafetensorsWriter.write(
            tensors, to: folder.path.appending("half"), storedAs: .bfloat16, metadata: ["z": "é", "format": "pt"])
        }
      }
    }
    let bytes = try folder.read("one")
    #expect(try folder.read("two") == bytes)
    let header = Int(bytes[0]) + Int(bytes[1]) << 8
    #expect(header % 8 == 0 && bytes.count == 8 + header + 28)
    #expect(
      String(decoding: bytes[8..<8 + header], as: UTF8.self).hasPrefix(
        #"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F32","shape":[],"#))
    let shapes: [(name: String, shape: [Int])] = [("a.weight", [2, 3]), ("b", []), ("empty", [0, 4])]
    #expect(SafetensorsWriter.byteCount(shapes) == bytes.count)

    let one = try SafetensorsFile(folder.path.appending("one")), half = try SafetensorsFile(folder.path.appending("half"))
    #expect(one.names == ["a.weight", "b", "empty"] && one.shape(of: "a.weight") == [2, 3] && one.metadata == ["format": "pt"])
    #expect(half.metadata == ["format": "pt", "z": "é"])
    var values = [Float](repeating: 9, count: 6)
    try values.withUnsafeMutableBufferPointer { try one.read("a.weight", into: $0) }
    #expect(values == a)
    try values.withUnsafeMutableBufferPointer { try half.read("a.weight", into: $0) }
    #expect(values[0..<5] == a[0..<5] && values[5] == subnormal)
  }

  @Test func half_precision_is_widened_even_from_odd_addresses() throws {
    let folder = try TemporaryFolder()
    // The tensor of one byte in front puts the next on an odd offset, which other writers may do.
    let header = #"""
      {"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"h":{"dtype":"F16","shape":[2],"data_offsets":[1,5]},
      "b":{"dtype":"BF16","shape":[1],"data_offsets":[5,7]}}
      """#
    try folder.write(file(header, [0, 0x00, 0x3C, 0x00, 0xC1, 0x80, 0x3F]), "m")
    let tensors = try SafetensorsFile(folder.path.appending("m"))
    var values: [Float] = [0, 0]
    try values.withUnsafeMutableBufferPointer { try tensors.read("h", into: $0) }
    #expect(values == [1, -2.5])
    var one: [Float] = [0]
    try one.withUnsafeMutableBufferPointer { try tensors.read("b", into: $0) }
    #expect(one == [1])
    #expect(
      message { try one.withUnsafeMutableBufferPointer { try tensors.read("x", into: $0) } }
        == "\(folder.path)/m: Tensor x is of U8, which is no weight of a model in F32, F16 or BF16. "
        + "A quantised model must be turned back into one of these.")
    #expect(
      message { try one.withUnsafeMutableBufferPointer { try tensors.read("h", into: $0) } }
        == "\(folder.path)/m: Tensor h has 2 elements, not 1.")
    #expect(
      message { try one.withUnsafeMutableBufferPointer { try tensors.read("y", into: $0) } } == "\(folder.path)/m: Tensor y is missing.")
  }

  static let damaged = "The file is damaged or was not copied whole."
  static let hostile: [(header: String, data: Int, length: UInt64?, expected: String)] = [
    ("", 0, 100_000_001, "The header is said to be 100000001 bytes long; the format allows 100000000. \(damaged)"),
    ("", 0, .max, "The header is said to be 18446744073709551615 bytes long; the format allows 100000000. \(damaged)"),
    ("{}", 0, 3, "The header is said to end at byte 11, but the file has 10 bytes. \(damaged)"),
    ("[]", 0, nil, "The header is an array; it must be an object."),
    (#"{"a":{}}"#, 0, nil, "Tensor a, header byte 13: it must have dtype, shape and two data_offsets."),
    (
      #"{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,1]}}"#, 1, nil,
      "Tensor a: its dtype \"Q4\" is unknown. Save the model as F32, F16 or BF16."
    ),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, nil, "Tensor a: its shape [-1] must hold whole numbers from 0 on."),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4, nil,
      "Tensor a: its shape [4294967296, 4294967296] is larger than any memory."
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, nil,
      "Tensor a: its bytes 0 to 8 lie outside the data, which has 4 bytes. \(damaged)"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, nil,
      "Tensor a: its bytes 4 to 0 lie outside the data, which has 4 bytes. \(damaged)"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, nil,
      "Tensor a: its shape [2] of F32 takes 8 bytes, but it is given 4."
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, nil,
      "Tensor b begins at byte 115, inside tensor a, which ends at byte 119."
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, nil, "Bytes 62 to 66, before tensor a, belong to no tensor."),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, nil, "Bytes 66 to 70, after tensor a, belong to no tensor."),
    ("{}", 8, nil, "Bytes 10 to 18, after the header, belong to no tensor."),
  ]

  @Test(arguments: hostile.indices)
  func a_header_that_does_not_describe_its_file_is_refused_with_tensor_and_byte(_ index: Int) throws {
    let (header, data, length, expected) = Self.hostile[index]
    let folder = try TemporaryFolder()
    try folder.write(file(header, [UInt8](repeating: 0, count: data), length: length), "m")
    #expect(message { _ = try SafetensorsFile(folder.path.appending("m")) } == "\(folder.path)/m: \(expected)")
  }

  @Test func a_file_that_is_too_short_is_no_json_or_is_not_there_is_refused() throws {
    let folder = try TemporaryFolder(), path = folder.path.appending("m")
    #expect(message { _ = try SafetensorsFile(path) } == "\(path): It cannot be opened: No such file or directory.")
    try folder.write([], "m")
    #expect(
      message { _ = try SafetensorsFile(path) }
        == "\(path): The file has 0 bytes; a safetensors file begins with 8 bytes that hold its header's length.")
    try folder.write(file(#"{"a":}"#), "m")
    #expect(message { _ = try SafetensorsFile(path) }.hasPrefix("\(path): The header is no JSON: byte 13: "))
    try folder.write(file(#"{"a":1,"a":2}"#), "m")
    #expect(message { _ = try SafetensorsFile(path) }.contains("the key \"a\" stands twice in one object"))
    #expect(message { _ = try SafetensorsFile(folder.path) } == "\(folder.path): It is no regular file.")
    #expect(
      message { try SafetensorsWriter.write([], to: folder.path.appending("none/m")) }
        == "\(folder.path)/none/m: It cannot be created: No such file or directory.")
  }

  @Test func every_prefix_and_every_flipped_bit_of_a_header_is_read_or_refused_without_a_crash() throws {
    let folder = try TemporaryFolder()
    let whole = file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 128, 63])
    var refused = 0
    for count in 0..<whole.count {
      try folder.write(Array(whole[..<count]), "m")
      #expect(throws: ModelError.self) { try SafetensorsFile(folder.path.appending("m")) }
    }
    for bit in 0..<8 * (whole.count - 4) {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      try folder.write(bytes, "m")
      do {
        _ = try SafetensorsFile(folder.path.appending("m"))
      } catch {
        refused += 1
      }
    }
    #expect(refused > 300)
  }
}
