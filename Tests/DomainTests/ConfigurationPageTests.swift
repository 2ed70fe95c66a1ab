import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// docs/configuration.md is made from the tables of fields. Where it is not what they say, this test writes it anew when
/// RECORD=1 is set, and fails where not.
struct ConfigurationPageTests {
  @Test func the_page_says_what_the_tables_say() throws {
    let path = Fixtures.repository.appending("docs/configuration.md")
    let page = Self.page
    if ProcessInfo.processInfo.environment["RECORD"] == "1" { try LinuxFileSystem().publish(page.utf8, to: path) }
    let stands = String(decoding: try LinuxFileSystem().contents(of: path), as: UTF8.self)
    #expect(stands == page, "docs/configuration.md is not what the tables say: RECORD=1 make test writes it anew")
  }

  private static var page: String {
    """
    # The config, field by field

    Made from the tables in `Sources/Domain/Configuration/` by `ConfigurationPageTests`. A config is a JSON object with these sections, stored by dropping it into
    `inbox/configs/`, or held by a job file under `config`. Fields whose names begin with `_`, and `comment`, are for people. Unknown fields are refused, with the
    nearest known one named. `seed` (a whole number, default 42) stands at the top: everything that is drawn by lot comes from it.

    Fields marked *read* have no effect in the native engine: a config that was written for another trainer works, and is answered with what happens instead.

    """ + section("model", ModelSection.fields) + section("tokenizer", TokenizerSection.fields)
      + section("training", TrainingSection.fields)
      + section("data", DataSection.fields) + section("evaluation", EvaluationSection.fields)
      + section("tensorboard", TensorBoardSection.fields)
      + "\nAn element of `training.rewards`, where it is an object:\n" + section("a reward of grpo", RewardSettings.fields)
  }

  private static func section<S>(_ name: String, _ fields: [Field<S>]) -> String {
    "\n## \(name)\n\n| field | value | meaning |\n|---|---|---|\n"
      + fields.map { field in
        let names = ([field.key] + field.aliases).map { "`\($0)`" }.joined(separator: ", ")
        let value = [field.kindTitle, field.limit?.title].compactMap(\.self).joined(separator: ", ")
        return "| \(names) | \(value) | \(field.summary)\(answer(field.effect)) |\n"
      }.joined()
  }

  private static func answer<S>(_ effect: Field<S>.Effect) -> String {
    switch effect {
    case .honoured: ""
    case .remark: " *read*"
    case .ignored(let instead): " *read*: \(instead)."
    case .refused(let instead): " *refused*: \(instead)."
    }
  }
}
