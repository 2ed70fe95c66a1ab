/// A file that asks for a model, `inbox/models/NAME.model.json` or just `NAME.json`.
package enum ModelWishFile {
  /// What the model is to be called.
  package static func name(_ fileName: String) -> SafeName {
    let stem = DroppedFileName(fileName).stem
    for ending in [".model", ".dataset"] where stem.hasSuffix(ending) && stem.count > ending.count {
      return SafeName(from: String(stem.dropLast(ending.count)))
    }
    return SafeName(from: stem)
  }

  /// Of a loose drop, which nothing else tells from other JSON.
  package static let ending = ".model.json"
}
