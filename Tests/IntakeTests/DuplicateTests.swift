import Domain
import Intake
import TestSupport
import Testing

/// The same bytes again.
struct DuplicateTests {
  private let reception: Reception
  private static let rows = "first row\nsecond row\n"

  init() throws { reception = try Reception() }

  @Test func a_dataset_is_stored_once() async throws {
    _ = try await reception.take(Self.rows, as: "rows.csv", into: .dataset)
    let before = reception.names()
    let receipt = try await reception.take(Self.rows, as: "rows.csv", into: .dataset)
    #expect(receipt.status == .duplicate && receipt.result == "rows")
    #expect(receipt.path == "workspace/datasets/rows/versions/1")
    #expect(receipt.message == "The same bytes are here already as version 1 of the dataset 'rows'. Nothing is stored twice.")
    #expect(reception.names() == before)
    #expect(reception.leftovers().isEmpty)
  }

  @Test func a_dataset_under_another_name_makes_an_alias() async throws {
    _ = try await reception.take(Self.rows, as: "rows.csv", into: .dataset)
    let receipt = try await reception.take(Self.rows, as: "copy.csv", into: .dataset)
    #expect(receipt.status == .duplicate && receipt.result == "rows")
    #expect(
      receipt.message
        == "The same bytes are here already as version 1 of the dataset 'rows'; the name 'copy' now means it too. Nothing is stored twice.")
    #expect(reception.text("workspace/datasets/rows/dataset.json")?.contains(#""copy""#) == true)
    let job = try await reception.take(Specimen.jobFile("tiny", on: "copy"), as: "tiny.json", into: .job)
    #expect(job.message == "Job 'tiny-1' is here: starts next.")
  }

  @Test func a_config_is_kept_once() async throws {
    _ = try await reception.take(Specimen.config, as: "small.json", into: .config)
    let before = reception.names()
    let receipt = try await reception.take(Specimen.config, as: "small.json", into: .config)
    #expect(receipt.status == .duplicate && receipt.message == "The same config is here already as version 1 of 'small'.")
    #expect(reception.names() == before)
  }

  @Test func a_model_is_kept_once_and_its_name_given_once() async throws {
    _ = try await reception.take("packed", as: "qwen.tar.gz", into: .model)
    let before = reception.names()
    let same = try await reception.take("packed", as: "qwen.tar.gz", into: .model)
    #expect(same.status == .duplicate && same.message == "The same model is here already as 'qwen'.")
    #expect(reception.names() == before)
    let other = try await reception.take("other weights", as: "qwen.tar.gz", into: .model)
    #expect(other.status == .rejected)
    #expect(
      other.message
        == "there is another model called 'qwen' already. Jobs pin their base by name and hash, so a model is never replaced. Rename the folder and drop it again."
    )
    #expect(reception.text("workspace/models/qwen/original/qwen.tar.gz") == "packed")
    #expect(reception.text("\(try #require(other.path))/qwen.tar.gz") == "other weights")
    #expect(reception.leftovers().isEmpty)
  }
}
