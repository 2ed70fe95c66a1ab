import TestSupport

/// The Swift files of the repository, read once.
enum Repository {
  static let swiftFiles = Result {
    try ["Sources", "Tests", "Benchmarks"].flatMap { try SourceFile.all(in: $0, endings: [".swift"]) }
  }
}
