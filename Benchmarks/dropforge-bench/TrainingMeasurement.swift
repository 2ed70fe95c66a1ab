import Glibc
import Kernels
import LanguageModels

/// Steps of training in this process: forward, backward, clipping and AdamW on tokens drawn by lot.
struct TrainingMeasurement {
  var tokensPerSecond = 0.0
  var medianTokensPerSecond = 0.0
  /// Of the whole process, MB.
  var peakMegabytes = 0.0
  /// The step's operations a second as a share of the best product speed.
  var productShare = 0.0
  /// Share of the best step's time.
  var shares: [WorkClock.Kind: Double] = [:]
  var lastLoss = 0.0

  /// - seconds: how long to go on; at least three steps after one to warm up.
  init(_ work: TrainingCase, precision: Precision, recomputing: Bool, threads: Int, seconds: Double) throws {
    let team = ThreadTeam(count: threads), configuration = try work.configuration
    let model = try LanguageModel(configuration, seed: 1, on: team)
    model.precision = precision
    if let rank = work.adapterRank {
      model.adapter = try LoRA(LoRASettings(rank: rank, alpha: Double(2 * rank), targets: .allLinear), for: model, base: "bench", seed: 1)
    }
    let layout = model.trained.layout
    let gradients = try ParameterStore(layout), first = try ParameterStore(layout), second = try ParameterStore(layout)
    let rows = work.batch * work.length
    let pass = try ModelPass(model, rows: rows, length: work.length, purpose: .training, recomputing: recomputing)
    let random = CounterRandom(seed: 7, name: "tokens")
    let vocabulary = UInt64(configuration.dimensions.vocabularySize)
    var times: [Double] = []
    var best = Double.infinity, total = 0.0, step = 0
    WorkClock.isCounting = true
    while times.count < 3 || total < seconds {
      let tokens = (0..<rows).map { Int32(UInt64(random.words(at: UInt64(step * rows + $0)).0) % vocabulary) }
      let batch = MicroBatch(batch: work.batch, length: work.length, tokens: tokens, labels: tokens)
      _ = WorkClock.take()
      let start = Self.now()
      let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
      let factor = GradientNorm.clippingFactor(norm: gradients.norm(on: team), maximum: 1)
      model.trained.update(
        AdamW(weightDecay: 0.1), gradients: gradients, firstMoment: first, secondMoment: second, step: step + 1, learningRate: 1e-4,
        gradientScale: factor, on: team)
      let time = Self.now() - start
      step += 1
      lastLoss = sum.meanLoss ?? 0
      if step == 1 { continue }
      times.append(time)
      total += time
      if time < best {
        best = time
        shares = WorkClock.take().mapValues { $0 / time }
      }
    }
    WorkClock.isCounting = false
    tokensPerSecond = Double(rows) / best
    medianTokensPerSecond = Double(rows) / times.sorted()[times.count / 2]
    peakMegabytes = Self.peakMegabytes
    let operations = work.operations(model.layout, configuration.dimensions)
    productShare = operations / best / ProductSpeed.best(precision, on: team)
  }

  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// VmHWM of this process.
  static var peakMegabytes: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }
}
