import CCrypto
import SystemPackage

/// SHA-256 by OpenSSL's libcrypto: 1.2 to 1.9 GB/s measured, against 0.29 in plain Swift.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  package init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto gave no SHA-256: the library is broken, and no number of ours could be trusted")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  package mutating func update(_ bytes: some Sequence<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
      Array(bytes).withUnsafeBytes { update($0) }
    }
  }

  /// Lower-case hexadecimal digits, 64 of them.
  package consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    EVP_DigestFinal_ex(context, &digest, &length)
    return digest.hexadecimal
  }

  package static func hash(_ bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}

extension [UInt8] {
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

extension FileSystem {
  /// Hash and size of a file, read in pieces.
  package func sha256(of path: FilePath) throws(SystemError) -> (sha256: String, bytes: Int) {
    let file = try open(path, .reading)
    var hash = SHA256()
    var total = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    do throws(SystemError) {
      while true {
        let count = try readChunk(file, &chunk)
        if count == 0 { break }
        total += count
        chunk.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      }
    } catch {
      try? close(file)  // the read's error is the one to tell
      throw error
    }
    try close(file)
    return (hash.finish(), total)
  }
}
