import Domain
import Platform
import StrictJSON
import Tokenizers

extension Tokenization {
  /// What a job with this config needs of a dataset. A request to tokenize asks the same way, so that the two mean the same files.
  init(
    source: DataSource, configuration: Configuration, tokenizer: Tokenizer, masked: Bool, heldOutShare: Double, maximumRows: Int?,
    threads: Int, files: any FileSystem
  ) {
    let data = configuration.data
    let templates = [tokenizer.settings.chatTemplate].compactMap(\.self) + tokenizer.settings.namedChatTemplates.map(\.template)
    let chat = source.reader.isConversation ? SHA256.hash((templates.joined(separator: "\u{0}") + configuration.tools.text()).utf8) : ""
    self.init(
      source: source, tokenizer: tokenizer,
      tokenizerName: configuration.tokenizer.name ?? (configuration.model.isScratch ? "byte" : configuration.model.name),
      method: configuration.training.method, masked: masked, heldOutShare: heldOutShare, maximumRows: maximumRows,
      reading: [data.textField, data.promptField, data.completionField].map { $0 ?? "" }.joined(separator: "|")
        + "|\(tokenizer.endOfTextID ?? 0)|\(chat)|\(source.reader.sequencesOfRow)" + (source.onlySplit.map { "|\($0)" } ?? ""),
      seed: configuration.seed, maximumLength: configuration.training.maximumLength, treatment: data.treatment, threads: threads,
      files: files)
  }
}
