import Glibc
import Kernels
import StrictJSON

@main
struct Bench {
  static func main() async throws {
    let words = Array(CommandLine.arguments.dropFirst())
    let options = Options(words)
    switch words.first {
    case "measure-train": try measureTraining(options)
    default: break
    }
  }

  static func measureTraining(_ options: Options) throws {
    guard var work = TrainingCase.named(options["case"] ?? "") else { return }
    work = work.changed(batch: options.int("batch"), length: options.int("length"), layers: options.int("layers"))
    let precision = options["dtype"] == "bf16" ? Precision.bfloat16 : .float32
    let m = try TrainingMeasurement(
      work, precision: precision, recomputing: options["recompute"] != nil, threads: options.int("threads") ?? ThreadTeam.machine.count,
      seconds: Double(options.int("seconds") ?? 5))
    print(work.name, options["dtype"] ?? "f32", "tok/s", m.tokensPerSecond, m.medianTokensPerSecond, "MB", m.peakMegabytes, "share", m.productShare, m.shares, m.lastLoss)
  }
}

struct Options {
  var values: [String: String] = [:]
  init(_ words: [String]) {
    for word in words where word.hasPrefix("--") {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
      values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
  }
  subscript(_ name: String) -> String? { values[name] }
  func int(_ name: String) -> Int? { values[name].flatMap { Int($0) } }
}
