import Kernels
import Platform
import StrictJSON
import SystemPackage

/// Training side by side with PyTorch, eager and compiled: rounds of ours and theirs alternate, the best of each counts.
struct TrainingBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let names = options.list("cases") ?? TrainingCase.all.map(\.name)
    for work in TrainingCase.all where names.contains(work.name) {
      for dtype in options.list("dtypes") ?? ["f32", "bf16"] {
        if dtype == "bf16", !Precision.hasBFloat16Instructions() {
          var line = ResultLine(work.name)
          line.add("dtype", dtype)
          line.add("skipped", "this processor has no instructions for bf16: products are made in f32")
          line.show()
          continue
        }
        try await compare(work, dtype)
      }
    }
  }

  /// How PyTorch is run: as it comes, which is how its users run it, and at its best, with tcmalloc in front.
  private struct Peer {
    let name: String
    let isCompiled: Bool
    let isTuned: Bool

    static let all = [
      Peer(name: "eager", isCompiled: false, isTuned: false), Peer(name: "compiled", isCompiled: true, isTuned: false),
      Peer(name: "eager_tuned", isCompiled: false, isTuned: true), Peer(name: "tuned", isCompiled: true, isTuned: true),
    ]
  }

  private func compare(_ work: TrainingCase, _ dtype: String) async throws {
    var ours: [JSONNode] = [], theirs: [String: [JSONNode]] = [:]
    let load = Self.load
    let peers = Peer.all.filter { (!$0.isTuned || Child.hasAllocator) && (!$0.isCompiled || options["eager-only"] == nil) }
    for _ in 0..<options.rounds {
      ours += try await [measured(work, dtype)].compactMap(\.self)
      guard let python = options.python else { continue }
      let words = [work.name, "--dtype", dtype, "--threads", "\(options.threads)", "--seconds", "\(options.seconds)"]
      for peer in peers {
        let result = try await Child.baseline(python, "train.py", words + (peer.isCompiled ? ["--compile"] : []), isTuned: peer.isTuned)
        theirs[peer.name, default: []] += [result].compactMap(\.self)
      }
    }
    guard let best = Self.best(ours) else { return }
    var line = ResultLine(work.name)
    line.add("dtype", dtype)
    for name in ["tokens_per_s", "peak_mb", "gemm_share"] { line.add(name, best[name]?.double) }
    for peer in peers {
      guard let their = theirs[peer.name].flatMap(Self.best) else { continue }
      for (what, name) in [("ratio", "tokens_per_s"), ("ratio_memory", "peak_mb")] {
        if let our = best[name]?.double, let their = their[name]?.double { line.add("\(what)_\(peer.name)", our / their) }
      }
      for name in ["tokens_per_s", "peak_mb"] { line.add("\(peer.name)_\(name)", their[name]?.double) }
    }
    for name in ["products", "attention", "loss", "optimizer"] { line.add("share_\(name)", best["share_\(name)"]?.double) }
    line.add("load_before", load)
    line.show()
  }

  private func measured(_ work: TrainingCase, _ dtype: String, _ more: [String] = []) async throws -> JSONNode? {
    try await Child.measure(["measure-train", "--case=\(work.name)", "--dtype=\(dtype)", "--seconds=\(options.seconds)"] + more)
  }

  /// How cost grows: with layers, with the length of a sequence where activations are made again, with threads, with steps done.
  func showGrowth() async throws {
    let work = TrainingCase.all[1]
    for (what, name, values, more) in [
      ("layers", "layers", [2, 4, 8, 16], ["--batch=4"]),
      ("context, recomputing", "length", [512, 1024, 2048, 4096], ["--batch=1", "--recompute"]),
      ("threads", "threads", [1, 2], []), ("seconds of training", "seconds", [2, 8], []),
    ] {
      for dtype in options.list("dtypes") ?? ["f32"] {
        let asked = values.filter { name != "threads" || $0 <= options.threads }
        var best: [Int: JSONNode] = [:]
        // In turn: a machine that others share changes its speed within minutes.
        for _ in 0..<options.rounds {
          for value in asked {
            best[value] = Self.best([best[value], try await measured(work, dtype, more + ["--\(name)=\(value)"])].compactMap(\.self))
          }
        }
        for value in asked {
          guard let best = best[value], let speed = best["tokens_per_s"]?.double else { continue }
          var line = ResultLine(work.name)
          line.add("dtype", dtype)
          line.add("grows", what)
          line.add(name, Double(value))
          line.add("tokens_per_s", speed)
          line.add("us_per_token", 1e6 / speed)
          line.add("peak_mb", best["peak_mb"]?.double)
          line.show()
        }
      }
    }
  }

  /// In this process.
  static func measure(_ options: Options) throws -> JSONNode {
    guard var work = TrainingCase.named(options["case"] ?? "") else { return [:] }
    work = work.changed(batch: options.int("batch"), length: options.int("length"), layers: options.int("layers"))
    let measured = try TrainingMeasurement(
      work, precision: options["dtype"] == "bf16" ? .bfloat16 : .float32, recomputing: options["recompute"] != nil,
      threads: options.threads, seconds: Double(options.seconds))
    var members: [(String, JSONNode)] = [
      ("tokens_per_s", JSONNode(.number(JSONNumber(measured.tokensPerSecond)))),
      ("peak_mb", JSONNode(.number(JSONNumber(measured.peakMegabytes)))),
      ("gemm_share", JSONNode(.number(JSONNumber(measured.productShare)))),
    ]
    for (kind, share) in measured.shares { members.append(("share_\(kind)", JSONNode(.number(JSONNumber(share))))) }
    return JSONNode(.object(JSONObject(members.map { .init(key: $0.0, keyByte: 0, node: $0.1) })))
  }

  private static func best(_ results: [JSONNode]) -> JSONNode? {
    results.max { ($0["tokens_per_s"]?.double ?? 0) < ($1["tokens_per_s"]?.double ?? 0) }
  }

  /// Processes that ran or waited to run over the last minute: other work on the machine is in every number.
  static var load: Double {
    guard let bytes = try? LinuxFileSystem().contents(of: "/proc/loadavg") else { return .nan }
    return Double(String(decoding: bytes, as: UTF8.self).prefix { $0 != " " }) ?? .nan
  }
}
