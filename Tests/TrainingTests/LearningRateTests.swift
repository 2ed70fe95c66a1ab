import Domain
import Foundation
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// The learning rate against transformers' own `get_scheduler`, step by step.
struct LearningRateTests {
  private static let cases: [(key: String, kind: SchedulerKind, steps: Int, warmup: Int, floor: Double)] = [
    ("linear T=20 W=4", .linear, 20, 4, 0), ("cosine T=20 W=4", .cosine, 20, 4, 0),
    ("cosine_with_min_lr T=20 W=4 min_lr_rate=0.1", .cosineWithMinimum, 20, 4, 0.1),
    ("constant_with_warmup T=20 W=4", .constantWithWarmup, 20, 4, 0), ("constant T=5 W=0", .constant, 5, 0, 0),
  ]

  @Test(arguments: cases.indices)
  func each_step_has_the_share_that_transformers_gives_it(index: Int) throws {
    let (key, kind, steps, warmup, floor) = Self.cases[index]
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.path("schedulers/schedulers.json").string))
    let expected = try #require(try JSONParser.parse(Array(bytes))["schedules"]?[key]?.array).compactMap(\.double)
    #expect(expected.count > steps - 1)
    let schedule = LearningRateSchedule(kind: kind, peak: 1, steps: steps, warmup: warmup, floor: floor)
    for (step, share) in expected.enumerated() {
      #expect(abs(schedule.share(at: step) - share) < 1e-8, "\(key), step \(step): \(schedule.share(at: step)), not \(share)")
    }
  }

  private func schedule(_ section: String, steps: Int = 100) throws -> LearningRateSchedule {
    let text = "{\"training\": {\"method\": \"sft\", \(section)}}"
    return LearningRateSchedule(Configuration.decode(try JSONParser.parse(text), source: .none).0.training, steps: steps)
  }

  @Test func the_warm_up_is_steps_or_a_share_rounded_up() throws {
    #expect(try schedule(#""warmup_steps": 7"#).warmup == 7)
    #expect(try schedule(#""warmup_steps": 0.05"#, steps: 101).warmup == 6)
    #expect(try schedule(#""warmup_ratio": 0.1"#, steps: 95).warmup == 10)
    #expect(try schedule(#""lr_scheduler_type": "constant", "warmup_ratio": 0.1"#).warmup == 0)
  }

  @Test func the_rate_is_the_share_of_the_peak() throws {
    let schedule = try schedule(#""learning_rate": 0.5, "lr_scheduler_type": "linear", "warmup_steps": 10"#)
    #expect(schedule.rate(at: 0) == 0)
    #expect(schedule.rate(at: 5) == 0.25)
    #expect(schedule.rate(at: 10) == 0.5)
    #expect(schedule.rate(at: 55) == 0.25)
    #expect(schedule.rate(at: 100) == 0)
  }
}
