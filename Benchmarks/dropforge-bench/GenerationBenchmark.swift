import Kernels
import LanguageModels
import StrictJSON

/// Generation with a cache of keys and values: prompts of 32 tokens, 128 new ones, sampled from the whole distribution, in f32.
struct GenerationBenchmark {
  private let options: Options
  private static let prompt = 32, new = 128

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let team = ThreadTeam(count: options.threads)
    let model = try LanguageModel(ModelConfiguration(parsing: TrainingCase.qwen.utf8), seed: 1, on: team)
    for batch in [1, 8] {
      var best = 0.0, theirs = 0.0
      let load = TrainingBenchmark.load
      for _ in 0..<options.rounds {
        best = max(best, try speed(model, batch))
        if let python = options.python {
          let words = ["--batch", "\(batch)", "--threads", "\(options.threads)", "--seconds", "\(options.seconds)"]
          theirs = max(theirs, try await Child.baseline(python, "generate.py", words)?["tokens_per_s"]?.double ?? 0)
        }
      }
      var line = ResultLine("qwen3-25m-generate")
      line.add("batch", Double(batch))
      line.add("tokens_per_s", best)
      if theirs > 0 {
        line.add("ratio", best / theirs)
        line.add("torch_tokens_per_s", theirs)
      }
      line.add("load_before", load)
      line.show()
    }
  }

  private func speed(_ model: LanguageModel, _ batch: Int) throws -> Double {
    let session = try DecodingSession(model, batch: batch, capacity: Self.prompt + Self.new),
      random = CounterRandom(seed: 3, name: "prompt")
    let prompts = (0..<batch).map { row in
      (0..<Self.prompt).map { Int32(UInt64(random.words(at: UInt64(row * Self.prompt + $0)).0) % 32_768) }
    }
    var best = 0.0, total = 0.0, runs = 0
    while runs < 3 || total < Double(options.seconds) {
      let start = TrainingMeasurement.now()
      _ = try session.generate(prompts, newTokens: Self.new, sampler: Sampler(seed: UInt64(runs)), stoppingAt: [])
      let time = TrainingMeasurement.now() - start
      best = max(best, Double(batch * Self.new) / time)
      total += time
      runs += 1
    }
    return best
  }
}
