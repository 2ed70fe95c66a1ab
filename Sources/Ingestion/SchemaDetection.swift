import Domain
import StrictJSON

/// Tells from the columns what the rows are, and which column plays which role. What the sidecar says wins.
struct SchemaDetection: Equatable {
  private(set) var schema = DatasetSchema.table
  /// Role to column, where a column is not called by its role.
  private(set) var mapping: [String: String] = [:]
  private(set) var warnings: [String] = []

  private let columns: [DatasetColumn]
  private let shapes: [String: ColumnShape]
  private let rows: Int

  /// - Parameters:
  ///   - rows: good rows in all.
  ///   - sample: some of them, for what stands inside lists and objects.
  ///   - told: the sidecar's mapping, role to column.
  init(columns: [DatasetColumn], rows: Int, sample: [JSONNode], told: [String: String] = [:], sidecarName: String) throws(Problem) {
    self.columns = columns
    self.rows = rows
    shapes = Dictionary(
      uniqueKeysWithValues: columns.map { column in (column.name, Self.shape(of: column, in: sample)) })
    try check(told)
    if told.isEmpty {
      for rule in SchemaRule.all where schema == .table { match(rule, told: [:]) }
    } else {
      for rule in SchemaRule.all where schema == .table && Set(told.keys).isSubset(of: rule.roles.map(\.name)) { match(rule, told: told) }
      if schema == .table { throw incomplete(told) }
    }
    if schema == .table, columns.count == 1, shapes[columns[0].name] == .text {
      schema = .text
      mapping = ["text": columns[0].name]
    }
    remark(sidecarName)
  }

  private static func shape(of column: DatasetColumn, in sample: [JSONNode]) -> ColumnShape {
    if Set(column.kinds).isSubset(of: [.string, .null]) { return .text }
    if let strings = column.strings, ColumnShape.isNearlyAll(strings, of: column.rows) { return .text }
    let inside = column.kinds.contains { $0 == .list || $0 == .object }
    return inside ? ColumnShape.common(sample.map { $0[column.name] }) ?? .other : .other
  }

  private mutating func match(_ rule: SchemaRule, told: [String: String]) {
    if let other = rule.unless, told.isEmpty, columns.contains(where: { SchemaRule.normal($0.name) == other }) { return }
    var found: [String: String] = [:]
    for role in rule.roles {
      if let column = told[role.name] {
        guard shapes[column].map(role.shapes.contains) ?? false else { return }
        found[role.name] = column
      } else if let column = column(for: role, besides: Set(found.values).union(told.values)) {
        found[role.name] = column
      } else if role.isRequired {
        return
      }
    }
    schema = rule.schema
    mapping = found.filter { $0.key != $0.value }
  }

  /// The column of that role's name or of one of its other names that most rows have, with a value that fits.
  private func column(for role: SchemaRule.Role, besides taken: Set<String>) -> String? {
    for name in [role.name] + role.others {
      let fits = columns.first { column in
        SchemaRule.normal(column.name) == name && !taken.contains(column.name) && column.rows * 2 >= rows
          && role.shapes.contains(shapes[column.name] ?? .other)
      }
      if let fits { return fits.name }
    }
    return nil
  }

  // MARK: what the sidecar says

  private func check(_ told: [String: String]) throws(Problem) {
    for (role, column) in told.sorted(by: { $0.key < $1.key }) {
      guard SchemaRule.knownRoles.contains(role) else {
        let hint = NearestKey.suggestion(for: role, among: SchemaRule.knownRoles).map { " Did you mean \"\($0)\"?" } ?? ""
        throw Problem(
          "sidecar.role", "the sidecar maps a column to '\(role)', which is no role", at: .init(field: "columns"),
          mend: "The roles are \(SchemaRule.knownRoles.joined(separator: ", ")).\(hint)")
      }
      guard columns.contains(where: { $0.name == column }) else {
        let names = columns.map(\.name)
        let hint = NearestKey.suggestion(for: column, among: names).map { " Did you mean \"\($0)\"?" } ?? ""
        let shown = names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
        throw Problem(
          "sidecar.column", "the sidecar maps '\(role)' to a column '\(column)', which the rows do not have", at: .init(field: "columns"),
          mend: "The columns are \(shown).\(hint)")
      }
    }
  }

  private func incomplete(_ told: [String: String]) -> Problem {
    let roles = told.keys.sorted()
    let near = SchemaRule.all.filter { Set(roles).isSubset(of: $0.roles.map(\.name)) }
    let names = roles.map { "'\($0)'" }.joined(separator: ", ")
    let shapesOfTold = told.sorted { $0.key < $1.key }.map { role, column in
      "'\(column)' holds \(columns.first { $0.name == column }.map { $0.kinds.map(\.rawValue).joined(separator: " and ") } ?? "nothing")"
    }
    return Problem(
      "sidecar.columns", "the columns that the sidecar names make no whole schema: it maps \(names)", at: .init(field: "columns"),
      why: near.isEmpty
        ? "no schema has all of these roles" : shapesOfTold.joined(separator: ", ") + ", or another column of the schema is missing",
      mend: "Map every column of one schema: "
        + DatasetSchema.allCases.filter { $0 != .table }.map { $0.requiredColumns.joined(separator: " + ") }.joined(separator: "; ") + ".")
  }

  // MARK: remarks

  private mutating func remark(_ sidecarName: String) {
    guard schema != .table else {
      if DatasetShape.holdsInstances(columns) {
        warnings.append(
          "Each row holds several examples (\(DatasetShape.unnatural.title)). To train on them, have them converted, an example a row: "
            + "{\"convert\": \"instruction/input/output\"} in \(sidecarName).")
        return
      }
      let names = columns.prefix(6).map(\.name).joined(separator: ", ") + (columns.count > 6 ? ", …" : "")
      warnings.append(
        "Its columns (\(names)) make none of the known shapes. To train on it, say which is which in \(sidecarName): "
          + "{\"columns\": {\"prompt\": \"…\", \"completion\": \"…\"}}.")
      return
    }
    for role in schema.requiredColumns + schema.optionalColumns {
      let name = mapping[role] ?? role
      guard let column = columns.first(where: { $0.name == name }), let strings = column.strings, shapes[name] == .text else { continue }
      let others = column.rows - strings
      warnings.append(
        "The column '\(name)' holds something else than text in \(others) of \(rows) rows: \(others == 1 ? "it is" : "they are") not trained on."
      )
    }
    for role in schema.requiredColumns {
      let name = mapping[role] ?? role
      guard let column = columns.first(where: { $0.name == name }), column.rows < rows else { continue }
      let missing = rows - column.rows
      warnings.append("The column '\(name)' is missing or null in \(missing) of \(rows) rows.")
    }
  }
}
