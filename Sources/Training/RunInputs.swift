import DatasetFormats
import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// Everything that a run starts from: config, tokens, samples, tokenizer, model.
struct RunInputs {
  let configuration: Configuration
  let tokenizer: Tokenizer
  let modelConfiguration: ModelConfiguration
  /// The method with its data.
  let work: any MethodWork
  /// Names the run: a checkpoint with another name is not gone on from.
  let identity: String
  let remarks: [String]

  /// Passes over the data that so many steps make, with a fraction.
  func epoch(at step: Int) -> Double { Double(step) * work.samplesPerStep / Double(work.trainCount) }
}

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
    let ingest = try ingest(of: order.train)
    let method = configuration.training.method.make(configuration.training)
    let reader = try method.reader(configuration.data, ingest: ingest)
    report(.phase(.tokenizing, share: 0))
    let choice = TokenizerChoice(section: configuration.tokenizer, order: order, job: job, files: files)
    let tokenizer = try withTemplate(
      try choice.tokenizer(
        ingest: ingest, reader: reader, maximumRows: configuration.data.maximumSamples, isStopped: { WorkerProcess.stopWasAsked }), reader)
    let work = try method.work(
      MethodData(
        order: order, configuration: configuration, tokenizer: tokenizer, method: method, ingest: ingest,
        evalIngest: try order.eval.map { try self.ingest(of: $0) }, files: files, report: report))
    var remarks = work.remarks
    if configuration.training.bf16, !Precision.hasBFloat16Instructions() {
      remarks.append(
        "training.bf16: this processor has no instructions for bfloat16 (\(CPUFeatures.detected)); products are made in float32.")
    }
    return RunInputs(
      configuration: configuration, tokenizer: tokenizer, modelConfiguration: try modelConfiguration(configuration, tokenizer), work: work,
      identity: SHA256.hash(configBytes + Array("\(order.train.sha256)\(order.eval?.sha256 ?? "")\(order.baseModel ?? "")".utf8)),
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

  private func ingest(of pin: TrainOrder.DatasetPin) throws -> IngestResult {
    try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: DatasetVersionLayout(folder: FilePath(pin.folder)).result))
  }

  /// Conversations need a template: a tokenizer without one gets ours, one with another is refused rather than misread.
  private func withTemplate(_ tokenizer: Tokenizer, _ reader: any SequenceReader) throws -> Tokenizer {
    guard reader.isConversation else { return tokenizer }
    guard tokenizer.endOfTextID != nil else {
      throw Problem(
        "tokenizer.no-end", "the tokenizer has no end-of-text token, and conversations need one",
        mend: "Set eos_token in its tokenizer_config.json and drop the model again.")
    }
    guard let template = tokenizer.settings.chatTemplate else {
      var settings = tokenizer.settings
      settings.chatTemplate = ChatFormat.template
      return try tokenizer.with(settings)
    }
    guard template == ChatFormat.template else {
      throw Problem(
        "chat.template", "the tokenizer's own chat template cannot be rendered yet",
        why: "only a tokenizer without a template, or with Dropforge's, can train on conversations in this version",
        mend: "Give the rows as prompt and completion, with the template's text in them, or use a tokenizer without a chat template.")
    }
    return tokenizer
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
