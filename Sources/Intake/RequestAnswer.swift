import Domain

/// What became of a request, for its receipt.
package enum RequestAnswer: Sendable, Equatable {
  case carriedOut(String)
  case refused(Problem)
}
