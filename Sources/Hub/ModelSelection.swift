import Domain

/// Which files of a model's repository are taken: configuration, tokenizer and weights in safetensors.
struct ModelSelection {
  let wish: DownloadWish
  let files: [HubFile]
  let client: HubClient

  private static let patterns = [
    "*.json", "*.safetensors", "*.txt", "*.jinja", "*.model", "README.md", "LICENSE*", "chat_templates/**", "additional_chat_templates/**",
  ].map(PathPattern.init)

  /// - Throws: `Problem` where it is no model that can be used here.
  func choose() throws -> [DownloadPlan.File] {
    let patterns = wish.files.isEmpty ? Self.patterns : wish.files.map(PathPattern.init)
    let chosen = files.filter { file in
      !file.path.hasPrefix(".") && patterns.contains { $0.matches(file.path) }
    }.sorted { $0.path < $1.path }
    let page = "\(client.page)/tree/\(wish.revision)"
    guard chosen.contains(where: { $0.path == "config.json" }) else {
      throw Problem(
        "hub.no-model", "\(wish.source) has no config.json at its top", mend: "Look at \(page) whether it is a model of transformers.")
    }
    guard chosen.contains(where: { $0.path.hasSuffix(".safetensors") }) else {
      throw Problem(
        "hub.no-model", "\(wish.source) has no weights in safetensors",
        why: "other forms can run programs when they are opened, and are never taken",
        mend: "Look at \(page) for another revision or a conversion (\"revision\": \"refs/pr/1\" often is one).")
    }
    let bytes = chosen.reduce(0) { $0 + $1.size }
    if let most = wish.maximumBytes, bytes > most {
      throw Problem(
        "hub.too-large", "\(wish.source) has \(Figures.grouped(bytes)) bytes, more than the \(Figures.grouped(most)) allowed",
        at: .init(field: "max_bytes"), mend: "Raise \"max_bytes\": of a model every file is needed.")
    }
    return chosen.map { DownloadPlan.File(path: $0.path, size: $0.size, hash: $0.hash, split: nil) }
  }
}
