import Domain
import Platform
import SystemPackage
import Testing
import Watching

struct SettleTrackerFolderTests {
  @Test func a_folder_moved_in_is_taken_at_once() {
    let scene = Scene()
    scene.event(.movedIn, "reviews")
    #expect(scene.look("reviews", .folder, summary: scene.summary([("a.csv", 5)])) == .take)
  }

  @Test func a_folder_copied_in_is_taken_when_nothing_in_it_has_moved() {
    let scene = Scene()
    scene.event(.created, "reviews")
    let one = scene.summary([("a.csv", 5)])
    #expect(scene.secondsToWait(scene.look("reviews", .folder, summary: one)) == 8)
    scene.pass(5)
    #expect(!scene.event(.inside, "reviews"))
    let two = scene.summary([("a.csv", 5), ("deep/b.csv", 6)], changed: 5)
    scene.pass(3)
    #expect(scene.secondsToWait(scene.look("reviews", .folder, summary: two)) == 5)
    scene.pass(5)
    #expect(scene.look("reviews", .folder, summary: two) == .take)
  }

  @Test func a_change_in_a_folder_that_no_event_told_is_found_by_looking() {
    let scene = Scene()
    scene.look("reviews", .folder, summary: scene.summary([("a.csv", 5)]))
    scene.pass(8)
    let grown = scene.summary([("a.csv", 5_000)], changed: 7)
    #expect(scene.secondsToWait(scene.look("reviews", .folder, summary: grown)) == 7)
  }

  @Test func a_folder_with_a_file_in_progress_waits_for_its_rename() {
    let scene = Scene()
    scene.event(.created, "qwen", in: .model)
    let summary = scene.summary([("config.json", 5)], unfinished: "model.safetensors.part")
    scene.pass(100)
    #expect(scene.look("qwen", in: .model, .folder, summary: summary) == .wait(until: nil, .unfinishedMember("model.safetensors.part")))
    scene.pass(3_600)
    #expect(
      scene.tracker.waiting(now: scene.now).map(\.sentence) == [
        "'qwen' has a file that is still being written by its name: model.safetensors.part; rename or delete model.safetensors.part if nobody writes it any more"
      ])
  }

  @Test func a_file_open_for_writing_anywhere_in_a_folder_holds_it() {
    let scene = Scene()
    scene.event(.movedIn, "qwen", in: .model)
    scene.writers = .somebody("weights/model.safetensors")
    let decision = scene.look("qwen", in: .model, .folder, summary: scene.summary([("weights/model.safetensors", 5)]))
    #expect(decision.reason == .openForWriting(member: "weights/model.safetensors"))
    #expect(decision.reason?.sentence == "has a file that is open for writing in some program: weights/model.safetensors")
  }

  @Test func an_empty_folder_is_waiting_for_its_files() {
    let scene = Scene()
    scene.event(.movedIn, "reviews")
    #expect(scene.look("reviews", .folder, summary: scene.summary([])) == .wait(until: nil, .emptyFolder))
  }

  @Test func a_folder_with_a_symbolic_link_is_refused_when_it_is_whole() {
    let scene = Scene()
    scene.event(.created, "qwen", in: .model)
    let summary = scene.summary([("config.json", 5)], link: "snapshots/model.safetensors")
    #expect(scene.look("qwen", in: .model, .folder, summary: summary).reason == .settling(seconds: 8))
    scene.pass(8)
    let problem = scene.look("qwen", in: .model, .folder, summary: summary).problem
    #expect(
      problem?.description
        == "qwen/snapshots/model.safetensors: the folder 'qwen' holds a symbolic link. What it leads to may change, or lie where this agent must not read. Copy the folder with the files in place of the links: cp -rL, or rsync -aL."
    )
  }

  @Test func a_folder_that_cannot_be_listed_says_so() {
    let scene = Scene()
    let error = SystemError(.permissionDenied, "list the folder", "/root/inbox/datasets/reviews")
    let decision = scene.look("reviews", .folder, trouble: error)
    #expect(decision == .wait(until: nil, .unreadable(error)))
    #expect(decision.reason?.sentence == "cannot be looked into: list the folder '/root/inbox/datasets/reviews': Permission denied")
  }

  @Test func a_folder_under_a_temporary_name_is_not_looked_into() {
    let scene = Scene()
    scene.event(.movedIn, "reviews.part")
    #expect(scene.look("reviews.part", .folder) == .wait(until: nil, .temporaryName))
  }
}
