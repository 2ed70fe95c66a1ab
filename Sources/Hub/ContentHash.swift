import CCrypto
import Domain
import Platform
import SystemPackage

/// The hash by which the Hub knows a file's content: SHA-256 of a large file's bytes (LFS), of others git's blob hash,
/// SHA-1 of `blob `, the size, a NUL byte and the bytes. Its number of digits tells which.
struct ContentHash: ~Copyable {
  enum Kind: Sendable, Equatable {
    case sha256, gitBlob

    /// nil where the text is none of the two.
    init?(of hash: String) {
      guard hash.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
      switch hash.utf8.count {
      case 64: self = .sha256
      case 40: self = .gitBlob
      default: return nil
      }
    }

    var title: String { self == .sha256 ? "SHA-256" : "git's blob SHA-1" }
  }

  private let context: OpaquePointer

  init(_ kind: Kind, size: Int) {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, kind == .sha256 ? EVP_sha256() : EVP_sha1(), nil) == 1 else {
      fatalError("libcrypto gave no hash: the library is broken, and no file could be checked")
    }
    self.context = context
    if kind == .gitBlob { Array("blob \(size)\0".utf8).withUnsafeBytes { update($0) } }
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) { _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

  consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 64)
    var length: UInt32 = 0
    EVP_DigestFinal_ex(context, &digest, &length)
    return Array(digest[..<Int(length)]).hexadecimal
  }

  /// Of a file, read in pieces; nil where the work was stopped.
  static func of(_ path: FilePath, _ kind: Kind, size: Int, _ files: some FileSystem, isStopped: () -> Bool) throws -> String? {
    let file = try files.open(path, .reading)
    let hash = ContentHash(kind, size: size)
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    do throws(SystemError) {
      while true {
        if isStopped() {
          try files.close(file)
          return nil
        }
        let count = try files.readChunk(file, &chunk)
        if count == 0 { break }
        chunk.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      }
    } catch {
      try? files.close(file)  // the read's error is the one to tell
      throw error
    }
    try files.close(file)
    return hash.finish()
  }
}
