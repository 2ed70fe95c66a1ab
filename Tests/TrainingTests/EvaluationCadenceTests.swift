import Testing

@testable import Training

struct EvaluationCadenceTests {
  @Test func a_run_is_evaluated_before_at_its_times_and_at_its_end() {
    #expect(EvaluationCadence.never.count(steps: 100, epochs: 3) == 1)
    #expect(EvaluationCadence.everySteps(10).count(steps: 100, epochs: 3) == 11)
    #expect(EvaluationCadence.everySteps(30).count(steps: 100, epochs: 3) == 5)
    #expect(EvaluationCadence.everySteps(300).count(steps: 100, epochs: 3) == 2)
    #expect(EvaluationCadence.everyEpoch.count(steps: 100, epochs: 3) == 4)
    #expect(EvaluationCadence.everyEpoch.count(steps: 100, epochs: 2.5) == 4)
    #expect(EvaluationCadence.everyEpoch.count(steps: 100, epochs: 0.5) == 2)
  }
}
