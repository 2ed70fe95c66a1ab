import TestSupport

/// The Swift files of the repository, read once.
enum Repository {
  static let swiftFiles = Result {
    try SourceFile.all(in: "Sources", endings: [".swift"]) + SourceFile.all(in: "Tests", endings: [".swift"])
  }
}
