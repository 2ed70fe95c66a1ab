import Domain
import Platform
import SystemPackage
import Testing
import Watching

struct SettleTrackerTests {
  @Test func a_file_that_arrived_by_rename_is_taken_at_once() {
    let scene = Scene()
    #expect(scene.event(.movedIn, "rows.csv"))
    #expect(scene.look("rows.csv") == .take)
    #expect(scene.asked == [.isOpenForWriting])
  }

  @Test func a_file_written_in_place_is_taken_when_it_was_left_alone() {
    let scene = Scene()
    #expect(scene.event(.created, "rows.csv"))
    let first = scene.look("rows.csv", size: 0)
    #expect(first == .wait(until: scene.now.monotonic + 8_000_000_000, .settling(seconds: 8)))
    scene.pass(1)
    #expect(!scene.event(.written, "rows.csv"))  // known and waiting: only the deadline moves
    scene.pass(0.5)
    scene.event(.closed, "rows.csv")
    scene.pass(7.9)
    #expect(scene.secondsToWait(scene.look("rows.csv", changed: 1.5)) == 0.1)
    scene.pass(0.1)
    #expect(scene.look("rows.csv", changed: 1.5) == .take)
  }

  @Test func a_writer_that_pauses_for_seven_seconds_with_the_file_closed_is_waited_for() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    scene.look("rows.csv", size: 0)
    var written = 0.0
    for _ in 0..<20 {
      for trace in [SettleTracker.Trace.written, .closed] { scene.event(trace, "rows.csv") }
      for _ in 0..<7 {
        #expect(scene.look("rows.csv", size: 100 + Int(written), changed: written) != .take)
        scene.pass(1)
        written += 1
      }
    }
    scene.pass(1)
    #expect(scene.look("rows.csv", size: 100 + Int(written) - 7, changed: written - 7) == .take)
  }

  @Test func without_events_a_change_between_two_looks_starts_the_wait_anew() {
    let scene = Scene()
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 1, changed: 0)) == 8)
    scene.pass(8)
    // Grown three seconds ago, told by its ctime alone.
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 2, changed: 5)) == 5)
    scene.pass(5)
    #expect(scene.look("rows.csv", size: 2, changed: 5) == .take)
  }

  @Test func writing_after_the_rename_makes_it_a_file_written_in_place() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    scene.event(.written, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv")) == 8)
  }

  @Test func a_writer_that_renames_before_it_closes_delays_until_it_closes() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    scene.writers = .somebody(nil)
    #expect(scene.look("rows.csv").reason == .openForWriting(member: nil))
    scene.pass(0.2)
    scene.writers = .nobody
    #expect(scene.event(.closed, "rows.csv"))
    #expect(scene.look("rows.csv") == .take)
  }

  @Test func a_file_that_somebody_has_open_for_writing_waits_however_long() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    scene.writers = .somebody(nil)
    for _ in 0..<50 {
      scene.pass(20)
      let decision = scene.look("rows.csv")
      #expect(decision == .wait(until: scene.now.monotonic + 8_000_000_000, .openForWriting(member: nil)))
    }
    scene.writers = .nobody
    #expect(scene.look("rows.csv") == .take)
  }

  @Test func where_the_kernel_does_not_say_who_writes_the_settle_time_alone_decides() {
    let scene = Scene()
    scene.writers = .unknown
    scene.event(.written, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv")) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv") == .take)
  }

  @Test func a_hard_link_settles_shortly() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", links: 2)) == 0.3)
    scene.pass(0.3)
    #expect(scene.look("rows.csv", links: 2) == .take)
  }

  @Test func a_first_look_that_overtakes_the_first_write_is_put_right_by_it() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 4_096)) == 0.3)
    scene.event(.written, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 4_096)) == 8)
  }

  @Test func a_rename_over_a_file_that_settles_is_taken_at_once() {
    let scene = Scene()
    scene.event(.written, "rows.csv")
    scene.look("rows.csv")
    #expect(scene.event(.movedIn, "rows.csv"))
    #expect(scene.look("rows.csv", inode: 8) == .take)
  }

  @Test func an_empty_file_settles_like_others() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    scene.event(.closed, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 0)) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv", size: 0) == .take)
  }

  @Test func an_empty_file_beside_a_download_is_only_keeping_the_name() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    scene.look("rows.csv", size: 0)
    scene.event(.created, "x8sK2.csv.part")
    scene.look("x8sK2.csv.part", size: 10, inode: 8)
    scene.pass(100)
    #expect(scene.look("rows.csv", size: 0) == .wait(until: nil, .placeholder))
    // A file with content beside a download is nobody's placeholder.
    #expect(scene.look("other.csv", size: 5, inode: 10, changed: 0) == .take)
    // The download ends by a rename over the placeholder.
    scene.tracker.isGone(Scene.path("x8sK2.csv.part"), now: scene.now)
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv", size: 10, inode: 8, changed: 100) == .take)
  }

  @Test func settings_of_zero_seconds_take_what_nobody_writes() {
    let scene = Scene(settleSeconds: 0)
    scene.event(.written, "rows.csv")
    #expect(scene.look("rows.csv") == .take)
  }

  // MARK: content that shows that it is whole

  @Test func a_job_file_that_ends_its_bracket_is_taken_after_a_third_of_a_second() {
    let scene = Scene()
    scene.showsItselfWhole = true
    scene.event(.created, "job.json", in: .job)
    scene.event(.written, "job.json", in: .job)
    #expect(scene.secondsToWait(scene.look("job.json", in: .job)) == 0.3)
    #expect(scene.asked.isEmpty)
    scene.pass(0.3)
    #expect(scene.look("job.json", in: .job) == .take)
    #expect(scene.asked == [.showsItselfWhole, .isOpenForWriting])
  }

  @Test func half_a_job_file_waits_like_all_others_and_is_read_once() {
    let scene = Scene()
    scene.event(.written, "job.json", in: .job)
    scene.look("job.json", in: .job)
    scene.pass(0.3)
    #expect(scene.secondsToWait(scene.look("job.json", in: .job)) == 7.7)
    scene.pass(1)
    #expect(scene.secondsToWait(scene.look("job.json", in: .job)) == 6.7)
    #expect(scene.asked == [.showsItselfWhole])
    // More of it comes: it is read again, and shows that it is whole.
    scene.showsItselfWhole = true
    scene.event(.written, "job.json", in: .job)
    #expect(scene.secondsToWait(scene.look("job.json", in: .job, size: 200, changed: 1.3)) == 0.3)
    scene.pass(0.3)
    #expect(scene.look("job.json", in: .job, size: 200, changed: 1.3) == .take)
  }

  @Test(arguments: [
    ("rows.jsonl", DropKind.dataset, 100), ("notes.txt", .dataset, 100), ("job.json", .job, 2 << 20), ("config.json", .model, 100),
  ])
  func other_content_is_never_asked(name: String, kind: DropKind, size: Int) {
    let scene = Scene()
    scene.showsItselfWhole = true
    scene.event(.written, name, in: kind)
    scene.pass(1)
    #expect(scene.secondsToWait(scene.look(name, in: kind, size: size)) == 7)
    #expect(scene.asked.isEmpty)
  }

  // MARK: start-up and clocks

  @Test func a_start_up_scan_takes_what_has_not_changed_for_the_settle_time() {
    let scene = Scene()
    scene.pass(9)
    #expect(scene.look("rows.csv", changed: 1) == .take)
    #expect(scene.secondsToWait(scene.look("late.csv", inode: 8, changed: 4)) == 3)
  }

  @Test func an_old_mtime_says_nothing() {
    let scene = Scene()
    #expect(scene.secondsToWait(scene.look("rows.csv", changed: 0, modified: -1_000_000)) == 8)
  }

  @Test func a_change_time_in_the_future_counts_as_now() {
    let scene = Scene()
    #expect(scene.secondsToWait(scene.look("rows.csv", changed: 3_600)) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv", changed: 3_600) == .take)
  }

  @Test func on_another_machines_file_system_its_clock_is_not_believed() {
    let scene = Scene(trustsChangeTimes: false)
    #expect(scene.secondsToWait(scene.look("rows.csv", changed: -1_000)) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv", changed: -1_000) == .take)
  }

  @Test func setting_the_time_of_day_takes_nothing_early() {
    let scene = Scene()
    scene.event(.written, "rows.csv")
    scene.look("rows.csv")
    scene.now.wall += 3_600_000_000_000
    scene.pass(7)
    #expect(scene.secondsToWait(scene.look("rows.csv")) == 1)
    scene.event(.written, "rows.csv")
    scene.now.wall -= 7_200_000_000_000
    scene.pass(7)
    // Its ctime lies in the future now: how long ago it changed cannot be said, and the wait starts anew.
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 101)) == 8)
  }

  // MARK: what is never taken

  @Test func a_temporary_name_waits_in_silence_and_is_told_after_an_hour() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv.part")
    #expect(scene.look("rows.csv.part") == .wait(until: nil, .temporaryName))
    scene.pass(3_599)
    #expect(scene.tracker.waiting(now: scene.now).isEmpty)
    #expect(scene.tracker.newlyStale(now: scene.now).isEmpty)
    scene.pass(1)
    let waiting = scene.tracker.waiting(now: scene.now)
    #expect(
      waiting.map(\.sentence) == [
        "'rows.csv.part' has a name of a file that is still being written; rename it if it is whole, or delete it"
      ])
    #expect(scene.tracker.newlyStale(now: scene.now).map(\.path) == [Scene.path("rows.csv.part")])
    #expect(scene.tracker.newlyStale(now: scene.now).isEmpty)
  }

  @Test func a_download_that_goes_on_never_becomes_stale() {
    let scene = Scene()
    for hour in 0..<5 {
      scene.event(.written, "rows.csv.part")
      scene.look("rows.csv.part", size: hour, changed: Double(hour) * 3_000)
      scene.pass(3_000)
      #expect(scene.tracker.waiting(now: scene.now).isEmpty)
    }
  }

  @Test func litter_is_ignored_and_forgotten() {
    let scene = Scene()
    scene.event(.created, ".DS_Store")
    #expect(scene.look(".DS_Store") == .ignore)
    scene.pass(10_000)
    #expect(scene.tracker.paths.isEmpty)
    #expect(scene.tracker.waiting(now: scene.now).isEmpty)
  }

  @Test func a_symbolic_link_is_refused_once() {
    let scene = Scene()
    scene.event(.created, "rows.csv")
    let problem = scene.look("rows.csv", .symlink).problem
    #expect(problem?.code == "drop.symlink")
    #expect(
      problem?.description
        == "rows.csv: 'rows.csv' is a symbolic link. What it leads to may change, or lie where this agent must not read. Drop the file itself: cp -L, or a hard link (ln)."
    )
    #expect(scene.look("rows.csv", .symlink) == .ignore)
  }

  @Test func a_pipe_is_refused() {
    let scene = Scene()
    let problem = scene.look("rows.csv", .other).problem
    #expect(problem?.code == "drop.special-file")
    #expect(
      problem?.description
        == "rows.csv: 'rows.csv' is a special file (a socket, a pipe or a device). Only files and folders are read. Write the content into a regular file and drop that."
    )
  }

  @Test func an_editors_lock_link_is_a_name_in_progress() {
    let scene = Scene()
    #expect(scene.look(".#rows.csv", .symlink) == .wait(until: nil, .temporaryName))
  }

  // MARK: once
}
