import Catalogue
import Domain
import Intake
import Platform
import Scheduling

extension DatasetViews {
  func carryOut(_ request: DatasetRequest, _ rows: RowsErrands, _ errands: Errands) async throws -> RequestAnswer {
    switch request {
    case .describe(let name, let description, let tags, let licence): return try await describe(name, description, tags, licence)
    case .delete(let name, let isForced):
      guard let version = name.version else { return try await delete(name, isForced: isForced) }
      return try await delete(version, of: name.name, isForced: isForced, errands)
    case .restore(let name): return try await restore(name)
    case .convert(let name, let target, let newName): return try await start(.convert, name, .converted(target), newName, rows, errands)
    case .export(let name, let format): return try await start(.exportRows, name, format == .csv ? .csv : .jsonl, nil, rows, errands)
    }
  }

  private func start(
    _ kind: ErrandKind, _ reference: DatasetReference, _ form: RowsOrder.Form, _ name: String?, _ rows: RowsErrands, _ errands: Errands
  ) async throws -> RequestAnswer {
    switch try await rows.body(for: reference, form: form, name: name, unknown: unknown) {
    case .failure(let problem): return .refused(problem)
    case .success(let body):
      let text = String(decoding: try PublishedJSON.line(of: body).dropLast(), as: UTF8.self)
      let (errand, _) = try await errands.add(kind, about: body.dataset, likeness: text, body: text)
      let becomes = body.name.map { " and become the dataset '\($0)'" } ?? ""
      return .carriedOut(
        "The rows of '\(body.dataset)', version \(body.version), are being \(kind == .convert ? "converted" : "exported")\(becomes): errand '\(errand.id)'."
      )
    }
  }
}
