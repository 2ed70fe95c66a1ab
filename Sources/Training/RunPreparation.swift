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
  let clock: WallClock
  let report: (WorkerEvent) -> Void

  private var job: JobLayout { JobLayout(folder: FilePath(order.folder)) }

  func prepare() throws -> RunInputs { try inputs(try sources()) }

  /// The config and the datasets' cards.
  func sources() throws -> RunSources {
    report(.phase(.loading, share: nil))
    let configBytes = try files.contents(of: job.config)
    let configuration = try Self.configuration(configBytes)
    let method = configuration.training.method.make(configuration.training)
    if order.mixture != nil, configuration.training.method == .grpo { throw Problem(mixtureForGroups: order) }
    let parts = try (order.mixture ?? [.init(dataset: order.train, ratio: 1)]).map { part in
      (source: try source(part.dataset, configuration, method), ratio: part.ratio)
    }
    return RunSources(
      configBytes: configBytes, configuration: configuration, method: method, parts: parts,
      eval: try order.eval.map { try source($0, configuration, method) })
  }

  /// Tokenizer, tokens and the model's shape: what takes long, where there are many rows.
  func inputs(_ sources: RunSources) throws -> RunInputs {
    let configuration = sources.configuration
    var (parts, eval) = (sources.parts, sources.eval)
    report(.phase(.tokenizing, share: 0))
    let choice = TokenizerChoice(section: configuration.tokenizer, order: order, job: job, files: files)
    var tokenizer = try choice.tokenizer(
      sources: parts.map(\.source), maximumRows: configuration.data.rowLimit, isStopped: { WorkerProcess.stopWasAsked })
    var chat: ChatRenderer?
    if sources.all.contains(where: \.reader.isConversation) {
      tokenizer = try ChatFormat.withTemplate(tokenizer)
      let tools = ToolDefinition.all(configuration.tools).map(\.node)
      let renderer = try ChatRenderer(
        tokenizer.settings, tools: tools.isEmpty ? nil : JSONNode(.array(tools)), now: Int(WallClock.system.now() / 1_000_000_000))
      for index in parts.indices { parts[index].source.reader = parts[index].source.reader.rendering(with: renderer) }
      if let plain = eval?.reader { eval?.reader = plain.rendering(with: renderer) }
      chat = renderer
    }
    let work = try sources.method.work(
      MethodData(
        order: order, configuration: configuration, tokenizer: tokenizer, sources: parts, evalSource: eval, files: files, report: report))
    var remarks = work.remarks
    if configuration.training.bf16, !Precision.hasBFloat16Instructions() {
      remarks.append(
        "training.bf16: this processor has no instructions for bfloat16 (\(CPUFeatures.detected)); products are made in float32.")
    }
    let pinned = (order.mixture ?? []).map { "\($0.dataset.sha256) \($0.ratio)" }.joined(separator: "\n")
    return RunInputs(
      configuration: configuration, tokenizer: tokenizer, chat: chat, modelConfiguration: try modelConfiguration(configuration, tokenizer),
      work: work,
      identity: SHA256.hash(
        sources.configBytes + Array("\(order.train.sha256)\(order.eval?.sha256 ?? "")\(order.baseModel ?? "")\(pinned)".utf8)),
      remarks: remarks, badRows: sources.badRows,
      measuredSplit: parts[0].source.ingest.splits.count > 1 ? parts[0].source.onlySplit : nil)
  }

  private static func configuration(_ bytes: [UInt8]) throws -> Configuration {
    let (configuration, findings) = Configuration.decode(try JSONParser.parse(bytes), source: ConfigSource(bytes))
    if let error = findings.errors.first {
      throw Problem(
        "config.invalid", "the resolved config has an error", at: .init(field: error.field), why: error.message, mend: "Report this fault.")
    }
    return configuration
  }

  private func source(_ pin: TrainOrder.DatasetPin, _ configuration: Configuration, _ method: any Method) throws -> DataSource {
    let ingest = try PublishedJSON.decode(
      IngestResult.self, from: try files.contents(of: DatasetVersionLayout(folder: FilePath(pin.folder)).result))
    var source = DataSource(pin: pin, ingest: ingest, reader: try method.reader(configuration.data, ingest: ingest))
    if let evaluation = order.evaluation { source.onlySplit = evaluation.split ?? source.namedEvalSplit ?? source.trainSplit }
    return source
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
  fileprivate init(mixtureForGroups order: TrainOrder) {
    self.init(
      "data.mixture", "grpo reads the prompts of one dataset, and the job mixes several", at: .init(field: "dataset"),
      why: "rewards look at the rows themselves, and a mixture keeps only their tokens",
      mend: "Name one dataset, or drop the rows of all of them as one.")
  }

  init(model error: ModelError) {
    self.init(
      "model.\(error.code.rawValue)", error.message, at: error.path.map { .init(file: $0) },
      mend: error.hint.isEmpty ? "Look at the model's files and the config's model section." : error.hint)
  }
}
