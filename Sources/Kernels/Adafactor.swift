import CKernels
import Glibc

/// Adaptive learning rates with sublinear memory, Shazeer and Stern, arXiv 1804.04235, as transformers' Adafactor computes them with
/// the settings of its Trainer: scale_parameter and relative_step off, no first moment, clip_threshold 1, decay_rate −0.8.
///
/// The second moment of a matrix is kept as the means of its rows and of its columns: R + C numbers instead of R · C.
package struct Adafactor: Sendable, Equatable {
  /// Added to each squared gradient: transformers' eps[0].
  package var epsilon = 1e-30
  package var clipThreshold = 1.0
  package var decayRate = -0.8
  package var weightDecay: Double

  package init(weightDecay: Double = 0) { self.weightDecay = weightDecay }

  /// A tensor as the optimiser sees it: a matrix, or (with one row) a vector whose second moment is kept whole.
  package struct Tensor {
    package let parameters: UnsafeMutablePointer<Float>
    package let gradients: UnsafeMutablePointer<Float>
    package let rows: Int
    package let columns: Int
    /// (rows), of a matrix; nil for a vector.
    package let rowMoment: UnsafeMutablePointer<Float>?
    /// (columns)
    package let columnMoment: UnsafeMutablePointer<Float>
    package let decays: Bool

    package init(
      parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
      rowMoment: UnsafeMutablePointer<Float>?, columnMoment: UnsafeMutablePointer<Float>, decays: Bool
    ) {
      self.parameters = parameters
      self.gradients = gradients
      self.rows = rows
      self.columns = columns
      self.rowMoment = rowMoment
      self.columnMoment = columnMoment
      self.decays = decays
    }
  }

  /// One step on a tensor; its gradient is 0 afterwards. Sums are cut by sizes: the same bits with any number of threads.
  ///
  /// - step: counted from 1.
  package func update(_ tensor: Tensor, step: Int, learningRate: Double, gradientScale: Float = 1, on team: ThreadTeam) {
    WorkClock.count(.optimizer) {
      let share = pow(Double(step), decayRate)  // 1 − β₂ of this step
      let (rows, columns) = (tensor.rows, tensor.columns)
      let size = ThreadTeam.rowBlock(width: columns), blocks = (rows + size - 1) / size
      withUnsafeTemporaryAllocation(of: Float.self, capacity: rows + columns + blocks * columns) { scratch in
        guard let rowFactors = scratch.baseAddress else { return }
        let columnFactors = rowFactors + rows, partial = columnFactors + columns
        squares(tensor, share, gradientScale, rowFactors, columnFactors, partial, size, team)
        let sum = withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
          team.forEachBlock(of: rows, size: size) { block in
            sums[block.lowerBound / size] = ck_adafactor_norm(
              tensor.gradients + block.lowerBound * columns, rowFactors + block.lowerBound, columnFactors, block.count, columns,
              gradientScale)
          }
          return sums.reduce(0, +)
        }
        let root = (sum / Double(rows * columns)).squareRoot()
        let length = Float(learningRate / max(1, root / clipThreshold))
        let decay = tensor.decays ? Float(1 - learningRate * weightDecay) : 1
        team.forEachBlock(of: rows, size: size) { block in
          let at = block.lowerBound * columns
          ck_adafactor_apply(
            tensor.parameters + at, tensor.gradients + at, rowFactors + block.lowerBound, columnFactors, block.count, columns,
            gradientScale, length, decay)
        }
      }
    }
  }

  /// Moves the moments on and makes of them the factors of the update: 1/√(row / mean of rows) and 1/√column.
  private func squares(
    _ tensor: Tensor, _ share: Double, _ scale: Float, _ rowFactors: UnsafeMutablePointer<Float>,
    _ columnFactors: UnsafeMutablePointer<Float>, _ partial: UnsafeMutablePointer<Float>, _ size: Int, _ team: ThreadTeam
  ) {
    let (rows, columns) = (tensor.rows, tensor.columns), kept = Float(1 - share), added = Float(share)
    team.forEachBlock(of: rows, size: size) { block in
      let sums = partial + block.lowerBound / size * columns
      sums.update(repeating: 0, count: columns)
      ck_adafactor_squares(
        rowFactors + block.lowerBound, sums, tensor.gradients + block.lowerBound * columns, block.count, columns, scale, Float(epsilon))
    }
    team.forEachBlock(of: columns, size: 1_024) { strip in
      for column in strip {
        var sum: Float = 0
        for block in 0..<(rows + size - 1) / size { sum += partial[block * columns + column] }
        let moment = kept * tensor.columnMoment[column] + added * (sum / Float(rows))
        tensor.columnMoment[column] = moment
        columnFactors[column] = 1 / moment.squareRoot()
      }
    }
    guard let rowMoment = tensor.rowMoment else {
      rowFactors[0] = 1
      return
    }
    var total = 0.0
    for row in 0..<rows {
      rowMoment[row] = kept * rowMoment[row] + added * rowFactors[row]
      total += Double(rowMoment[row])
    }
    let mean = Float(total / Double(rows))
    for row in 0..<rows { rowFactors[row] = 1 / (rowMoment[row] / mean).squareRoot() }
  }

  /// The plain version in double of one step on a matrix: returns the new parameters and moments, whose rows are nil for a vector.
  package func plain(
    p: [[Double]], g: [[Double]], rows: [Double]?, columns: [Double], step: Int, learningRate: Double
  ) -> (p: [[Double]], rows: [Double]?, columns: [Double]) {
    let share = pow(Double(step), decayRate), height = p.count, width = p[0].count
    let squares = g.map { $0.map { $0 * $0 + epsilon } }
    let newColumns = (0..<width).map { c in (1 - share) * columns[c] + share * squares.reduce(0) { $0 + $1[c] } / Double(height) }
    let newRows = rows.map { rows in (0..<height).map { (1 - share) * rows[$0] + share * squares[$0].reduce(0, +) / Double(width) } }
    let mean = newRows.map { $0.reduce(0, +) / Double(height) } ?? 1
    let update = (0..<height).map { r in
      (0..<width).map { c in g[r][c] / ((newRows.map { $0[r] / mean } ?? 1) * newColumns[c]).squareRoot() }
    }
    let root = (update.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } } / Double(height * width)).squareRoot()
    let length = learningRate / max(1, root / clipThreshold)
    let moved = (0..<height).map { r in (0..<width).map { c in p[r][c] * (1 - learningRate * weightDecay) - length * update[r][c] } }
    return (moved, newRows, newColumns)
  }
}
