import DatasetFormats
import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// Prepares `RunInputs`: the phases before the first step.
struct RunPreparation {
  let order: TrainOrder
  let files: any FileSystem
  let report: (WorkerEvent) -> Void

  private var job: JobLayout { JobLayout(folder: FilePath(order.folder)) }

  func prepare() throws -> RunInputs {
    report(.phase(.loading, share: nil))
    let configBytes = try files.contents(of: job.config)
    let configuration = try Self.configuration(configBytes)
    var parts = try (order.mixture ?? [.init(dataset: order.train, ratio: 1)]).map { part in
      (source: try source(part.dataset, configuration), ratio: part.ratio)
    }
    var eval = try order.eval.map { try source($0, configuration) }
    report(.phase(.tokenizing, share: 0))
    let choice = TokenizerChoice(section: configuration.tokenizer, order: order, job: job, files: files)
    var tokenizer = try choice.tokenizer(
      sources: parts.map(\.source), maximumRows: configuration.data.rowLimit, isStopped: { WorkerProcess.stopWasAsked })
    var chat: ChatRenderer?
    if (parts.map(\.source) + [eval].compactMap(\.self)).contains(where: \.reader.isConversation) {
      tokenizer = try withTemplate(tokenizer)
      let tools = ToolDefinition.all(configuration.tools).map(\.node)
      let renderer = try ChatRenderer(
        tokenizer.settings, tools: tools.isEmpty ? nil : JSONNode(.array(tools)), now: Int(WallClock.system.now() / 1_000_000_000))
      for index in parts.indices { parts[index].source.reader = parts[index].source.reader.rendering(with: renderer) }
      if let plain = eval?.reader { eval?.reader = plain.rendering(with: renderer) }
      chat = renderer
    }
    let data = RunData(
      order: order, configuration: configuration, tokenizer: tokenizer, method: configuration.training.method.make(configuration.training),
      files: files, report: report)
    return try assemble(configuration, configBytes, tokenizer, chat, try data.make(parts: parts, eval: eval))
  }

  private func assemble(
    _ configuration: Configuration, _ configBytes: [UInt8], _ tokenizer: Tokenizer, _ chat: ChatRenderer?, _ data: RunData.Made
  ) throws -> RunInputs {
    let method = configuration.training.method.make(configuration.training)
    let seed = UInt64(configuration.seed)
    let samples = method.samples(data.train.tokens, seed: seed, shuffles: configuration.data.shuffle)
    guard data.train.card.trainedTokens > 1, !samples.isEmpty else {
      throw Problem(
        "data.nothing-to-train",
        "the dataset '\(order.train.name)' has nothing to train on: \(data.train.card.tokens) tokens, \(data.train.card.trainedTokens) of them with a loss",
        why: data.refusal ?? "rows are empty, or every completion lies beyond max_length \(configuration.training.maximumLength)",
        mend: data.refusal == nil
          ? "Look at the rows (data/ in the dataset's folder), raise training.max_length, or add rows."
          : "Mend the rows, or the chat template (chat_template.jinja in the model's folder), and drop them again.")
    }
    var remarks = data.remarks + method.remarks(samples)
    if data.eval.card.tokens < 2 {
      remarks.append(
        "Nothing is held out: the dataset is too small, its rows are all equal, or data.eval_split is 0. There is no evaluation.")
    }
    if configuration.training.bf16, !Precision.hasBFloat16Instructions() {
      remarks.append(
        "training.bf16: this processor has no instructions for bfloat16 (\(CPUFeatures.detected)); products are made in float32.")
    }
    let pinned = (order.mixture ?? []).map { "\($0.dataset.sha256) \($0.ratio)" }.joined(separator: "\n")
    return RunInputs(
      configuration: configuration, tokenizer: tokenizer, chat: chat, modelConfiguration: try modelConfiguration(configuration, tokenizer),
      trainSamples: samples, evalSamples: method.samples(data.eval.tokens, seed: seed, shuffles: false), train: data.train.card,
      eval: data.eval.card, heldOut: data.eval.tokens,
      identity: SHA256.hash(
        configBytes + Array("\(order.train.sha256)\(order.eval?.sha256 ?? "")\(order.baseModel ?? "")\(pinned)".utf8)),
      remarks: remarks)
  }

  private static func configuration(_ bytes: [UInt8]) throws -> Configuration {
    let (configuration, findings) = Configuration.decode(try JSONParser.parse(bytes), source: ConfigSource(bytes))
    if let error = findings.errors.first {
      throw Problem(
        "config.invalid", "the resolved config has an error", at: .init(field: error.field), why: error.message, mend: "Report this fault.")
    }
    return configuration
  }

  private func source(_ pin: TrainOrder.DatasetPin, _ configuration: Configuration) throws -> DataSource {
    let ingest = try PublishedJSON.decode(
      IngestResult.self, from: try files.contents(of: DatasetVersionLayout(folder: FilePath(pin.folder)).result))
    return DataSource(pin: pin, ingest: ingest, reader: try RowReader(configuration.data, ingest: ingest))
  }

  /// Conversations need a template: a tokenizer without one gets ours.
  private func withTemplate(_ tokenizer: Tokenizer) throws -> Tokenizer {
    guard tokenizer.settings.chatTemplate == nil, tokenizer.settings.namedChatTemplates.isEmpty else { return tokenizer }
    guard tokenizer.endOfTextID != nil else {
      throw Problem(
        "tokenizer.no-end", "the tokenizer has neither a chat template nor an end-of-text token, and conversations need one of them",
        mend: "Set chat_template or eos_token in its tokenizer_config.json and drop the model again.")
    }
    var settings = tokenizer.settings
    settings.chatTemplate = ChatFormat.template
    return try tokenizer.with(settings)
  }

  private func modelConfiguration(_ configuration: Configuration, _ tokenizer: Tokenizer) throws -> ModelConfiguration {
    do {
      if let base = order.baseModel {
        let model = try ModelFolder(FilePath(base)).configuration(changing: configuration.model.changesOfBase)
        try checkFit(model, tokenizer, configuration)
        // That its targets are modules of the model is known before tokens are made.
        if let adapter = configuration.training.adapter { _ = try LoRALayout(adapter, for: model.decoder.layout) }
        return model
      }
      return try ModelConfiguration(
        try ModelShape.configuration(
          configuration.model, maximumLength: configuration.training.maximumLength, vocabulary: tokenizer.vocabularySize,
          endOfText: tokenizer.endOfTextID.map(Int.init), padding: tokenizer.paddingID.map(Int.init)))
    } catch let error as ModelError {
      throw Problem(model: error)
    }
  }

  private func checkFit(_ model: ModelConfiguration, _ tokenizer: Tokenizer, _ configuration: Configuration) throws {
    let dimensions = model.dimensions
    if tokenizer.vocabularySize > dimensions.vocabularySize {
      throw Problem(
        "tokenizer.too-large", "the tokenizer has \(tokenizer.vocabularySize) entries, the model \(dimensions.vocabularySize)",
        at: .init(field: "tokenizer.name"), mend: "Use the model's own tokenizer: leave tokenizer.name out.")
    }
    if configuration.training.maximumLength > dimensions.maximumPositions {
      throw Problem(
        "training.too-long",
        "sequences of \(configuration.training.maximumLength) tokens do not fit the model's \(dimensions.maximumPositions) positions",
        at: .init(field: "training.max_length"),
        mend: "Lower training.max_length to at most \(dimensions.maximumPositions) and drop the job again.")
    }
  }
}

extension Problem {
  init(model error: ModelError) {
    self.init(
      "model.\(error.code.rawValue)", error.message, at: error.path.map { .init(file: $0) },
      mend: error.hint.isEmpty ? "Look at the model's files and the config's model section." : error.hint)
  }
}
