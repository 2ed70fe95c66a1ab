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

  private static let settings: [(key: String, section: String)] = [
    ("cosine_with_restarts T=20 W=4 num_cycles=2", #""lr_scheduler_type": "cosine_with_restarts", "num_cycles": 2"#),
    (
      "warmup_stable_decay T=20 W=4 decay=4 linear/linear min 0",
      #""lr_scheduler_type": "warmup_stable_decay", "num_decay_steps": 4, "decay_type": "linear""#
    ),
    (
      "warmup_stable_decay T=20 W=4 decay=4 linear/cosine min 0.1",
      #""lr_scheduler_type": "wsd", "lr_scheduler_kwargs": {"num_decay_steps": 4, "min_lr_ratio": 0.1, "decay_type": "cosine"}"#
    ),
    (
      "warmup_stable_decay T=20 W=4 decay=4 linear/1-sqrt min 0",
      #""lr_scheduler_type": "wsd", "num_decay_steps": 0.2, "decay_type": "1-sqrt""#
    ),
    ("polynomial T=20 W=4", #""lr_scheduler_type": "polynomial""#),
    ("cosine_with_min_lr T=20 W=4 min_lr_rate=0.1", #""lr_scheduler_type": "cosine_with_min_lr", "min_lr": 0.1"#),
    ("linear T=20 W=4", #""lr_scheduler_type": "linear""#),
    ("cosine T=20 W=4", #""lr_scheduler_type": "cosine""#),
    ("constant_with_warmup T=20 W=4", #""lr_scheduler_type": "constant_with_warmup""#),
  ]

  @Test(arguments: settings.indices)
  func a_config_makes_the_schedule_that_transformers_makes_of_it(index: Int) throws {
    let (key, section) = Self.settings[index]
    let bytes = try Data(contentsOf: URL(filePath: Fixtures.path("schedulers/schedulers.json").string))
    let expected = try #require(try JSONParser.parse(Array(bytes))["schedules"]?[key]?.array).compactMap(\.double)
    let schedule = try schedule(#""learning_rate": 1, "warmup_steps": 4, \#(section)"#, steps: 20)
    for (step, share) in expected.enumerated() {
      #expect(abs(schedule.rate(at: step) - share) < 1e-8, "\(key), step \(step): \(schedule.rate(at: step)), not \(share)")
    }
  }

  /// transformers' get_cosine_schedule_with_warmup and get_polynomial_decay_schedule_with_warmup at other settings.
  @Test func waves_and_powers_can_be_chosen() throws {
    let waves = try schedule(#""learning_rate": 1, "lr_scheduler_type": "cosine", "num_cycles": 1.5"#, steps: 12)
    #expect(abs(waves.rate(at: 4)) < 1e-12 && abs(waves.rate(at: 8) - 1) < 1e-12)
    let power = try schedule(#""learning_rate": 1, "lr_scheduler_type": "polynomial", "lr_power": 2, "lr_end": 0.2"#, steps: 10)
    #expect(abs(power.rate(at: 5) - (0.8 * 0.25 + 0.2)) < 1e-12)
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
