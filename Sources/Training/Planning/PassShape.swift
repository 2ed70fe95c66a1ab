import Domain
import LanguageModels

/// How large a pass through the model has to be: what an objective makes its passes by, and what they are planned by.
struct PassShape: Equatable {
  let rows: Int
  let length: Int
  let purpose: ModelPass.Purpose
  /// Neighbouring sequences that belong together.
  let group: Int

  /// Room for so many sequences; lengths are rounded up as micro-batches are.
  init(sequences: Int, of length: Int, _ purpose: ModelPass.Purpose, group: Int = 1) {
    self.length = (length + 7) / 8 * 8
    rows = sequences * self.length
    self.purpose = purpose
    self.group = group
  }
}
