import Domain
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// templates/models/: shapes of published models, each with its number of parameters, which is counted here.
struct ModelRecipeTests {
  @Test(
    arguments: [
      ("gpt2-small", 124_439_808), ("gpt2-medium", 354_823_168), ("doge-20m", 13_118_728), ("doge-60m", 54_571_552),
      ("doge-160m", 152_676_168), ("doge-320m", 335_750_272), ("qwen3-0.6b", 596_049_920),
    ])
  func a_recipe_has_as_many_parameters_as_it_says(name: String, parameters: Int) throws {
    let path = Fixtures.repository.pushing(FilePath("templates/models/\(name).json"))
    let bytes = try LinuxFileSystem().contents(of: path)
    let node = try JSONParser.parse(bytes)
    let (configuration, findings) = Configuration.decode(node, source: ConfigSource(Array(bytes)))
    #expect(findings.isEmpty, "\(findings)")
    let vocabulary = try #require(configuration.model.vocabularySize)
    let shape = try ModelShape.configuration(
      configuration.model, maximumLength: configuration.training.maximumLength, vocabulary: vocabulary, endOfText: nil, padding: nil)
    let model = try ModelConfiguration(shape)
    #expect(model.decoder.layout.parameterCount == parameters)
    #expect(node["_parameters"]?.int == parameters)
  }

  @Test func every_recipe_is_counted() throws {
    let names = try LinuxFileSystem().names(in: Fixtures.repository.pushing(FilePath("templates/models"))).map(\.string).sorted()
    #expect(
      names == [
        "doge-160m.json", "doge-20m.json", "doge-320m.json", "doge-60m.json", "gpt2-medium.json", "gpt2-small.json", "qwen3-0.6b.json",
      ])
  }
}

/// What Domain says of adapters' modules is what the models have.
struct AdapterModuleTests {
  @Test(arguments: ModelArchitecture.allCases, [false, true])
  func the_table_of_modules_is_that_of_the_models(architecture: ModelArchitecture, hasExperts: Bool) throws {
    if hasExperts, !ModelArchitecture.doges.contains(architecture) { return }
    var section = ModelSection()
    section.architecture = architecture
    (section.hiddenSize, section.layers, section.heads) = (32, 1, 2)
    if hasExperts { (section.hasExperts, section.experts, section.expertsPerToken) = (true, 16, 2) }
    let shape = try ModelShape.configuration(section, maximumLength: 32, vocabulary: 300, endOfText: 0, padding: 0)
    let layout = try ModelConfiguration(shape).decoder.layout
    let names = Set(layout.projections.flatMap { $0.modules.compactMap { $0.name.split(separator: ".").last.map(String.init) } })
    #expect(names.isSubset(of: architecture.adapterModules))
    // A mixture of experts has a router in place of some layers, the others have none.
    if !ModelArchitecture.doges.contains(architecture) { #expect(names == Set(architecture.adapterModules)) }
  }
}
