import Testing

@testable import Training

struct EvaluationCadenceTests {
  @Test func a_run_is_evaluated_before_at_its_times_and_at_its_end() {
    #expect(EvaluationCadence.never.count(steps: 100) { Double($0) * 3 / 100 } == 1)
    #expect(EvaluationCadence.everySteps(10).count(steps: 100) { Double($0) * 3 / 100 } == 11)
    #expect(EvaluationCadence.everySteps(30).count(steps: 100) { Double($0) * 3 / 100 } == 5)
    #expect(EvaluationCadence.everySteps(300).count(steps: 100) { Double($0) * 3 / 100 } == 2)
    #expect(EvaluationCadence.everyEpoch.count(steps: 100) { Double($0) * 3 / 100 } == 4)
    #expect(EvaluationCadence.everyEpoch.count(steps: 100) { Double($0) * 2.5 / 100 } == 4)
    #expect(EvaluationCadence.everyEpoch.count(steps: 100) { Double($0) * 0.5 / 100 } == 2)
    // The third epoch ends within the last step.
    #expect(EvaluationCadence.everyEpoch.count(steps: 39) { Double($0) * 8 / 102 } == 4)
  }
}
