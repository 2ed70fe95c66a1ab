import Kernels
import Testing

struct ThreadTeamTests {
  @Test(arguments: [1, 2, 3, 16, 64])
  func every_task_runs_once_on_a_worker_of_the_team(_ count: Int) {
    let team = ThreadTeam(count: count)
    for tasks in [0, 1, 2, 5, 100, 1000] {
      var runs = [Int](repeating: 0, count: tasks)
      var workers = [Int](repeating: -1, count: tasks)
      runs.withUnsafeMutableBufferPointer { runs in
        workers.withUnsafeMutableBufferPointer { workers in
          let runs = runs.baseAddress, workers = workers.baseAddress
          team.run(tasks: tasks) { task, worker in
            runs?[task] += 1
            workers?[task] = worker
          }
        }
      }
      #expect(runs.allSatisfy { $0 == 1 })
      #expect(workers.allSatisfy { (0..<count).contains($0) })
    }
  }

  @Test func blocks_cover_a_range_once_whatever_its_length() {
    for count in [0, 1, 63, 64, 65, 1000] {
      var covered = [Int](repeating: 0, count: count)
      covered.withUnsafeMutableBufferPointer { covered in
        let covered = covered.baseAddress
        ThreadTeam(count: 3).forEachBlock(of: count, size: 64) { block in
          for index in block { covered?[index] += 1 }
        }
      }
      #expect(covered.allSatisfy { $0 == 1 })
    }
  }

  @Test func a_region_inside_a_region_runs_on_its_own_thread() {
    var sums = [Int](repeating: 0, count: 8)
    sums.withUnsafeMutableBufferPointer { sums in
      let sums = sums.baseAddress
      pair.run(tasks: 8) { outer, _ in pair.run(tasks: 10) { inner, _ in sums?[outer] += inner } }
    }
    #expect(sums == [Int](repeating: 45, count: 8))
  }

  @Test func the_machines_team_has_a_thread_for_each_processor_up_to_64() {
    #expect((1...64).contains(ThreadTeam.machine.count))
  }
}
