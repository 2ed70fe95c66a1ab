/// A fixed table of plain values in memory that never moves: filled once, then read from any thread.
///
/// Hot loops read through `base` without bounds checks and without reference counting; who holds the pointer also holds
/// the table.
package final class FrozenTable<Element: BitwiseCopyable>: @unchecked Sendable {
  // @unchecked because the compiler cannot see that the memory is written inside `init` only.

  package let base: UnsafePointer<Element>
  package let count: Int

  /// Fills `count` elements with `initial`, then lets `fill` write over them.
  package init<Failure: Error>(
    count: Int, repeating initial: Element, fill: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(count, 1))
    memory.initialize(repeating: initial)
    do throws(Failure) { try fill(UnsafeMutableBufferPointer(rebasing: memory[..<count])) } catch {
      memory.deallocate()
      throw error
    }
    base = UnsafePointer(memory.baseAddress!)  // because the capacity is at least 1
    self.count = count
  }

  package convenience init(_ elements: [Element]) where Element: ExpressibleByIntegerLiteral {
    self.init(count: elements.count, repeating: 0) { memory in
      for (index, element) in elements.enumerated() { memory[index] = element }
    }
  }

  deinit { base.deallocate() }

  package subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "index \(index) is outside a table of \(count)")
    return base[index]
  }
}
