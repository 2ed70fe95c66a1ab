import Domain
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// Dropped models: folders and archives of them.
struct ModelInspectionTests {
  private let folder: TemporaryFolder
  private let files = LinuxFileSystem()

  init() throws { folder = try TemporaryFolder() }

  private static let golden = Fixtures.path("golden/llama")
  private static func bytes(_ name: String) throws -> [UInt8] { try LinuxFileSystem().contents(of: golden.appending(name)) }

  private var staging: ModelLayout { ModelLayout(folder: folder.path.appending("staging")) }

  private func inspect(_ path: FilePath) throws -> ModelCard {
    let name = path.lastComponent?.string ?? ""
    let order = ModelOrder(
      drop: Specimen.drop(), name: SafeName(from: "tiny"), source: path.string, fileName: name, staging: staging.folder.string,
      limits: IngestLimits())
    try ModelInspection(order: order, files: files).run()
    return try PublishedJSON.decode(ModelCard.self, from: try files.contents(of: staging.card))
  }

  private func problem(_ path: FilePath) -> Problem? {
    do {
      _ = try inspect(path)
      return nil
    } catch { return error as? Problem }
  }

  private func modelFolder(_ name: String, except: String? = nil, and more: [String: String] = [:]) throws -> FilePath {
    for file in ["config.json", "model.safetensors"] where file != except { try folder.write(try Self.bytes(file), to: "\(name)/\(file)") }
    for (file, text) in more { try folder.write(text, to: "\(name)/\(file)") }
    return folder.path.appending(name)
  }

  @Test func a_folder() throws {
    let path = try modelFolder("tiny")
    let card = try inspect(path)
    #expect(card.name.text == "tiny" && card.architecture == "llama" && card.vocabularySize == 128 && card.maximumPositions == 64)
    #expect(!card.hasTokenizer && card.warnings == ["There is no tokenizer.json: jobs on this model must name a tokenizer."])
    let list = try ["config.json", "model.safetensors"].map { "\(SHA256.hash(try Self.bytes($0)))  \($0)\n" }.joined()
    #expect(card.sha256 == SHA256.hash(list.utf8))
    #expect(card.bytes == (try Self.bytes("config.json").count + Self.bytes("model.safetensors").count))
    #expect(try files.names(in: staging.folder).map(\.string) == ["model.json"])
  }

  @Test func a_folder_without_a_config() throws {
    let found = problem(try modelFolder("tiny", except: "config.json"))
    #expect(
      found
        == Problem(
          "model.no-config", "tiny holds no config.json",
          why: "a model is a Hugging Face folder: config.json, *.safetensors, tokenizer.json",
          mend: "Drop the folder that holds these files itself, not one above it."))
  }

  @Test func weights_that_are_missing_or_cut_off_name_the_dropped_file_and_not_our_path() throws {
    let missing = try #require(problem(try modelFolder("tiny", except: "model.safetensors")))
    #expect(!missing.description.contains(folder.path.string), "\(missing)")
    let path = try modelFolder("cut")
    try files.writeInPlace(Array(try Self.bytes("model.safetensors").dropLast(100)), to: path.appending("model.safetensors"))
    let cut = try #require(problem(path))
    #expect(cut.place?.file == "cut/model.safetensors", "\(cut)")
  }

  @Test func a_tokenizer_that_cannot_be_used_is_a_warning() throws {
    let card = try inspect(try modelFolder("tiny", and: ["tokenizer.json": "{}"]))
    #expect(!card.hasTokenizer && card.warnings.count == 1)
    #expect(card.warnings.first?.hasPrefix("Its tokenizer cannot be used: ") == true)
  }

  @Test(arguments: ["words.json", "words.tar"]) func a_tokenizer_by_itself(name: String) throws {
    let json = try LinuxFileSystem().contents(of: Fixtures.path("tokenizers/bpe400/tokenizer.json"))
    let path =
      name.hasSuffix(".json")
      ? try folder.write(json, to: name) : try folder.write(try ArchiveMaker.bytes(.tar, .none, [.init("tokenizer.json", json)]), to: name)
    let card = try inspect(path)
    #expect(card.isLoneTokenizer && card.hasTokenizer && card.vocabularySize == 359 && card.parameters == 0 && card.warnings.isEmpty)
    #expect(try files.contents(of: staging.extracted.appending("tokenizer.json")) == json)
  }

  @Test func a_folder_of_a_tokenizer() throws {
    try folder.write(try LinuxFileSystem().contents(of: Fixtures.path("tokenizers/bpe400/tokenizer.json")), to: "words/tokenizer.json")
    #expect(try inspect(folder.path.appending("words")).isLoneTokenizer)
    // Weights beside it make it a model, whose config.json is missing.
    let found = problem(try modelFolder("tiny", except: "config.json", and: ["tokenizer.json": "{}"]))
    #expect(found?.code == "model.no-config")
  }

  @Test(arguments: [#"{"architectures": ["LlamaForCausalLM"]}"#, "[1]", "no JSON"]) func json_that_is_no_tokenizer(text: String) throws {
    #expect(
      problem(try folder.write(text, to: "config.json"))?.description
        == "config.json: it is neither a model's folder, nor an archive of one, nor a tokenizer.json. "
        + "Drop the model's whole folder, or pack it: tar -czf model.tar.gz -C MODEL_FOLDER . A tokenizer.json may come alone.")
  }

  @Test func a_tokenizer_of_another_kind() throws {
    let json = #"{"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "model": {"type": "WordPiece", "vocab": {}}}"#
    #expect(
      problem(try folder.write(json, to: "words.json"))?.description
        == "words.json: it is no model, and no tokenizer that can be used. "
        + "\"decoder\" in tokenizer.json is null, which is not supported. Supported: \"ByteLevel\".")
  }

  private func archive(
    _ name: String, _ form: ArchiveMaker.Form, _ filter: ArchiveMaker.Filter = .none, in parent: String = "",
    and more: [ArchiveMaker.Entry] = []
  ) throws -> FilePath {
    let entries = try ["config.json", "model.safetensors"].map { ArchiveMaker.Entry(parent + $0, try Self.bytes($0)) }
    return try folder.write(try ArchiveMaker.bytes(form, filter, entries + more), to: name)
  }

  @Test(arguments: [
    ("tiny.tar.gz", ArchiveMaker.Form.tar, ArchiveMaker.Filter.gzip), ("tiny.tar", .tar, .none), ("tiny.zip", .zip, .none),
    ("tiny.7z", .sevenZip, .none),
  ])
  func an_archive(name: String, form: ArchiveMaker.Form, filter: ArchiveMaker.Filter) throws {
    let path = try archive(
      name, form, filter, in: "models/tiny/", and: [.init("models/tiny/README.md", "A card."), .init("models/tiny/run.py", "import os")])
    let card = try inspect(path)
    #expect(card.architecture == "llama")
    // Nothing that is no part of a model.
    #expect(try files.names(in: staging.extracted).map(\.string) == ["README.md", "config.json", "model.safetensors"])
    #expect(try files.contents(of: staging.extracted.appending("model.safetensors")) == Self.bytes("model.safetensors"))
  }

  @Test func an_archive_of_two_models() throws {
    let path = try archive("two.tar", .tar, in: "a/", and: [.init("b/config.json", "{}")])
    #expect(
      problem(path)
        == Problem(
          "model.several", "two.tar holds files of a model in two folders: 'a' and 'b'",
          mend: "Pack one model an archive: tar -czf model.tar.gz -C MODEL_FOLDER ."))
  }

  @Test func a_file_that_is_no_archive() throws {
    let path = try folder.write("just text\n", to: "model.txt")
    #expect(problem(path)?.code == "model.no-model")
    #expect(problem(path)?.what == "it is neither a folder nor an archive of one")
  }

  @Test func links_and_ways_out_of_an_archive_reach_nothing() throws {
    let path = try archive(
      "sly.tar", .tar, and: [.init("../../config.json", "{}"), .init("generation_config.json", "", .symlink(to: "/etc/passwd"))])
    _ = problem(path)
    #expect(!files.exists(folder.path.appending("config.json")))
    #expect(!files.exists(staging.extracted.appending("generation_config.json")))
  }
}
