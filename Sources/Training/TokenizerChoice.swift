import DatasetFormats
import Domain
import Platform
import SystemPackage
import Tokenizers

/// The config's `tokenizer` section, made real.
struct TokenizerChoice {
  let section: TokenizerSection
  let order: TrainOrder
  let job: JobLayout
  let files: any FileSystem

  /// Loads, makes or trains the tokenizer; a trained one is kept in the job's folder for the case that the run is resumed.
  func tokenizer(ingest: IngestResult, reader: any SequenceReader, maximumRows: Int?, isStopped: () -> Bool) throws -> Tokenizer {
    let folder = TokenizerFolder(files: files)
    if let given = order.tokenizer ?? (section.name == nil ? order.baseModel : nil) { return try folder.load(FilePath(given)) }
    if folder.isPresent(job.tokenizer) { return try folder.load(job.tokenizer) }
    let made =
      section.name == "train"
      ? try train(ingest: ingest, reader: reader, maximumRows: maximumRows, isStopped: isStopped) : try Tokenizer.bytes()
    let partial = job.folder.appending(".tokenizer.making")
    try files.removeTree(partial)
    try files.makeFolders(partial)
    try folder.save(made, to: partial)
    try files.removeTree(job.tokenizer)
    try files.move(partial, to: job.tokenizer)
    return made
  }

  private func train(ingest: IngestResult, reader: any SequenceReader, maximumRows: Int?, isStopped: () -> Bool) throws -> Tokenizer {
    let names = ingest.splits.map(\.name)
    let rows = try DatasetRows(
      DatasetVersionLayout(folder: FilePath(order.train.folder)), split: names.contains("train") ? "train" : names[0])
    let limit = maximumRows.map { $0 == 0 ? rows.count : min($0, rows.count) } ?? rows.count
    do {
      var trainer = try BPETrainer(
        .init(vocabularySize: section.vocabularySize, minimumFrequency: section.minimumFrequency, specialTokens: section.specialTokens))
      for index in 0..<limit {
        if index % 256 == 0, isStopped() { throw CancellationError() }
        for segment in (reader.sequences(of: rows[index]) ?? []).joined() { segment.text.withUnsafeBufferPointer { trainer.add($0) } }
      }
      return try trainer.train()
    } catch let error as TokenizerError {
      throw Problem(
        "tokenizer.training", "no tokenizer could be trained on '\(order.train.name)'", why: error.message, mend: error.mend + ".")
    }
  }
}
