import Glibc
import Kernels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// Encoding with GPT-2's vocabulary and training a BPE of 32,000, beside Hugging Face's tokenizers on the same bytes.
///
/// Without other files: tinyshakespeare (the demo's), this repository's own source code, and the fourteen languages of
/// Tests/Fixtures/tokenizers/scripts.txt over and over, which is kinder to caches than real text.
struct TokenizingBenchmark {
  private let options: Options
  private let files = LinuxFileSystem()
  private static let merges = "Tests/Fixtures/tokenizers/gpt2_vocab.bpe"

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let tokenizer = try Self.gpt2(files.contents(of: FilePath(Self.merges)))
    let scratch = FilePath("/tmp/dropforge-bench-\(getpid()).txt")
    defer { try? files.removeFile(scratch) }
    let english = try text("english") ?? files.contents(of: "Demo/tinyshakespeare.txt")
    let code = try text("code") ?? sources()
    let repeated = try files.contents(of: "Tests/Fixtures/tokenizers/scripts.txt")
    let multilingual = try text("multilingual") ?? Array([[UInt8]](repeating: repeated, count: 4_000_000 / repeated.count).joined())
    for (name, bytes) in [("encode-english", english), ("encode-code", code), ("encode-multilingual", multilingual)] {
      try files.publish(bytes, to: scratch)
      for threads in [1, 2] {
        var line = ResultLine(name)
        line.add("threads", Double(threads))
        line.add("bytes", Double(bytes.count))
        let speeds = (0..<3 * options.rounds).map { _ in encodingSpeed(tokenizer, bytes, threads) }
        line.add("mb_per_s", speeds.map(\.first).max())
        line.add("mb_per_s_later_pass", speeds.map(\.later).max())
        let words = ["encode", scratch.string, "--merges", Self.merges, "--threads", "\(threads)"]
        try await compare(&line, words, "mb_per_s", ours: speeds.map(\.first).max() ?? 0)
      }
    }
    let train = try text("train") ?? english + code
    try files.publish(train, to: scratch)
    var line = ResultLine("train-32k")
    line.add("bytes", Double(train.count))
    var best = Double.infinity
    for _ in 0..<options.rounds {
      let start = TrainingMeasurement.now()
      var trainer = try BPETrainer(.init(vocabularySize: 32_000))
      train.withUnsafeBufferPointer { trainer.add($0) }
      _ = try trainer.train()
      best = min(best, TrainingMeasurement.now() - start)
    }
    line.add("seconds", best)
    line.add("mb_per_s", Double(train.count) / 1e6 / best)
    try await compare(&line, ["train", scratch.string, "--threads", "2"], "mb_per_s", ours: Double(train.count) / 1e6 / best)
  }

  private func compare(_ line: inout ResultLine, _ words: [String], _ figure: String, ours: Double) async throws {
    if let python = options.python, let theirs = try await Child.baseline(python, "tokenize_text.py", words)?[figure]?.double {
      line.add("ratio", ours / theirs)
      line.add("hf_mb_per_s", theirs)
    }
    line.add("load_before", TrainingBenchmark.load)
    line.show()
  }

  /// MB/s of the first pass of new encoders, and of a second pass of the same.
  private func encodingSpeed(_ tokenizer: Tokenizer, _ bytes: [UInt8], _ threads: Int) -> (first: Double, later: Double) {
    let encoders = (0..<threads).map { _ in tokenizer.makeEncoder() }
    // Cut at line ends, a part a thread.
    var cuts = [0]
    for part in 1..<max(threads, 1) {
      let at = bytes.count * part / threads
      cuts.append(bytes[at...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count)
    }
    cuts.append(bytes.count)
    func pass() -> Double {
      let start = TrainingMeasurement.now()
      bytes.withUnsafeBufferPointer { bytes in
        ThreadTeam(count: threads).run(tasks: threads) { task, _ in
          var ids: [TokenID] = []
          ids.reserveCapacity(bytes.count / (2 * threads))
          encoders[task].encode(UnsafeBufferPointer(rebasing: bytes[cuts[task]..<cuts[task + 1]]), into: &ids)
        }
      }
      return Double(bytes.count) / 1e6 / (TrainingMeasurement.now() - start)
    }
    let first = pass()
    return (first, pass())
  }

  private func text(_ name: String) throws -> [UInt8]? { try options[name].map { try files.contents(of: FilePath($0)) } }

  /// All Swift and C of the repository.
  private func sources() throws -> [UInt8] {
    var bytes: [UInt8] = [], pending: [FilePath] = ["Sources", "Tests"]
    while let folder = pending.popLast() {
      for name in try files.names(in: folder).map(\.string).sorted() {
        let path = folder.appending(name)
        if files.isFolder(path) {
          pending.append(path)
        } else if [".swift", ".c", ".h"].contains(where: name.hasSuffix) {
          bytes += try files.contents(of: path)
        }
      }
    }
    return bytes
  }

  static func writeGPT2(to folder: FilePath) throws {
    let files = LinuxFileSystem()
    try files.makeFolders(folder)
    for file in try gpt2(files.contents(of: FilePath(merges))).files() {
      try files.writeWhole(ContiguousArray(file.bytes), to: folder.appending(file.name))
    }
  }

  /// GPT-2's tokenizer from its merges: the ids are the bytes in the order of `bytes_to_unicode`, then the merges.
  private static func gpt2(_ merges: [UInt8]) throws -> Tokenizer {
    let shown = (0..<256 as Range<UInt32>).filter { (33...126).contains($0) || (161...172).contains($0) || $0 >= 174 }
    let alphabet = shown + (256..<512 - UInt32(shown.count))
    var texts = alphabet.compactMap(Unicode.Scalar.init).map { String($0) }
    for line in String(decoding: merges, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#version") {
      texts.append(line.split(separator: " ").joined())
    }
    texts.append(Tokenizer.endOfText)
    var vocabulary: [UInt8] = []
    for (id, text) in texts.enumerated() {
      vocabulary.append(UInt8(ascii: id == 0 ? "{" : ","))
      JSONText.append(text.utf8, to: &vocabulary)
      vocabulary += Array(":\(id)".utf8)
    }
    vocabulary.append(UInt8(ascii: "}"))
    return try Tokenizer.gpt2(vocabulary: vocabulary, merges: merges)
  }
}
