@preconcurrency import Glibc
import StrictJSON

/// What `make bench-train`, `bench-generate`, `bench-tokenize` and `bench-methods` run: a JSON line a case, on standard output.
@main
struct Bench {
  static func main() async throws {
    setvbuf(stdout, nil, _IOLBF, 0)  // a line is out when it was said
    var words = Array(CommandLine.arguments.dropFirst())
    let verb = words.isEmpty ? "" : words.removeFirst()
    let options = Options(words)
    switch verb {
    case "train": try await TrainingBenchmark(options).run()
    case "growth": try await TrainingBenchmark(options).showGrowth()
    case "generate": try await GenerationBenchmark(options).run()
    case "tokenize":
      if options["cases"] != "pipeline" { try await TokenizingBenchmark(options).run() }
      try await PipelineBenchmark(options).run()
    case "measure-pipeline": print(try PipelineBenchmark.measure(options).text())
    case "measure-statistics": print(try PipelineBenchmark.count(options).text())
    case "methods": try MethodsBenchmark(options).run()
    case "measure-train": print(try TrainingBenchmark.measure(options).text())
    default:
      print(
        """
        usage: dropforge-bench train|growth|generate|tokenize|methods [--python=PATH] [--cases=a,b] [--dtypes=f32,bf16] [--rounds=2] [--seconds=6]
          tokenize: [--english=FILE] [--code=FILE] [--multilingual=FILE] [--train=FILE] [--rows=FILE.jsonl] [--cases=pipeline]
        """)
    }
  }
}
