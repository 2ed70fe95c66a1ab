import CCrypto
import Platform
import StrictJSON

/// A repository of the mock: commits, each with its files, and names that stand for commits.
package struct MockRepository: Sendable {
  package enum Kind: String, Sendable { case dataset, model }

  package struct File: Sendable {
    package let bytes: [UInt8]
    /// Kept in a store of its own, known by SHA-256 (LFS); else in git, known by the blob's SHA-1.
    package let isLarge: Bool
    package let sha256: String
    /// git's hash of the blob; of a large file that of its pointer, which git has in its place.
    package let oid: String

    package init(_ bytes: [UInt8], isLarge: Bool = false) {
      self.bytes = bytes
      self.isLarge = isLarge
      sha256 = SHA256.hash(bytes)
      oid = MockRepository.blobHash(isLarge ? Array(Self.pointer(sha256, bytes.count).utf8) : bytes)
    }

    package init(_ text: String, isLarge: Bool = false) { self.init(Array(text.utf8), isLarge: isLarge) }

    package var etag: String { isLarge ? sha256 : oid }
    var pointer: String { Self.pointer(sha256, bytes.count) }

    private static func pointer(_ hash: String, _ size: Int) -> String {
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(hash)\nsize \(size)\n"
    }
  }

  package var kind: Kind
  package var id: String
  /// Oldest first; the last is what `main` stands for, unless `references` says otherwise.
  package private(set) var commits: [(sha: String, files: [String: File])] = []
  package var references: [String: String] = [:]
  /// The front matter of its README.md.
  package var card: JSONNode?
  /// "auto" or "manual": open only to tokens that were let in.
  package var gated: String?
  package var isPrivate = false
  package var isDisabled = false
  /// Names under which it was known before.
  package var formerIDs: [String] = []

  package init(_ kind: Kind, _ id: String, card: JSONNode? = nil, files: [String: File]) {
    self.kind = kind
    self.id = id
    self.card = card
    commit(files)
  }

  /// A new commit with these files; `main` stands for it.
  @discardableResult
  package mutating func commit(_ files: [String: File]) -> String {
    let sha = Self.blobHash(Array("\(id) commit \(commits.count)".utf8))
    commits.append((sha, files))
    references["main"] = sha
    return sha
  }

  /// Another content in every commit, as no honest Hub would have it.
  package mutating func replace(_ path: String, with file: File) {
    for at in commits.indices where commits[at].files[path] != nil { commits[at].files[path] = file }
  }

  /// The commit that a name stands for: a branch, a tag or the commit's own.
  func commit(named name: String) -> (sha: String, files: [String: File])? {
    let sha = references[name] ?? name
    return commits.first { $0.sha == sha }
  }

  /// SHA-1 of `blob `, the size, a NUL byte and the bytes.
  package static func blobHash(_ bytes: [UInt8]) -> String {
    let whole = Array("blob \(bytes.count)\0".utf8) + bytes
    var digest = [UInt8](repeating: 0, count: 20)
    var length: UInt32 = 0
    EVP_Digest(whole, whole.count, &digest, &length, EVP_sha1(), nil)
    return digest.hexadecimal
  }
}
