import Platform
import Testing

struct MailboxTests {
  private func filled(_ numbers: ClosedRange<Int>) -> Mailbox<Int> {
    let mailbox = Mailbox<Int>()
    for number in numbers { mailbox.put(number) }
    return mailbox
  }

  @Test func what_waits_is_taken_together_in_order() async {
    let mailbox = filled(1...5)
    #expect(await mailbox.take(atMost: 3) == [1, 2, 3])
    #expect(await mailbox.take(atMost: 3) == [4, 5])
    #expect(mailbox.isEmpty)
  }

  @Test func nobody_takes_more_than_a_share() async {
    let mailbox = filled(1...5)
    #expect(await mailbox.take(atMost: 64, takers: 2) == [1, 2, 3])
    #expect(await mailbox.take(atMost: 64, takers: 2) == [4])
    #expect(await mailbox.take(atMost: 64, takers: 2) == [5])
  }

  @Test func what_may_not_be_taken_together_comes_by_itself() async {
    let mailbox = filled(1...5)
    #expect(await mailbox.take(atMost: 64) { $0 != 3 } == [1, 2])
    #expect(await mailbox.take(atMost: 64) { $0 != 3 } == [3])
    #expect(await mailbox.take(atMost: 64) { $0 != 3 } == [4, 5])
  }

  @Test func a_taker_waits_until_something_comes() async {
    let mailbox = Mailbox<Int>()
    async let taken = mailbox.take(atMost: 64)
    mailbox.put(7)
    #expect(await taken == [7])
  }

  @Test func closed_it_gives_nothing_even_to_those_who_wait() async {
    let mailbox = filled(1...3)
    mailbox.close()
    #expect(await mailbox.take(atMost: 64) == nil)
    mailbox.put(4)
    #expect(await mailbox.take(atMost: 64) == nil)
    let empty = Mailbox<Int>()
    async let first = empty.take(atMost: 1)
    async let second = empty.take(atMost: 1)
    empty.close()
    #expect(await first == nil)
    #expect(await second == nil)
  }

  @Test func a_long_queue_is_taken_once_and_whole() async {
    let mailbox = filled(1...5_000)
    var taken: [Int] = []
    while !mailbox.isEmpty, let group = await mailbox.take(atMost: 64) { taken += group }
    #expect(taken == Array(1...5_000))
  }
}
