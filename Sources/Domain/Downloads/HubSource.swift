/// A repository of the Hugging Face Hub, as users write it: `hf:OWNER/NAME` for a dataset, `hf-model:OWNER/NAME` for a model.
package struct HubSource: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable { case dataset, model }

  package var kind: Kind
  /// `OWNER/NAME`; a few old datasets have a name alone.
  package var repository: String

  package init(kind: Kind, repository: String) {
    self.kind = kind
    self.repository = repository
  }

  package static let datasetPrefix = "hf:"
  package static let modelPrefix = "hf-model:"

  /// Whether a model's name in a config is that of a repository, OWNER/NAME, as other trainers have it.
  package static func looksLikeModel(_ name: String) -> Bool { name.contains("/") && HubSource(modelPrefix + name) != nil }

  /// - Returns: nil where the text is of another form. Presets are `DatasetPreset`'s.
  package init?(_ text: String) {
    let (kind, rest): (Kind, Substring)
    if text.hasPrefix(Self.modelPrefix) {
      (kind, rest) = (.model, text.dropFirst(Self.modelPrefix.count))
    } else if text.hasPrefix(Self.datasetPrefix) {
      (kind, rest) = (.dataset, text.dropFirst(Self.datasetPrefix.count))
    } else {
      return nil
    }
    guard Self.isRepository(rest) else { return nil }
    self.init(kind: kind, repository: String(rest))
  }

  /// The Hub's rule (huggingface_hub, utils/_validators.py): letters, digits, `-`, `_` and `.`, no `--` and no `..`, neither `-` nor
  /// `.` at an end, at most 96 characters.
  private static func isRepository(_ text: Substring) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), text.utf8.count <= 96, !text.contains("--"), !text.contains("..") else { return false }
    return parts.allSatisfy { part in
      guard let first = part.first, let last = part.last, !"-.".contains(first), !"-.".contains(last) else { return false }
      return part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
      }
    }
  }

  /// The repository's own part of its name: what a dataset is called that is asked for without a name.
  package var name: String { repository.split(separator: "/").last.map(String.init) ?? repository }

  /// Its page, for people.
  package func page(endpoint: String) -> String { endpoint + (kind == .dataset ? "/datasets/" : "/") + repository }
}

extension HubSource: CustomStringConvertible {
  package var description: String { (kind == .dataset ? Self.datasetPrefix : Self.modelPrefix) + repository }
}
