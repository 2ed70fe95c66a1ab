import StrictJSON

/// A request about a stored dataset.
package enum DatasetRequest: Sendable, Equatable {
  /// What is said for people; nil leaves what stands.
  case describe(DatasetReference, description: String?, tags: [String]?, licence: String?)
  /// Rows in another schema, as the next version of the same dataset or under a name of their own.
  case convert(DatasetReference, to: DatasetSchema, name: String?)
  case export(DatasetReference, format: ExportFormat)
  /// Gone from the workspace with everything that hangs on it, and kept for a while: whole, or one version.
  case delete(DatasetReference, isForced: Bool)
  case restore(DatasetReference)

  package enum ExportFormat: String, WordField, CaseIterable, Codable { case jsonl, csv }

  package static let actions = ["describe", "convert", "export", "restore"]

  /// The fields of a request beside `action`.
  static func known(_ action: String) -> [String]? {
    switch action {
    case "describe": ["dataset", "description", "tags", "license"]
    case "convert": ["dataset", "to", "name"]
    case "export": ["dataset", "format"]
    case "restore": ["dataset", "version"]
    default: nil
    }
  }

  static func decode(_ action: String, _ form: inout RequestForm) -> DatasetRequest? {
    guard let dataset = form.dataset("dataset", "the dataset to \(action)") else { return nil }
    switch action {
    case "describe":
      let description = form.value("description", as: String.self)
      let tags = form.value("tags", as: [String].self)
      let licence = form.value("license", as: String.self)
      if description == nil, tags == nil, licence == nil, form.findings.errors.isEmpty {
        form.refuse("description", "this field is missing; say a description, tags or a license")
      }
      return .describe(dataset, description: description, tags: tags, licence: licence)
    case "convert":
      guard form.object["to"] != nil else {
        form.refuse("to", "this field is missing; it is one of \(DatasetSchema.targets.joined(separator: ", "))")
        return nil
      }
      let name = form.value("name", as: String.self)
      return form.value("to", as: DatasetSchema.self).map { .convert(dataset, to: $0, name: name) }
    case "export": return .export(dataset, format: form.value("format", as: ExportFormat.self) ?? .jsonl)
    case "restore": return form.version(of: dataset).map { .restore($0) }
    default: return nil
    }
  }

  /// `{"action": "delete", "kind": "dataset", "name": "chats"}`, or shorter `{"action": "delete", "dataset": "chats"}`; and the same of a
  /// tokenization.
  static func decodeDelete(_ kind: String, _ form: inout RequestForm) -> InboxRequest? {
    let isForced = form.flag("force")
    let field = form.object["name"] == nil && form.object[kind] != nil ? kind : "name"
    if kind == "tokenization" {
      guard let id = form.name(field, "the tokenization to delete") else { return nil }
      guard form.object["version"] == nil else {
        form.refuse("version", "a tokenization has none; its identifier names it")
        return nil
      }
      let dataset = form.object["dataset"] == nil ? nil : form.dataset("dataset", "the dataset of the tokenization")
      return .deleteTokenization(id, of: dataset, isForced: isForced)
    }
    guard let dataset = form.dataset(field, "the dataset to delete") else { return nil }
    return form.version(of: dataset).map { .dataset(.delete($0, isForced: isForced)) }
  }
}

extension RequestForm {
  mutating func dataset(_ field: String, _ what: String) -> DatasetReference? {
    guard let text = name(field, what) else { return nil }
    if let reference = DatasetReference(text) { return reference }
    refuse(field, "\"\(text)\" is no dataset's name; write NAME, or NAME@2 for a version")
    return nil
  }

  /// What is named, with the version that `version` says where there is that.
  mutating func version(of reference: DatasetReference) -> DatasetReference? {
    guard let number = value("version", as: Int.self) else { return reference }
    guard number >= 1 else {
      refuse("version", "must be 1 or more")
      return nil
    }
    if let other = reference.version, other != number {
      refuse("version", "\(number) is not what \"\(reference)\" says")
      return nil
    }
    return DatasetReference(name: reference.name, version: number)
  }

  /// A field that may be left out.
  mutating func value<Value: FieldValue>(_ field: String, as type: Value.Type) -> Value? {
    guard let node = object[field], !node.isNull else { return nil }
    if let value = Value(node: node) { return value }
    refuse(field, Value.complaint(about: node))
    return nil
  }
}
