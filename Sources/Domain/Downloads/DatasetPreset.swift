/// A well-known dataset that can be asked for by one word. Figures are those of the revision that was looked at, for people and for
/// `dropforge datasets available`; what is really there is asked of the Hub before a download.
package struct DatasetPreset: Sendable, Equatable {
  package var name: String
  package var repository: String
  package var config: String?
  /// Splits that are taken where the user names none; nil: all.
  package var split: String?
  /// Rows and bytes of what is taken, and bytes of its first file: what the least download costs.
  package var rows: Int?
  package var bytes: Int?
  package var fileBytes: Int?
  package var columns: String
  /// As the repository's card names it.
  package var licence: String
  package var summary: String

  package var source: HubSource { HubSource(kind: .dataset, repository: repository) }

  package static func named(_ name: String) -> DatasetPreset? { all.first { $0.name == name } }
  package static var names: [String] { all.map(\.name) }

  package static let all: [DatasetPreset] = [
    DatasetPreset(
      name: "fineweb-edu", repository: "HuggingFaceTB/smollm-corpus", config: "fineweb-edu-dedup", split: "train", rows: 190_168_005,
      bytes: 527_000_000_000, fileBytes: 2_251_835_383, columns: "text, id, metadata", licence: "odc-by",
      summary: "Web pages of educational value, 220 billion tokens"),
    DatasetPreset(
      name: "cosmopedia-v2", repository: "HuggingFaceTB/smollm-corpus", config: "cosmopedia-v2", split: "train", rows: 39_000_000,
      bytes: 122_000_000_000, fileBytes: 1_200_000_000, columns: "prompt, text, token_length, audience, format, seed_data",
      licence: "odc-by", summary: "Textbooks and stories written by a model, 28 billion tokens"),
    DatasetPreset(
      name: "finemath", repository: "HuggingFaceTB/finemath", config: "finemath-4plus", split: "train", rows: 6_699_493,
      bytes: 18_365_184_633, fileBytes: 284_239_808, columns: "text, url, metadata, score, …", licence: "odc-by",
      summary: "Web pages that explain mathematics, 9.6 billion tokens"),
    DatasetPreset(
      name: "smoltalk", repository: "HuggingFaceTB/smoltalk", config: "all", split: nil, rows: 1_043_917, bytes: nil, fileBytes: nil,
      columns: "messages, source", licence: "apache-2.0", summary: "Conversations for supervised fine-tuning"),
    DatasetPreset(
      name: "ultrafeedback_binarized", repository: "HuggingFaceH4/ultrafeedback_binarized", config: nil, split: "train_prefs+test_prefs",
      rows: 63_135, bytes: nil, fileBytes: nil, columns: "prompt, chosen, rejected, messages, score_chosen, score_rejected",
      licence: "mit", summary: "Preferences: a chosen and a rejected answer; all six splits are 650 MB"),
    DatasetPreset(
      name: "open_thoughts", repository: "open-thoughts/OpenThoughts-114k", config: "default", split: nil, rows: 114_000, bytes: nil,
      fileBytes: nil, columns: "system, conversations", licence: "apache-2.0", summary: "Worked solutions with their reasoning"),
  ]
}
