import Domain

/// A sidecar that speaks of another kind of file than the one it lies beside is refused: nothing in it is ignored.
enum SidecarFit {
  /// - Parameter formats: of the drop's files.
  static func check(_ sidecar: DatasetSidecar?, against formats: [DatasetFormat]) throws(Problem) {
    guard let sidecar else { return }
    let names = Set(formats).map(\.title).sorted().joined(separator: " and ")
    if !formats.contains(.csv), !formats.contains(.tsv) {
      let fields = [("delimiter", sidecar.delimiter != nil), ("quote", sidecar.quote != nil), ("header", sidecar.header != nil)]
      if let field = fields.first(where: \.1)?.0 { throw unfit(field, "CSV", names) }
    }
    if sidecar.textRows != .document, !formats.contains(.plainText) { throw unfit("text_rows", "plain text", names) }
  }

  /// - Parameter hasConfigs: the drop has a README.md that names configs.
  static func check(_ sidecar: DatasetSidecar?, hasConfigs: Bool) throws(Problem) {
    guard let config = sidecar?.config, !hasConfigs else { return }
    throw Problem(
      "sidecar.unfit", "the sidecar names the config '\(config)', but the drop has no README.md with configs", at: .init(field: "config"),
      mend:
        "Take 'config' out of the sidecar, or drop the whole folder of the repository, with the README.md at its top. What is to be downloaded needs \"source\" too."
    )
  }

  private static func unfit(_ field: String, _ meant: String, _ found: String) -> Problem {
    Problem(
      "sidecar.unfit", "the sidecar says '\(field)', which is for \(meant), but the drop is \(found)", at: .init(field: field),
      mend: "Take '\(field)' out of the sidecar, or say \"format\" where the drop is not what it is taken for.")
  }
}
