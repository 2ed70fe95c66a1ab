import Domain
import Testing

struct PendingReasonTests {
  @Test func waiting_says_for_what() {
    let reasons: [(PendingReason, String)] = [
      (.queued(behind: 0), "starts next"), (.queued(behind: 1), "queued behind 1 job"), (.queued(behind: 2), "queued behind 2 jobs"),
      (.waitingForJob("a", state: nil), "waiting for the job 'a': drop it into inbox/jobs/"),
      (.waitingForJob("a-1", state: .training), "waiting for the job 'a-1' to be completed; it is training"),
      (
        .waitingForMemory,
        "waiting for memory: other programs use it; it goes on from its last checkpoint by itself when there is enough"
      ),
      (.waitingForDataset("a"), "waiting for the dataset 'a': drop it into inbox/datasets/"),
      (.waitingForConfig("a"), "waiting for the config 'a': drop a.json into inbox/configs/"),
      (
        .waitingForModel("a"),
        "waiting for the model 'a': drop its Hugging Face folder (config.json, *.safetensors, tokenizer.json) into inbox/models/"
      ),
      (
        .waitingForModel("Qwen/Qwen3-0.6B"),
        "waiting for the model 'Qwen/Qwen3-0.6B': drop its Hugging Face folder (config.json, *.safetensors, tokenizer.json) into inbox/models/, "
          + "or have it downloaded: {\"source\": \"hf-model:Qwen/Qwen3-0.6B\"} in inbox/models/Qwen-Qwen3-0.6B.json"
      ), (.resumes, "goes on from its last checkpoint after an interruption"), (.restarts, "begins again after an interruption"),
      (.waitingForSweep("a-sweep-1"), "waiting for the sweep 'a-sweep-1' to be over: its winner is what is asked for"),
    ]
    for (reason, sentence) in reasons { #expect(reason.sentence == sentence) }
  }
}
