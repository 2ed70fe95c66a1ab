import Domain
import Platform
import SystemPackage
import Testing
import Watching

/// What is delivered, how often, and what is told meanwhile.
struct SettleTrackerDeliveryTests {
  @Test func a_path_is_delivered_once_until_it_changes_or_disappears() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv") == .take)
    for _ in 0..<5 {
      scene.pass(30)
      #expect(scene.look("rows.csv") == .ignore)
    }
    scene.event(.written, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 101, changed: 150)) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv", size: 101, changed: 150) == .take)
    scene.tracker.isGone(Scene.path("rows.csv"), now: scene.now)
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv", size: 101, inode: 8, changed: 158) == .take)
  }

  @Test func that_it_once_came_by_rename_proves_nothing_of_a_later_change() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv") == .take)
    scene.pass(10)
    scene.event(.attributes, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 101, changed: 10)) == 8)
  }

  @Test func what_a_claim_puts_back_settles_although_it_comes_by_rename() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv") == .take)
    scene.tracker.isGone(Scene.path("rows.csv"), now: scene.now)
    scene.pass(0.01)
    scene.event(.movedIn, "rows.csv")
    #expect(scene.secondsToWait(scene.look("rows.csv", size: 150, changed: 0.01)) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv", size: 150, changed: 0.01) == .take)
  }

  @Test func a_delivered_file_that_is_opened_and_closed_is_delivered_again() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv") == .take)
    scene.pass(1)
    // Nothing was written: inode, size and times are as they were. A claim in between has refused it for being open.
    #expect(scene.event(.closed, "rows.csv"))
    #expect(scene.secondsToWait(scene.look("rows.csv")) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv") == .take)
  }

  @Test func a_drop_that_could_not_be_claimed_is_offered_again_after_the_settle_time() {
    let scene = Scene()
    scene.event(.movedIn, "rows.csv")
    #expect(scene.look("rows.csv") == .take)
    scene.pass(5)
    scene.tracker.offerAgain(Scene.path("rows.csv"), now: scene.now)
    #expect(scene.secondsToWait(scene.look("rows.csv")) == 8)
    scene.pass(8)
    #expect(scene.look("rows.csv") == .take)
    // What was not delivered cannot be offered again.
    scene.tracker.offerAgain(Scene.path("other.csv"), now: scene.now)
    #expect(Array(scene.tracker.paths) == [Scene.path("rows.csv")])
  }

  @Test func after_lost_events_a_rename_is_no_proof_any_more() {
    let scene = Scene()
    scene.writers = .somebody(nil)
    scene.event(.movedIn, "rows.csv")
    scene.look("rows.csv")
    scene.tracker.eventsWereLost(now: scene.now)
    scene.writers = .nobody
    #expect(scene.secondsToWait(scene.look("rows.csv")) == 8)
  }

  @Test func a_full_look_forgets_what_is_not_there() {
    let scene = Scene()
    scene.look("a.csv")
    scene.look("b.csv", inode: 8)
    let gone = scene.tracker.keepOnly([Scene.path("b.csv")], now: scene.now)
    #expect(gone == [Scene.path("a.csv")])
    #expect(Array(scene.tracker.paths) == [Scene.path("b.csv")])
  }

  // MARK: deadlines

  @Test func deadlines_come_in_their_order() {
    let scene = Scene()
    scene.look("a.csv", inode: 1)
    scene.pass(2)
    scene.event(.written, "b.csv")
    scene.look("b.csv", inode: 2, changed: 2)
    #expect(scene.tracker.nextDeadline == scene.now.monotonic + 6_000_000_000)
    #expect(scene.tracker.due(now: scene.now).isEmpty)
    scene.pass(6)
    #expect(scene.tracker.due(now: scene.now) == [Scene.path("a.csv")])
    #expect(scene.tracker.nextDeadline == scene.now.monotonic + 2_000_000_000)
    #expect(scene.look("a.csv", inode: 1) == .take)
    scene.pass(2)
    #expect(scene.tracker.due(now: scene.now) == [Scene.path("b.csv")])
    #expect(scene.look("b.csv", inode: 2, changed: 2) == .take)
    #expect(scene.tracker.due(now: scene.now).isEmpty)
    #expect(scene.tracker.nextDeadline == nil)
  }

  @Test func what_waits_is_told_with_its_reason() {
    let scene = Scene()
    scene.event(.written, "a.csv")
    scene.look("a.csv")
    scene.writers = .somebody(nil)
    scene.event(.movedIn, "b.csv")
    scene.look("b.csv", inode: 8)
    #expect(
      scene.tracker.waiting(now: scene.now).map(\.sentence) == [
        "'a.csv' was written in place and is taken when nothing has moved for 8 s", "'b.csv' is open for writing in some program",
      ])
    #expect(
      scene.tracker.waiting(now: scene.now).map(\.since) == [
        Timestamp(nanoseconds: scene.now.wall), Timestamp(nanoseconds: scene.now.wall),
      ])
  }
}
