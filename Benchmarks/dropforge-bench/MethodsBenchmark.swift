import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// Whether each method learns: made data, real runs from an order to a final model, a measure on held-out rows before and after.
///
/// The world is bookings: "Table for 4 in Oslo on Friday." with some words a slot. The base has read people talk of them, but has never seen
/// a question, nor a list of slots.
struct MethodsBenchmark {
  private let options: Options
  private let workshop: MethodsWorkshop

  init(_ options: Options) throws {
    self.options = options
    workshop = try MethodsWorkshop(threads: options.threads, curves: options["curves"].map { FilePath($0) })
  }

  func run() throws {
    defer { workshop.clear() }
    let names = options.list("cases") ?? ["pretrain", "sft", "lora", "dpo", "orpo", "grpo", "adafactor", "lion"]
    let base = try pretrain(showing: names.contains("pretrain"))
    if names.contains("sft") { try fineTune(base) }
    if names.contains("lora") { try adapter(base) }
    if names.contains("dpo") || names.contains("orpo") { try preferences(base, names) }
    if names.contains("grpo") { try rewards(base) }
    for optimizer in ["adafactor", "lion"] where names.contains(optimizer) { try otherOptimizer(base, optimizer) }
  }

  // MARK: the methods

  private func pretrain(showing: Bool) throws -> FilePath {
    var random = CounterRandomGenerator(seed: 1)
    // Each a text of its own, so that the base knows how one ends: an adapter could not teach it the end-of-text token's embedding.
    let dataset = try workshop.dataset("bookings", (0..<12_000).map { _ in Self.row(["text": Booking(&random).talk(random.below(3))]) })
    let result = try workshop.run(
      "base", dataset,
      [
        "model": [
          "name": "scratch", "architecture": "llama", "hidden_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4,
          "max_position_embeddings": 160,
        ],
        "training": [
          "method": "pretrain", "max_steps": 1200, "batch_size": 16, "max_length": 128, "learning_rate": 0.003, "eval_steps": 200,
          "warmup_steps": 100,
        ], "seed": 1,
      ])
    if showing { try result.line("pretrain", "held-out loss, nats a token", \.evalLoss, curves: workshop.curves).show() }
    return result.job.finalModel
  }

  private func fineTune(_ base: FilePath) throws {
    let (train, test) = Booking.split(seed: 2, train: 1_200, test: 200)
    let dataset = try workshop.dataset("slots", train.map { Self.row(["prompt": $0.sentence + " ", "completion": $0.slots]) })
    let result = try workshop.run("sft", dataset, Self.sft(steps: 800, rate: 0.002), base: base)
    var line = try result.line("sft", "held-out exact match", nil, curves: workshop.curves)
    line.add("before", try workshop.exactMatch(base, test))
    line.add("after", try workshop.exactMatch(result.job.finalModel, test))
    line.add("loss_before", result.rows.first { $0.evalLoss != nil }?.evalLoss)
    line.add("loss_after", result.rows.last { $0.evalLoss != nil }?.evalLoss)
    line.show()
  }

  /// The answers end with a number that nothing tells: a loss that neither can bring to nothing.
  private func adapter(_ base: FilePath) throws {
    var random = CounterRandomGenerator(seed: 3)
    let (train, _) = Booking.split(seed: 4, train: 1_500, test: 0)
    let dataset = try workshop.dataset(
      "numbers", train.map { Self.row(["prompt": $0.sentence + " ", "completion": "\($0.slots), table: \(random.below(10))"]) })
    let full = try workshop.run("full", dataset, Self.sft(steps: 600, rate: 0.002), base: base)
    let adapted = try workshop.run(
      "lora", dataset,
      Self.sft(
        steps: 600, rate: 0.004, ["use_lora": true, "lora_r": 16, "lora_alpha": 32, "lora_target_modules": "all-linear"]), base: base)
    var line = try adapted.line("lora", "held-out loss, nats a token", \.evalLoss, curves: workshop.curves)
    line.add("full_fine_tune", full.rows.last { $0.evalLoss != nil }?.evalLoss)
    if let ours = adapted.rows.last(where: { $0.evalLoss != nil })?.evalLoss,
      let whole = full.rows.last(where: { $0.evalLoss != nil })?.evalLoss
    {
      line.add("ratio", ours / whole)
    }
    line.show()
  }

  /// A model that answers in two orders alike, and pairs that prefer one.
  private func preferences(_ base: FilePath, _ names: [String]) throws {
    let (train, _) = Booking.split(seed: 5, train: 1_200, test: 0)
    let both = try workshop.dataset(
      "orders",
      train.enumerated().map { index, booking in
        Self.row(["prompt": booking.sentence + " ", "completion": index % 2 == 0 ? booking.slots : booking.reversedSlots])
      })
    let undecided = try workshop.run("undecided", both, Self.sft(steps: 400, rate: 0.002), base: base).job.finalModel
    let pairs = try workshop.dataset(
      "pairs",
      train.prefix(600).map { Self.row(["prompt": $0.sentence + " ", "chosen": $0.reversedSlots, "rejected": $0.slots]) })
    for method in ["dpo", "orpo"] where names.contains(method) {
      let result = try workshop.run(
        method, pairs,
        [
          "model": ["name": "base"],
          "training": [
            "method": JSONNode(.string(method)), "max_steps": 80, "batch_size": 8, "max_length": 128,
            "learning_rate": method == "dpo" ? 0.00005 : 0.0005, "eval_steps": 20, "warmup_steps": 5,
          ], "seed": 5,
        ], base: undecided)
      var line = try result.line(method, "held-out reward accuracy", { $0.measures["eval_rewards/accuracies"] }, curves: workshop.curves)
      line.add("margin_before", result.rows.first { $0.evalLoss != nil }?.measures["eval_rewards/margins"])
      line.add("margin_after", result.rows.last { $0.evalLoss != nil }?.measures["eval_rewards/margins"])
      line.show()
    }
  }

  /// A model that answers a question with any of the slots, and a reward for the one that was asked for.
  private func rewards(_ base: FilePath) throws {
    var random = CounterRandomGenerator(seed: 7)
    let (train, _) = Booking.split(seed: 6, train: 1_500, test: 0)
    let guesses = try workshop.dataset(
      "guesses",
      train.map { booking in
        let (question, _) = booking.question(random.below(3)), (_, answer) = booking.question(random.below(3))
        return Self.row(["problem": "\(booking.sentence) \(question)", "solution": answer])
      })
    let guessing = try workshop.run("guessing", guesses, Self.sft(steps: 500, rate: 0.002), base: base).job.finalModel
    let questions = try workshop.dataset(
      "questions",
      train.prefix(400).map { booking in
        let (question, answer) = booking.question(random.below(3))
        return Self.row(["problem": "\(booking.sentence) \(question)", "solution": answer])
      })
    let result = try workshop.run(
      "grpo", questions,
      [
        "model": ["name": "base"],
        "training": [
          "method": "grpo", "max_steps": 200, "batch_size": 64, "num_generations": 8, "max_length": 128, "max_completion_length": 12,
          "learning_rate": 0.0003, "rewards": ["accuracy"], "eval_steps": 25, "eval_batch_size": 100, "lr_scheduler_type": "constant",
        ], "data": ["eval_split": 0.25], "seed": 8,
      ], base: guessing)
    try result.line("grpo", "held-out mean reward", { $0.measures["eval_reward"] }, curves: workshop.curves).show()
  }

  private func otherOptimizer(_ base: FilePath, _ name: String) throws {
    let (train, _) = Booking.split(seed: 2, train: 1_200, test: 0)
    let dataset = try workshop.dataset("slots-\(name)", train.map { Self.row(["prompt": $0.sentence + " ", "completion": $0.slots]) })
    let result = try workshop.run(
      name, dataset, Self.sft(steps: 400, rate: name == "lion" ? 0.0003 : 0.002, ["optim": JSONNode(.string(name))]), base: base)
    try result.line(name, "held-out loss, nats a token", \.evalLoss, curves: workshop.curves).show()
  }

  // MARK: configs and rows

  private static func sft(steps: Int, rate: Double, _ more: JSONObject = [:]) -> JSONNode {
    var training: JSONObject = [
      "method": "sft", "max_steps": JSONNode(.number(JSONNumber(steps))), "batch_size": 16, "max_length": 128,
      "learning_rate": JSONNode(.number(JSONNumber(rate))), "eval_steps": 50, "warmup_steps": 20,
    ]
    for member in more.members { training[member.key] = member.node }
    return ["model": ["name": "base"], "training": JSONNode(.object(training)), "seed": 2]
  }

  private static func row(_ members: KeyValuePairs<String, String>) -> String {
    JSONNode(.object(JSONObject(members.map { .init(key: $0.key, keyByte: 0, node: JSONNode(.string($0.value))) }))).text()
  }
}

/// A booking: three slots, each of some words.
struct Booking: Hashable {
  let guests: Int
  let city: String
  let day: String

  private static let cities = ["Oslo", "Rome", "Lima", "Kyoto", "Quito", "Accra", "Turin", "Basel", "Hanoi", "Perth", "Cairo", "Delhi"]
  private static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

  init(_ random: inout CounterRandomGenerator) {
    guests = 2 + random.below(40)
    city = Self.cities[random.below(Self.cities.count)]
    day = Self.days[random.below(Self.days.count)]
  }

  var sentence: String { "Table for \(guests) in \(city) on \(day)." }
  var slots: String { "guests: \(guests), city: \(city), day: \(day)" }
  var reversedSlots: String { "day: \(day), city: \(city), guests: \(guests)" }

  /// Somebody says it again in other words.
  func talk(_ manner: Int) -> String {
    let answer = [
      "Fine: \(day) in \(city), and \(guests) of you.", "So \(guests) guests, \(day), \(city).", "\(city) it is, on \(day), for \(guests).",
    ][manner]
    return "\(sentence) \(answer)"
  }

  func question(_ number: Int) -> (String, String) {
    [("How many?", "\(guests)"), ("Where?", city), ("When?", day)][number]
  }

  /// Different bookings, none of the test's among those of training.
  static func split(seed: UInt64, train: Int, test: Int) -> (train: [Booking], test: [Booking]) {
    var random = CounterRandomGenerator(seed: seed)
    var seen: Set<Booking> = [], all: [Booking] = []
    while all.count < train + test {
      let booking = Booking(&random)
      if seen.insert(booking).inserted { all.append(booking) }
    }
    return (Array(all[..<train]), Array(all[train...]))
  }
}

/// Numbers by lot, the same each time.
struct CounterRandomGenerator {
  private let random: CounterRandom
  private var index: UInt64 = 0

  init(seed: UInt64) { random = CounterRandom(seed: seed, stream: 0) }

  mutating func below(_ count: Int) -> Int {
    index += 1
    return min(Int(random.uniform(at: index) * Double(count)), count - 1)
  }
}
