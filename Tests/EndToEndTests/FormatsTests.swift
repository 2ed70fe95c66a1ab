import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Real files in each form go in; canonical rows come out.
struct FormatsTests {
  private static let expected: [JSONNode] = [
    ["question": "What is \"7 × 6\"?", "answer": "42"], ["question": "Two\nlines, with a comma", "answer": "yes"],
    ["question": "Ünïcödé 数据 🙂", "answer": "ja"],
  ]

  private static let csv = "question,answer\r\n\"What is \"\"7 × 6\"\"?\",42\r\n\"Two\nlines, with a comma\",yes\r\nÜnïcödé 数据 🙂,ja\r\n"
  private static let jsonl = expected.map { $0.text() + "\n" }.joined()

  @Test func every_form_becomes_the_same_rows() async throws {
    let agent = try await RunningAgent.start()
    let (rows, table) = (ArchiveMaker.Entry("rows.jsonl", Self.jsonl), ArchiveMaker.Entry("inner/rows.csv", Self.csv))
    let wrapped: JSONNode = ["version": "1", "data": JSONNode(.array(Self.expected))]
    let forms: [(name: String, bytes: [UInt8])] = [
      ("a.csv", Array(Self.csv.utf8)), ("b.json", Array(JSONNode(.array(Self.expected)).text(.pretty).utf8)),
      ("c.json", Array(wrapped.text().utf8)),
      ("d.jsonl", Array(Self.jsonl.utf8)), ("e.jsonl.gz", try ArchiveMaker.compressed(rows.bytes, .gzip)),
      ("f.zip", try ArchiveMaker.bytes(.zip, [rows])),
      ("g.tar.gz", try ArchiveMaker.bytes(.tar, .gzip, [table])), ("h.csv.xz", try ArchiveMaker.compressed(table.bytes, .xz)),
      ("i.tar.zst", try ArchiveMaker.bytes(.tar, .zstd, [rows])), ("j.7z", try ArchiveMaker.bytes(.sevenZip, [rows])),
      ("k.tsv", Array("question\tanswer\nWhat is \"7 × 6\"?\t42\n\"Two\nlines, with a comma\"\tyes\nÜnïcödé 数据 🙂\tja\n".utf8)),
    ]
    for (name, bytes) in forms {
      // The same rows packed differently are different bytes: each is a dataset of its own.
      try agent.drop(bytes, as: name, into: .dataset)
      let receipt = try await agent.receipt(name)
      #expect(receipt.status == .accepted, "\(receipt.message)")
      let dataset = try #require(receipt.result)
      #expect(try agent.rows(of: dataset) == Self.expected, "\(name)")
      let card = try PublishedJSON.decode(
        DatasetCard.self, from: try agent.files.contents(of: agent.layout.workspace.dataset(SafeName(from: dataset)).card))
      #expect(card.rows == 3)
      #expect(card.detected == .promptCompletion)
      #expect(card.mapping == ["prompt": "question", "completion": "answer"])
      #expect(card.sha256 == SHA256.hash(bytes))
      #expect(card.columns.map(\.name) == ["question", "answer"])
      let stored = agent.layout.workspace.dataset(SafeName(from: dataset)).version(1).original.appending(name)
      #expect(try agent.files.contents(of: stored) == bytes)
    }
    _ = try await agent.stop()  // a claim's empty folder goes after the receipt
    #expect(try agent.files.names(in: agent.layout.inbox.claimed).isEmpty)
    #expect(try agent.files.names(in: agent.layout.workspace.staging).isEmpty)
  }

  @Test func a_plain_text_is_one_document_and_a_folder_one_dataset() async throws {
    let agent = try await RunningAgent.start()
    let text = String(repeating: "A line of some length, to fill more than one piece of the document.\n", count: 3_000)
    #expect(try await agent.dropAndWait(text, as: "book.txt", into: .dataset).status == .accepted)
    let rows = try agent.rows(of: "book")
    #expect(rows.count > 1)
    #expect(rows.compactMap { $0["text"]?.string }.joined() == text)
    #expect(rows.map { $0["continues"]?.bool ?? false } == Array(repeating: true, count: rows.count - 1) + [false])

    let hidden = agent.layout.inbox.folder(of: .dataset).appending(".arriving")
    try agent.files.makeFolder(hidden)
    try agent.files.writeInPlace(Array(#"{"text": "a"}"#.utf8), to: hidden.appending("train.jsonl"))
    try agent.files.writeInPlace(Array(#"{"text": "b"}"#.utf8), to: hidden.appending("validation.jsonl"))
    try agent.files.rename(hidden, to: agent.layout.inbox.folder(of: .dataset).appending("pair"))
    #expect(try await agent.receipt("pair").status == .accepted)
    #expect(try agent.rows(of: "pair") == [["text": "a"]])
    #expect(try agent.rows(of: "pair", split: "validation") == [["text": "b"]])
    _ = try await agent.stop()
  }

  @Test func a_sidecar_says_how_a_file_is_read_before_and_after_it() async throws {
    let agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait(#"{"text_rows": "line", "description": "Verses."}"#, as: "verses.dataset.json", into: .dataset)
    #expect(try await agent.dropAndWait("one\ntwo\n", as: "verses.txt", into: .dataset).status == .accepted)
    #expect(try agent.rows(of: "verses") == [["text": "one"], ["text": "two"]])

    #expect(try await agent.dropAndWait("three\nfour\n", as: "late.txt", into: .dataset).status == .accepted)
    #expect(try agent.rows(of: "late") == [["text": "three\nfour\n"]])
    let path = agent.layout.inbox.receipt(forFileNamed: "late.txt")
    try agent.files.removeFile(path)
    _ = try await agent.dropAndWait(#"{"text_rows": "line"}"#, as: "late.dataset.json", into: .dataset)
    let again = try await agent.receipt("late.txt")
    #expect(again.path == "workspace/datasets/late/versions/2")
    _ = try await agent.stop()
  }
}
