import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Stored configs and models, as the command tells them and changes them.
struct ConfigCommandTests {
  private static let small = """
    {
      "model": { "name": "scratch", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "trust_remote_code": true },
      "tokenizer": { "name": "byte" },
      "training": { "method": "pretrain", "max_steps": 3, "batch_size": 2, "max_length": 32, "threads": 1 }
    }
    """

  @Test func a_config_from_its_drop_to_its_end() async throws {
    let agent = try await RunningAgent.start()
    let root = ["--root", agent.layout.root.string]
    #expect(try await Programs.run(["configs"] + root).output.hasPrefix("no configs yet"))
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    #expect(try await agent.dropAndWait(Self.small, as: "small.json", into: .config).status == .accepted)
    let second = Self.small.replacing("\"max_steps\": 3", with: "\"max_steps\": 4")
    #expect(try await agent.dropAndWait(second, as: "small.json", into: .config).message.hasPrefix("Config 'small', version 2, is kept."))
    #expect(try await agent.dropAndWait(second, as: "small.json", into: .config).status == .duplicate)

    let diff = try await Programs.run(["configs", "diff", "small"] + root)
    #expect(diff.code == 1 && diff.output == "small@1 -> small@2\ntraining.max_steps  3 -> 4\n", "\(diff)")
    let show = try await Programs.run(["configs", "show", "small@1"] + root)
    #expect(show.output.hasPrefix("small, version 1 of 2; never used\n\n\(Self.small)\n"))
    #expect(show.output.hasSuffix("\n1 warning\n"))
    let misspelt = try await Programs.run(["configs", "show", "smal"] + root)
    #expect(misspelt.code == 1)
    #expect(misspelt.errors == "There is no config 'smal'. Did you mean 'small'? `dropforge configs list` tells which there are.\n")

    // A job that names a version, and a sweep of two.
    let job = #"{"name": "named", "dataset": "sums", "config": "small@1"}"#
    #expect(try await agent.dropAndWait(job, as: "named.json", into: .job).status == .accepted)
    #expect(try await agent.end(of: "named-1").steps == 3)
    let sweep = #"{"name": "lr", "dataset": "sums", "config": "small", "overrides": {"training.learning_rate": [1e-3, 1e-4]}}"#
    #expect(try await agent.dropAndWait(sweep, as: "lr.json", into: .job).result == "lr-sweep-1")
    for id in ["lr-sweep-1-1", "lr-sweep-1-2"] { #expect(try await agent.end(of: id).state == .completed) }
    let id = try #require(SweepID("lr-sweep-1"))
    let page = try agent.text(agent.layout.workspace.sweep(id).page)
    #expect(page.contains("**Winner: `lr-sweep-1-1`** with `training.learning_rate` 1e-3: eval_loss "), "\(page)")
    let list = try JSONParser.parse(try await Programs.run(["configs", "list", "--json"] + root).output)
    #expect(list.array?.first?["times_used"]?.int == 3 && list.array?.first?["version"]?.int == 2)
    let models = try JSONParser.parse(try await Programs.run(["models", "--json"] + root).output)
    #expect(models.array?.compactMap { $0["job"]?.string } == ["lr-sweep-1-2", "lr-sweep-1-1", "named-1"])

    // Used by a job that waits: neither renamed nor deleted, unless forced.
    let waiting = try await agent.dropAndWait(#"{"name": "waits", "dataset": "nowhere", "config": "small"}"#, as: "waits.json", into: .job)
    #expect(waiting.status == .accepted)
    let refused = try await Programs.run(["delete", "config", "small"] + root)
    #expect(refused.code == 1)
    #expect(
      refused.output
        == "name: the config 'small' is used by a job that is not over: 'waits-1'. It could not start or go on without it. Wait for it, cancel it, or delete it all the same with --force (\"force\": true).\n"
    )
    let renamed = try await Programs.run(["configs", "rename", "small", "large", "--force"] + root)
    #expect(renamed.code == 0 && renamed.output == "Config 'small' is called 'large' now.\n", "\(renamed)")
    #expect(try agent.text(agent.layout.workspace.config(SafeName(from: "large")).version(1)) == Self.small)
    let deleted = try await Programs.run(["delete", "config", "large"] + root)
    #expect(deleted.code == 0 && deleted.output == "Config 'large' is deleted, with its 2 versions.\n", "\(deleted)")
    #expect(try agent.files.names(in: agent.layout.workspace.configs).isEmpty)
    _ = try await agent.stop()
  }

  @Test func a_new_config_is_made_from_a_template_and_checked_before_it_is_written() async throws {
    let work = try TemporaryFolder()
    let file = work.path.appending("mine.json")
    let new = ["config", "new", "--template", "sft", "--root", work.path.string]
    let written = try await Programs.run(new + ["--set", "training.learning_rate=1e-4", "--set", "name=mine", "-o", file.string])
    #expect(written.code == 0 && written.output.hasPrefix("\(file) is a valid config."), "\(written)")
    let config = try JSONParser.parse(try LinuxFileSystem().contents(of: file))
    #expect(config["training"]?["learning_rate"]?.double == 1e-4 && config["name"] == "mine")
    let again = try await Programs.run(new + ["-o", file.string])
    #expect(again.code == 1 && again.errors == "\(file) stands already; choose another name, or say --force.\n")
    let wrong = try await Programs.run(new + ["--set", "training.learning_rat=1"])
    #expect(wrong.code == 1 && wrong.output.isEmpty)
    #expect(wrong.errors.contains(#"no such field. Did you mean "learning_rate"?"#))
    let unknown = try await Programs.run(["config", "new", "--template", "hybrid", "--root", work.path.string])
    #expect(unknown.code == 1 && unknown.errors == "There is no template 'hybrid'. Did you mean hybrid-1-sft, hybrid-2-dpo?\n")
    let schema = try JSONParser.parse(try await Programs.run(["config", "schema"]).output)
    #expect(schema == ConfigurationSchema.config)
  }
}
