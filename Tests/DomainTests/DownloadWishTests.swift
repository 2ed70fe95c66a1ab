import Domain
import StrictJSON
import Testing

struct DownloadWishTests {
  private func sidecar(_ text: String) throws -> DatasetSidecar {
    var sidecar = DatasetSidecar()
    let findings = sidecar.overlay(try #require(try JSONParser.parse(text).object), path: "", source: ConfigSource(Array(text.utf8)))
    #expect(findings.isEmpty)
    return sidecar
  }

  private func wish(_ text: String, called name: String? = "mine") throws -> DownloadWish {
    try #require(try sidecar(text).download(called: name)).get()
  }

  private func complaint(_ text: String) throws -> String? {
    guard case .failure(let complaint)? = try sidecar(text).download(called: "mine") else { return nil }
    return "\(complaint.field): \(complaint.message)"
  }

  @Test func every_field_says_something() throws {
    let wish = try wish(
      #"{"source": "hf:a/b", "config": "c", "split": "train+test", "revision": "v1", "files": ["x/*"], "max_rows": 5, "max_bytes": 6, "max_seconds": 90, "tags": ["t"]}"#
    )
    #expect(wish.source == HubSource(kind: .dataset, repository: "a/b"))
    #expect(wish.splits == ["train", "test"] && wish.files == ["x/*"] && wish.maximumRows == 5 && wish.maximumBytes == 6)
    #expect(wish.maximumSeconds == 90)
    #expect(wish.title == "hf:a/b@v1, config c, split train+test, files x/*")
    #expect(wish.name.text == "mine")
    #expect(try self.wish(#"{"source": "hf:a/b.c"}"#, called: nil).name.text == "b.c")
    #expect(try self.wish(#"{"source": "hf:squad", "split": "all"}"#).splits == [])
    #expect(try self.wish(#"{"source": "hf-model:a/b"}"#).source.kind == .model)
  }

  @Test func a_preset_is_a_word() throws {
    let usual = try wish(#"{"source": "finemath"}"#, called: nil)
    #expect(usual.title == "hf:HuggingFaceTB/finemath, config finemath-4plus, split train" && usual.name.text == "finemath")
    // Another config may have other splits.
    #expect(try wish(#"{"source": "finemath", "config": "finemath-3plus"}"#).split == nil)
    #expect(try wish(#"{"source": "ultrafeedback_binarized"}"#).splits == ["train_prefs", "test_prefs"])
    #expect(DatasetPreset.names == ["fineweb-edu", "cosmopedia-v2", "finemath", "smoltalk", "ultrafeedback_binarized", "open_thoughts"])
    for preset in DatasetPreset.all { #expect(HubSource(preset.source.description) == preset.source) }
  }

  @Test func what_says_how_to_read_is_kept_without_the_rest() throws {
    let both = try sidecar(
      #"{"source": "hf:a/b", "split": "test", "max_rows": 5, "columns": {"prompt": "q"}, "max_bytes": 7, "max_seconds": 8}"#)
    var expected = DatasetSidecar()
    (expected.maximumRows, expected.columns) = (5, ["prompt": "q"])
    #expect(both.asRead == expected)
    let plain = try sidecar(#"{"split": "test"}"#)
    #expect(plain.asRead == plain && plain.download(called: "x") == nil)
  }

  @Test func what_is_wrong_is_named() throws {
    #expect(
      try complaint(#"{"source": "finemat"}"#)
        == "source: \"finemat\" is no source; write hf:OWNER/NAME for a dataset of the Hugging Face Hub, hf-model:OWNER/NAME for a model, or one of fineweb-edu, cosmopedia-v2, finemath, smoltalk, ultrafeedback_binarized, open_thoughts. Did you mean \"finemath\"?"
    )
    for source in [
      "hf:", "hf:a/b/c", "hf:../x", "hf:a//b", "hf:a/b--c", "hf:-a/b", "hf:a/.b", "https://huggingface.co/a/b", "hf:a b/c", "hf:a/\u{e9}",
    ] {
      #expect(try complaint("{\"source\": \(JSONNode(.string(source)).text())}")?.hasPrefix("source: ") == true, "\(source)")
    }
    // A config chooses of what was dropped too.
    #expect(try sidecar(#"{"config": "de"}"#).download(called: "x") == nil && sidecar(#"{"config": "de"}"#).asRead.config == "de")
    #expect(try complaint(#"{"revision": "v1"}"#) == #"revision: this says what is to be downloaded, and no "source" says where from"#)
    #expect(
      try complaint(#"{"max_seconds": 60}"#) == #"max_seconds: this says what is to be downloaded, and no "source" says where from"#)
    #expect(
      try complaint(#"{"source": "hf:a/b", "revision": "a b"}"#) == #"revision: "a b" is no revision; give a branch, a tag or a commit"#)
    #expect(try complaint(#"{"source": "hf-model:a/b", "split": "train"}"#) == "split: a model has none; it is for datasets")
  }

  @Test func the_same_bytes_serve_whoever_has_more_time() throws {
    let wish = try wish(#"{"source": "hf:a/b", "max_seconds": 9}"#)
    #expect(wish.wantsTheSame(as: try self.wish(#"{"source": "hf:a/b"}"#)))
    #expect(!wish.wantsTheSame(as: try self.wish(#"{"source": "hf:a/b", "max_seconds": 9, "max_bytes": 9}"#)))
  }

  @Test func a_request_says_the_same() throws {
    func decode(_ text: String) throws -> (InboxRequest?, [String]) {
      let (request, findings) = InboxRequest.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
      return (request, findings.map(\.description))
    }
    let (request, findings) = try decode(#"{"action": "download", "source": "smoltalk", "name": "talk", "max_rows": 9}"#)
    #expect(findings.isEmpty)
    guard case .download(let wish)? = request else {
      Issue.record("no download")
      return
    }
    #expect(wish.name.text == "talk" && wish.maximumRows == 9 && wish.preset == "smoltalk")
    #expect(
      try decode(#"{"action": "download", "sorce": "smoltalk"}"#).1
        == ["error: sorce (line 1): no such field in a request. Did you mean \"source\"?"])
    #expect(
      try decode(#"{"action": "download", "source": "hf:x y"}"#).1.first?.hasPrefix("error: source (line 1): \"hf:x y\" is no source")
        == true)
    #expect(try decode(#"{"action": "download"}"#).1.count == 1)
    #expect(
      try decode(#"{"action": "download", "source": "hf:a/b", "max_second": 5}"#).1
        == ["error: max_second (line 1): no such field in a request. Did you mean \"max_seconds\"?"])
    #expect(
      try decode(#"{"action": "download", "source": "hf:a/b", "max_seconds": 0}"#).1
        == ["error: max_seconds (line 1): 0 is outside of what is allowed: at least 1"])
  }
}
