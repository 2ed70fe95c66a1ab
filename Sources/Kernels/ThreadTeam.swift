import CKernels

/// How many threads the numerics use: the one place that says so, for our kernels and for oneDNN's products alike.
///
/// A value, passed to each operation, so that a test can hold one thread against many in one process. Work is cut into tasks
/// by sizes alone, never by the number of threads, and every sum has a fixed order: our kernels give the same bits with any
/// number of threads, oneDNN's products the same bits with the same number on the same machine.
///
/// Both run on GNU OpenMP's team, which belongs to the calling thread: a training loop should call from one thread, not hop.
/// The team reads its environment when the process is loaded. `OMP_WAIT_POLICY=passive` keeps idle threads from burning a busy
/// machine's processors; with it `GOMP_SPINCOUNT=1000` keeps a region at 1 µs instead of 60 µs (a futex wake in a virtual machine).
package struct ThreadTeam: Sendable, Hashable {
  package static let maximumCount = 64
  package let count: Int

  package init(count: Int) {
    precondition((1...Self.maximumCount).contains(count), "a team has 1 to \(Self.maximumCount) threads, not \(count)")
    self.count = count
  }

  /// One thread for each processor that this process may run on, 64 at most.
  package static var machine: ThreadTeam { ThreadTeam(count: min(max(Int(ck_available_processors()), 1), maximumCount)) }

  /// Runs `body(task, worker)` for every task in `0..<tasks` and returns when all are done; `worker < count` names the thread, for
  /// scratch memory. Tasks are handed out as threads come free: a task must write nothing that another reads.
  @inline(__always)
  package func run(tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard tasks > 0 else { return }
    withoutActuallyEscaping(body) { body in
      var body = body
      withUnsafeMutablePointer(to: &body) { context in
        ck_parallel(
          Int32(count), tasks,
          { context, task, worker in
            // The context is the closure above, which lives until ck_parallel returns.
            context!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(task, Int(worker))
          }, context)
      }
    }
  }

  /// Cuts `0..<count` into blocks of `size` elements, the last one shorter, and runs each as a task.
  @inline(__always)
  package func forEachBlock(of count: Int, size: Int, _ body: (Range<Int>) -> Void) {
    run(tasks: (count + size - 1) / size) { task, _ in
      body(task * size..<min(task * size + size, count))
    }
  }

  /// Elements a task of an elementwise operation works on: long enough to hide a region's cost, short enough to balance.
  package static let elementBlock = 16_384

  /// Rows of `width` elements a task works on, so that a task has about `elementBlock` elements.
  package static func rowBlock(width: Int) -> Int { max(1, elementBlock / max(width, 1)) }
}
