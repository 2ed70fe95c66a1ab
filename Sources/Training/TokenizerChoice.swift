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
  func tokenizer(sources: [DataSource], maximumRows: Int?, isStopped: () -> Bool) throws -> Tokenizer {
    let folder = TokenizerFolder(files: files)
    if let given = order.tokenizer ?? (section.name == nil ? order.baseModel : nil) { return try folder.load(FilePath(given)) }
    if folder.isPresent(job.tokenizer) { return try folder.load(job.tokenizer) }
    let made =
      section.name == "train"
      ? try train(sources, maximumRows: maximumRows, isStopped: isStopped) : try Tokenizer.bytes()
    let partial = job.folder.appending(".tokenizer.making")
    try files.removeTree(partial)
    try files.makeFolders(partial)
    try folder.save(made, to: partial)
    try files.removeTree(job.tokenizer)
    try files.move(partial, to: job.tokenizer)
    return made
  }

  private func train(_ sources: [DataSource], maximumRows: Int?, isStopped: () -> Bool) throws -> Tokenizer {
    do {
      var trainer = try BPETrainer(
        .init(vocabularySize: section.vocabularySize, minimumFrequency: section.minimumFrequency, specialTokens: section.specialTokens))
      for source in sources {
        let rows = try DatasetRows(DatasetVersionLayout(folder: FilePath(source.pin.folder)), split: source.trainSplit)
        for index in 0..<min(rows.count, maximumRows ?? rows.count) {
          if index % 256 == 0, isStopped() { throw CancellationError() }
          for segment in (source.reader.sequences(of: rows[index]) ?? []).joined() {
            segment.text.withUnsafeBufferPointer { trainer.add($0) }
          }
        }
      }
      return try trainer.train()
    } catch let error as TokenizerError {
      throw Problem(
        "tokenizer.training", "no tokenizer could be trained on '\(order.train.name)'", why: error.message, mend: error.mend + ".")
    }
  }
}
