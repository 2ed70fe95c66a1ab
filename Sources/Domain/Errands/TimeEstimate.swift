/// How long an errand's work will take, told before it begins from a short trial of it: `estimate` in `status.json`.
package struct TimeEstimate: Codable, Sendable, Equatable {
  /// Of what is left, in bytes.
  package var bytes: Int
  /// Bytes a second; nil: not measured.
  package var rate: Double?
  /// `bytes` at that rate; nil: not measured.
  package var seconds: Double?
  /// How it was measured, or why not, for people.
  package var how: String

  package init(bytes: Int, rate: Double?, how: String) {
    self.bytes = bytes
    self.rate = rate
    self.how = how
    seconds = rate.flatMap { $0 > 0 ? Double(bytes) / $0 : nil }
  }
}
