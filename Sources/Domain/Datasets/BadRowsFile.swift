/// A mended copy of a version's `bad-rows.jsonl`, dropped as `NAME.bad-rows.jsonl`: its rows go to their places in the next version
/// of the dataset NAME.
package enum BadRowsFile {
  package static let ending = ".bad-rows.jsonl"

  /// The dataset that a dropped file of this name mends; nil where it is no such file.
  package static func dataset(of fileName: String) -> SafeName? {
    guard fileName.lowercased().hasSuffix(ending), fileName.count > ending.count else { return nil }
    return SafeName(from: String(fileName.dropLast(ending.count)))
  }

  /// Dropped under the name that it has in the version's folder, it does not say whose rows they are.
  package static func isNameless(_ fileName: String) -> Bool { fileName.lowercased() == String(ending.dropFirst()) }
}

extension Problem {
  package init(namelessBadRows name: String) {
    self.init(
      "mend.nameless", "\(name) holds mended rows, but its name does not say of which dataset", at: .init(file: name),
      mend: "Name it after the dataset and drop it again: NAME\(BadRowsFile.ending).")
  }

  package init(badRows name: String, ofUnknown dataset: SafeName) {
    self.init(
      "mend.no-dataset", "there is no dataset '\(dataset)' that its rows could go into", at: .init(file: name),
      why: "the name says of which dataset they are: NAME\(BadRowsFile.ending)", mend: "Name it after the dataset and drop it again.")
  }
}
