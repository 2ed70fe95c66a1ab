import Domain
import Testing

/// The JSON files that users and other programs read: their key names are a contract.
struct PublishedFilesTests {
  let time = Timestamp(nanoseconds: 1_795_247_283_000_000_000)
  let id = DropID(at: Timestamp(nanoseconds: 1_795_247_283_000_000_000), random: 1)
  let job = JobID(name: SafeName(from: "tiny"), number: 1)

  @Test func a_receipt() throws {
    let receipt = Receipt(
      id: id, name: "rows.csv", kind: .dataset, status: .accepted, receivedAt: time, decidedAt: time + 1, size: 12, sha256: "ab",
      path: "workspace/datasets/rows", result: "rows", message: "12 rows.", findings: [Finding(.warning, "a", "b", line: 2)])
    try JSONRoundTrip.check(
      receipt,
      is:
        #"{"decided_at":"2026-11-21T07:48:04.000Z","findings":[{"field":"a","line":2,"message":"b","severity":"warning"}],"id":"d-20261121T074803Z-00000001","kind":"dataset","message":"12 rows.","name":"rows.csv","path":"workspace/datasets/rows","received_at":"2026-11-21T07:48:03.000Z","result":"rows","schema":"dropforge.receipt/1","sha256":"ab","size":12,"status":"accepted"}"#
    )
    let refused = Receipt(
      id: id, name: "x", kind: nil, status: .rejected, receivedAt: time, decidedAt: time, size: 0, message: "No.",
      problem: Problem("a.b", "c", mend: "d"))
    try JSONRoundTrip.check(
      refused,
      is:
        #"{"decided_at":"2026-11-21T07:48:03.000Z","id":"d-20261121T074803Z-00000001","message":"No.","name":"x","problem":{"code":"a.b","mend":"d","what":"c"},"received_at":"2026-11-21T07:48:03.000Z","schema":"dropforge.receipt/1","size":0,"status":"rejected"}"#
    )
  }

  @Test func a_jobs_status() throws {
    var status = JobStatus(id: job, name: "tiny", state: .training, createdAt: time, updatedAt: time + 2)
    status.phase = "training"
    status.progress = 45
    status.epoch = 2
    status.epochs = 3
    status.step = 45
    status.steps = 100
    status.loss = 0.5
    status.lr = 0.25
    status.accuracy = 0.75
    status.gradNorm = 1.5
    status.tokensPerSecond = 1_000
    status.evalLoss = 0.5
    status.bestEvalLoss = 0.25
    status.perplexity = 2
    status.elapsed = 10
    status.eta = 12
    status.startedAt = time + 1
    status.checkpoint = "checkpoints/checkpoint-epoch-1"
    try JSONRoundTrip.check(
      status,
      is:
        #"{"accuracy":0.75,"best_eval_loss":0.25,"checkpoint":"checkpoints/checkpoint-epoch-1","created_at":"2026-11-21T07:48:03.000Z","elapsed":10,"epoch":2,"epochs":3,"eta":12,"eval_loss":0.5,"grad_norm":1.5,"id":"tiny-1","loss":0.5,"lr":0.25,"name":"tiny","perplexity":2,"phase":"training","progress":45,"schema":"dropforge.status/1","started_at":"2026-11-21T07:48:04.000Z","state":"training","step":45,"steps":100,"tokens_per_second":1000,"updated_at":"2026-11-21T07:48:05.000Z"}"#
    )
  }

  @Test func a_metrics_row_has_the_names_of_the_field() throws {
    var row = MetricsRow(step: 10, epoch: 0.5)
    row.loss = 2.5
    row.learningRate = 0.25
    row.gradNorm = 1.5
    row.meanTokenAccuracy = 0.5
    row.numTokens = 640
    row.tokensPerSecond = 100
    row.time = time
    try JSONRoundTrip.check(
      row,
      is:
        #"{"epoch":0.5,"grad_norm":1.5,"learning_rate":0.25,"loss":2.5,"mean_token_accuracy":0.5,"num_tokens":640,"step":10,"time":"2026-11-21T07:48:03.000Z","tokens_per_second":100}"#
    )
    var evaluation = MetricsRow(step: 10, epoch: 1)
    evaluation.evalLoss = 2.5
    evaluation.evalMeanTokenAccuracy = 0.5
    evaluation.evalPerplexity = 12
    evaluation.evalRuntime = 1.5
    evaluation.evalTokens = 64
    evaluation.trainRuntime = 3
    evaluation.trainLoss = 2.75
    try JSONRoundTrip.check(
      evaluation,
      is:
        #"{"epoch":1,"eval_loss":2.5,"eval_mean_token_accuracy":0.5,"eval_num_tokens":64,"eval_perplexity":12,"eval_runtime":1.5,"step":10,"train_loss":2.75,"train_runtime":3}"#
    )
  }

  @Test func the_summary_of_a_run() throws {
    let summary = MetricsSummary(method: "sft", parameters: 10, trainTokens: 20, evalTokens: 5, epochs: 1, steps: 4)
    try JSONRoundTrip.check(
      summary,
      is:
        #"{"epochs":1,"eval_tokens":5,"kernels":"","libraries":{},"method":"sft","parameters":10,"peak_memory_bytes":0,"resumes":0,"schema":"dropforge.metrics/1","steps":4,"tokens_per_second":0,"tokens_seen":0,"train_runtime":0,"train_tokens":20}"#
    )
  }

  @Test func a_manifest() throws {
    let manifest = Manifest(
      job: job, version: "0.1.0", command: "train", seed: 42, inputs: [.init(role: "dataset", name: "rows", version: 1, sha256: "ab")],
      outputs: [.init(path: "final_model/model.safetensors", bytes: 5, sha256: "cd")],
      machine: .init(processor: "p", kernels: "k", threads: 2, system: "s"), libraries: ["oneDNN": "3"], createdAt: time)
    try JSONRoundTrip.check(
      manifest,
      is:
        #"{"command":"train","created_at":"2026-11-21T07:48:03.000Z","inputs":[{"name":"rows","role":"dataset","sha256":"ab","version":1}],"job":"tiny-1","libraries":{"oneDNN":"3"},"machine":{"kernels":"k","processor":"p","system":"s","threads":2},"outputs":[{"bytes":5,"path":"final_model/model.safetensors","sha256":"cd"}],"schema":"dropforge.manifest/1","seed":42,"version":"0.1.0"}"#
    )
  }

  @Test func an_ingest_result_and_a_datasets_card() throws {
    let result = IngestResult(
      sourceSHA256: "ab", sourceBytes: 9,
      files: [
        .init(name: "rows.csv", format: .csv, bytes: 9, rows: 2, badRows: 1, encoding: "utf-8", dialect: "delimiter ','", split: "train")
      ],
      splits: [.init(name: "train", rows: 2, bytes: 30, sha256: "cd")], rows: 2, badRows: 1,
      columns: [DatasetColumn(name: "text", kinds: [.string, .null], rows: 2)], detected: .promptCompletion, mapping: ["prompt": "q"],
      warnings: ["w"],
      seconds: 0.5)
    let body =
      #""files":[{"bad_rows":1,"bytes":9,"dialect":"delimiter ','","encoding":"utf-8","format":"csv","name":"rows.csv","rows":2,"split":"train"}]"#
    try JSONRoundTrip.check(
      result,
      is:
        #"{"bad_rows":1,"columns":[{"kinds":["string","null"],"name":"text","rows":2}],"detected":"prompt/completion",\#(body),"mapping":{"prompt":"q"},"rows":2,"schema":"dropforge.ingest/1","seconds":0.5,"source_bytes":9,"source_sha256":"ab","splits":[{"bytes":30,"name":"train","rows":2,"sha256":"cd"}],"warnings":["w"]}"#
    )
    let version = DatasetCard.Version(
      version: 2, createdAt: time, drop: id, fileName: "rows.csv", sha256: "ab", rows: 2, badRows: 1, bytes: 9, detected: .promptCompletion)
    let card = DatasetCard(
      name: SafeName(from: "rows"), description: "d", aliases: [SafeName(from: "other")], latest: result, data: "workspace/x",
      versions: [version])
    #expect(card.version == 2)
    try JSONRoundTrip.check(
      card,
      is:
        #"{"aliases":["other"],"bad_rows":1,"bytes":9,"columns":[{"kinds":["string","null"],"name":"text","rows":2}],"conversions":["messages","conversations","instruction/input/output","problem/solution","text"],"data":"workspace/x","description":"d","detected_schema":"prompt/completion",\#(body),"mapping":{"prompt":"q"},"name":"rows","rows":2,"schema":"dropforge.dataset/1","sha256":"ab","shape":"prompt-completion","splits":[{"bytes":30,"name":"train","rows":2,"sha256":"cd"}],"tags":[],"version":2,"versions":[{"bad_rows":1,"bytes":9,"created_at":"2026-11-21T07:48:03.000Z","detected_schema":"prompt/completion","drop":"d-20261121T074803Z-00000001","file_name":"rows.csv","rows":2,"sha256":"ab","version":2}],"warnings":["w"]}"#
    )
  }

  @Test func of_many_drops_the_agents_status_names_a_hundred() {
    let status = AgentStatus(
      version: "0.1.0", pid: 7, since: time, heartbeat: time, state: "running", running: [], queue: [], datasets: 0, jobs: 0,
      drops: (1...10_000).map { "rows\($0).csv" }, disk: .init(freeBytes: 5, totalBytes: 9), lastErrors: [])
    #expect(status.drops.count == 100 && status.drops.last == "rows100.csv" && status.openDrops == 10_000)
  }

  @Test func the_agents_status() throws {
    var errand = ErrandStatus(
      id: ErrandID(.tokenize, about: SafeName(from: "a"), number: 1), kind: .tokenize, about: SafeName(from: "a"), state: .running,
      createdAt: time, updatedAt: time)
    (errand.progress, errand.eta) = (50, 3)
    let status = AgentStatus(
      version: "0.1.0", pid: 7, since: time, heartbeat: time, state: "running",
      running: [.init(id: job, state: .training, progress: 45, loss: 0.5, eta: 3, reason: nil)],
      queue: [.init(id: job, state: .pending, progress: 0, loss: nil, eta: nil, reason: "starts next")], errands: [.init(errand)],
      datasets: 1, jobs: 2,
      drops: ["rows.csv waits"],
      disk: .init(freeBytes: 5, totalBytes: 9), lastErrors: [.init(at: time, what: "x")])
    try JSONRoundTrip.check(
      status,
      is:
        #"{"datasets":1,"disk":{"free_bytes":5,"total_bytes":9},"drops":["rows.csv waits"],"errands":[{"eta":3,"id":"tokenize-a-1","progress":50,"state":"running"}],"heartbeat":"2026-11-21T07:48:03.000Z","jobs":2,"last_errors":[{"at":"2026-11-21T07:48:03.000Z","what":"x"}],"open_drops":1,"pid":7,"queue":[{"id":"tiny-1","progress":0,"reason":"starts next","state":"pending"}],"running":[{"eta":3,"id":"tiny-1","loss":0.5,"progress":45,"state":"training"}],"schema":"dropforge.agent/1","since":"2026-11-21T07:48:03.000Z","state":"running","version":"0.1.0"}"#
    )
  }
}

/// What crosses the wall between agent and worker: both ends are ours, and must agree.
struct WorkMessagesTests {
  @Test func every_event_of_a_worker_comes_back() throws {
    let step = StepReport(epoch: 1, step: 2, loss: 0.5, lr: 0.25, accuracy: 0.75, gradNorm: 1, tokensPerSecond: 100, elapsed: 3, eta: 4)
    let shape = RunShape(parameters: 1, trainSequences: 2, trainTokens: 3, evalTokens: 4, epochs: 5, steps: 6, resumedFrom: 0)
    let events: [WorkerEvent] = [
      .ingested(bytes: 1, of: 2, rows: 3), .ingested(bytes: 1, of: nil, rows: 3), .phase(.tokenizing, share: 0.5),
      .phase(.saving, share: nil), .planned(shape),
      .step(step), .evaluated(MetricsRow(step: 1, epoch: 1)), .checkpoint(step: 5, path: "checkpoints/x"), .warning("w"),
      .failed(Problem("a.b", "c", mend: "d")),
    ]
    for event in events {
      let text = try JSONRoundTrip.text(of: event)
      #expect(!text.contains("\n"))
      #expect(try JSONRoundTrip.decode(WorkerEvent.self, text) == event)
    }
  }

  @Test func every_phase_belongs_to_a_running_state() {
    let phases: [JobPhase] = [.loading, .tokenizing, .training, .evaluating, .saving, .exporting]
    #expect(phases.map(\.state) == [.preparing, .preparing, .training, .evaluating, .training, .training])
  }

  @Test func orders_come_back() throws {
    var sidecar = DatasetSidecar()
    sidecar.columns = ["prompt": "q"]
    sidecar.textRows = .line
    let ingest = IngestOrder(
      drop: DropID(at: Timestamp(nanoseconds: 0), random: 1), source: "/a", fileName: "a.csv", staging: "/b", sidecar: sidecar,
      limits: IngestLimits())
    #expect(try JSONRoundTrip.decode(IngestOrder.self, try JSONRoundTrip.text(of: ingest)) == ingest)
    let pin = TrainOrder.DatasetPin(name: SafeName(from: "a"), version: 1, sha256: "ab", folder: "/a", datasetFolder: "/b")
    let train = TrainOrder(
      job: JobID(name: SafeName(from: "a"), number: 1), name: "a", folder: "/c", train: pin, eval: nil, baseModel: nil, tokenizer: "/t",
      threads: 2)
    #expect(try JSONRoundTrip.decode(TrainOrder.self, try JSONRoundTrip.text(of: train)) == train)
    for reason in [PendingReason.queued(behind: 2), .waitingForDataset("a"), .waitingForConfig("a"), .waitingForModel("a"), .resumes] {
      #expect(try JSONRoundTrip.decode(PendingReason.self, try JSONRoundTrip.text(of: reason)) == reason)
    }
  }

  @Test func exit_codes_are_fixed() {
    #expect([WorkerExit.done, .refused, .internal, .stopped].map(\.rawValue) == [0, 65, 70, 85])
  }
}
