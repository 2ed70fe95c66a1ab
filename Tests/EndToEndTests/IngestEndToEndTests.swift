import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// What users trust the inbox for, with the real programs: the same words beforehand and afterwards, rows that can be mended, limits
/// that say which they are, and nobody who waits for others.
struct IngestEndToEndTests {
  // MARK: the same words

  private static func refused() throws -> [(name: String, kind: DropKind, bytes: [UInt8])] {
    let rows = (0..<200).map { "{\"text\":\"row \($0)\"}\n" }.joined()
    let entry = ArchiveMaker.Entry("rows.jsonl", rows)
    let zip = try ArchiveMaker.bytes(.zip, [entry])
    return [
      ("empty.csv", .dataset, []),
      ("cut.jsonl.gz", .dataset, Array(try ArchiveMaker.compressed(Array(rows.utf8), .gzip).dropLast(9))),
      ("ragged.csv", .dataset, Array("question,answer\nq1,a1\nq2,a2,extra\nq3\n".utf8)),
      ("comma.json", .dataset, Array("[{\"text\": \"one\"},\n {\"text\": \"two\"},]".utf8)),
      ("quote.csv", .dataset, Array("text,label\n\"never closed,1\nx,2\n".utf8)),
      ("header.csv", .dataset, Array("text,label\n".utf8)),
      ("wide.jsonl", .dataset, [0xFF, 0xFE] + rows.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
      ("paper.csv", .dataset, Array("%PDF-1.7\n".utf8)),
      ("noise.csv", .dataset, Array("a,b\n1,".utf8) + [0, 1, 2, 3]),
      ("locked.zip", .dataset, try ArchiveMaker.bytes(.zip, .none, [entry], password: "secret")),
      ("out.tar", .dataset, try ArchiveMaker.bytes(.tar, [.init("../rows.jsonl", rows)])),
      ("twice.zip.gz", .dataset, try ArchiveMaker.compressed(zip, .gzip)),
      ("short.zip", .dataset, Array(zip.prefix(zip.count / 2))),
      ("rows.dat", .dataset, Array("some text\n".utf8)),
      ("bad-rows.jsonl", .dataset, Array("{\"file\":\"a\",\"row\":1,\"raw\":\"x\"}\n".utf8)),
      ("nobody.bad-rows.jsonl", .dataset, Array("{\"file\":\"a\",\"row\":1,\"raw\":\"x\"}\n".utf8)),
      ("misspelt.json", .job, Array(#"{"nmae": "x", "dataset": "d", "config": {"training": {"learning_rat": 0.1}}}"#.utf8)),
      ("half.json", .config, Array("{\"training\": {\n  \"method\": \"sft\"".utf8)),
      ("twice.json", .config, Array(#"{"training": {"method": "sft"}, "training": {}}"#.utf8)),
      ("action.json", .request, Array(#"{"action": "explode"}"#.utf8)),
    ]
  }

  @Test func check_says_what_the_receipt_will_say() async throws {
    let agent = try await RunningAgent.start()
    let outside = try TemporaryFolder()
    for (name, kind, bytes) in try Self.refused() {
      let file = outside.path.appending(name)
      try agent.files.writeInPlace(bytes, to: file)
      let check = try await Programs.run(["check", file.string, "--kind", kind.rawValue, "--root", agent.layout.root.string])
      #expect(check.code == 1, "\(name)")
      try agent.drop(bytes, as: name, into: kind)
      let receipt = try await agent.receipt(name)
      #expect(receipt.status == .rejected)
      #expect(check.output.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) == receipt.message)
      #expect(agent.files.exists(file), "looking takes nothing")
      let reason = try agent.text(agent.layout.absolute(try #require(receipt.path)).appending("REASON.md"))
      #expect(reason.split(separator: "\n", omittingEmptySubsequences: false).count < 30, "one screen")
      #expect(reason.contains("**How to mend it:** "))
    }
    for (name, text) in [("good.csv", "text,label\nx,1\ny,2\nz,3,4\n"), ("fine.jsonl", "{\"text\":\"a\"}\n")] {
      let file = outside.path.appending(name)
      try agent.files.writeInPlace(Array(text.utf8), to: file)
      let check = try await Programs.run(["check", file.string, "--root", agent.layout.root.string])
      #expect(check.code == 0)
      let receipt = try await agent.dropAndWait(text, as: name, into: .dataset)
      #expect(check.output == receipt.message + "\n")
    }
    _ = try await agent.stop()
  }

  // MARK: rows

  @Test func mended_rows_go_into_their_places_in_the_next_version() async throws {
    let agent = try await RunningAgent.start()
    let lines = (1...60).map { $0 % 20 == 0 ? "\($0),x,y" : "\($0),text \($0)" }
    let first = try await agent.dropAndWait("number,text\n" + lines.joined(separator: "\n") + "\n", as: "rows.csv", into: .dataset)
    #expect(first.message.hasPrefix("Dataset 'rows': 57 rows of text, 3 bad rows left out"))
    let versions = agent.layout.workspace.dataset(SafeName(from: "rows"))
    let bad = try agent.text(versions.version(1).badRows)
    #expect(bad.split(separator: "\n").count == 3)

    // Two of three are mended, in the words of the file.
    let mended = bad.replacing("20,x,y", with: "20,mended 20").replacing("40,x,y", with: "40,\\\"mended, 40\\\"")
    let second = try await agent.dropAndWait(mended, as: "rows.bad-rows.jsonl", into: .dataset)
    #expect(second.status == .accepted)
    #expect(second.path == "workspace/datasets/rows/versions/2")
    #expect(
      second.message
        == "Dataset 'rows', version 2: 59 rows of text, 1 bad row left out (see bad-rows.jsonl in its folder: mend \"raw\" there and drop it as rows.bad-rows.jsonl). "
        + "2 mended rows are in their places. Left out: row 61: the mended row: 3 fields where the header has 2.")
    let rows = try agent.text(versions.version(2).rows(split: "train")).split(separator: "\n").map(String.init)
    #expect(rows.count == 59)
    #expect(
      rows[18...20] == [#"{"number":"19","text":"text 19"}"#, #"{"number":"20","text":"mended 20"}"#, #"{"number":"21","text":"text 21"}"#])
    #expect(rows[39] == #"{"number":"40","text":"mended, 40"}"#)
    #expect(try agent.files.names(in: versions.version(2).original).map(\.string) == ["rows.csv"])
    #expect(try agent.files.names(in: versions.version(2).mended).map(\.string) == ["1-rows.bad-rows.jsonl"])

    // The same once more is nothing new; the last row, mended later, joins the others.
    let rest = try agent.text(versions.version(2).badRows).replacing("60,x,y", with: "60,mended 60")
    let third = try await agent.dropAndWait(rest, as: "rows.bad-rows.jsonl", into: .dataset)
    #expect(third.message == "Dataset 'rows', version 3: 60 rows of text. 3 mended rows are in their places.")
    let all = try agent.text(versions.version(3).rows(split: "train")).split(separator: "\n").map(String.init)
    #expect(all.count == 60)
    #expect(all[59] == #"{"number":"60","text":"mended 60"}"#)
    #expect(all.prefix(59) == rows.prefix(59))

    // A row that is not bad is not mended.
    let wrong = try await agent.dropAndWait(
      #"{"file":"rows.csv","row":5,"raw":"5,other"}"# + "\n", as: "rows.bad-rows.jsonl", into: .dataset)
    #expect(
      wrong.message
        == "rows.bad-rows.jsonl (line 1): row 5 of rows.csv is not among the bad rows. "
        + "Take the lines of bad-rows.jsonl with their file and row as they are, and mend only \"raw\".")
    _ = try await agent.stop()
  }

  @Test func json_lines_that_are_canonical_are_stored_once() async throws {
    let agent = try await RunningAgent.start()
    let text = (0..<20).map { "{\"text\":\"row \($0)\"}\n" }.joined()
    let receipt = try await agent.dropAndWait(text, as: "rows.jsonl", into: .dataset)
    #expect(receipt.message == "Dataset 'rows': 20 rows of text.")
    let version = agent.layout.workspace.dataset(SafeName(from: "rows")).version(1)
    let (rows, original) = (
      try agent.files.status(version.rows(split: "train")), try agent.files.status(version.original.appending("rows.jsonl"))
    )
    #expect(rows.inode == original.inode && rows.links == 2)
    #expect(try agent.rows(of: "rows").count == 20)
    _ = try await agent.stop()
  }

  @Test func an_assumed_encoding_stands_in_receipt_and_card() async throws {
    let agent = try await RunningAgent.start()
    let latin = Array("text,label\n".utf8) + (0..<12).flatMap { Array("caf".utf8) + [0xE9] + Array(" \($0),x\n".utf8) }
    try agent.drop(latin, as: "rows.csv", into: .dataset)
    let receipt = try await agent.receipt("rows.csv")
    #expect(
      receipt.message
        == "Dataset 'rows': 12 rows of text. rows.csv: it is no UTF-8 (the first byte that is none is 0xE9, byte 14) and was read as Windows-1252. "
        + "If letters look wrong, say \"encoding\" in rows.dataset.json.")
    let card = try PublishedJSON.decode(
      DatasetCard.self, from: try agent.files.contents(of: agent.layout.workspace.dataset(SafeName(from: "rows")).card))
    #expect(card.files.map(\.encoding) == ["windows-1252"])
    _ = try await agent.stop()
  }

  // MARK: limits

  @Test func a_worker_that_needs_more_memory_than_it_may_is_told_about() async throws {
    let agent = try await RunningAgent.start(
      settings: ["settle_seconds": 0.5, "ingest_memory_mib": 256, "ingest_row_mib": 1_024, "ingest_expansion": 1_000_000])
    let row = Array("{\"text\":\"".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 300 << 20)
    try agent.drop(try ArchiveMaker.compressed(row, .zstd), as: "long.jsonl.zst", into: .dataset)
    let receipt = try await agent.receipt("long.jsonl.zst")
    #expect(receipt.status == .rejected)
    #expect(
      receipt.message
        == "long.jsonl.zst: reading it takes more memory than the 256 MiB that a worker may use. A row, or what its compression needs to unpack it, "
        + "is too large for that. Part very long rows into several, or raise \"ingest_memory_mib\" in dropforge.json; start the agent anew and drop it again."
    )
    _ = try await agent.stop()
  }

  @Test func a_worker_that_takes_longer_than_it_may_is_told_about() async throws {
    let agent = try await RunningAgent.start(settings: ["settle_seconds": 0.5, "ingest_seconds": 0.02])
    try agent.drop(Self.large(), as: "slow.json", into: .dataset)
    let receipt = try await agent.receipt("slow.json")
    #expect(
      receipt.message
        == "slow.json: reading it took longer than the 0.02 seconds that a worker may take. "
        + "Drop it in several parts, or raise \"ingest_seconds\" in dropforge.json; start the agent anew and drop it again.")
    _ = try await agent.stop()
  }

  /// 60 MB that need parsing and writing.
  private static func large() -> [UInt8] {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    bytes.reserveCapacity(61 << 20)
    let row = Array("{\"text\": \"a row with some words in it, long enough to be one of many\", \"n\": [1, 2, 3]},\n".utf8)
    while bytes.count < 60 << 20 { bytes += row }
    return bytes + Array("{\"text\": \"the last\"}]".utf8)
  }

  // MARK: the sandbox

  @Test func a_worker_that_reads_a_drop_reaches_nothing_else() async throws {
    let folder = try TemporaryFolder()
    let files = LinuxFileSystem()
    let (claimed, outside, staging) = (folder.path.appending("claimed"), folder.path.appending("outside"), folder.path.appending("staging"))
    for path in [claimed, outside] { try files.makeFolders(path) }
    try files.writeInPlace(Array("{\"text\":\"a\"}\n".utf8), to: claimed.appending("rows.jsonl"))
    try files.writeInPlace(Array("secret".utf8), to: outside.appending("secret"))
    let order = IngestOrder(
      drop: DropID(at: Timestamp(seconds: 0), random: 1), source: claimed.appending("rows.jsonl").string, fileName: "rows.jsonl",
      staging: staging.string, sidecar: nil, limits: IngestLimits())
    try files.publish(try PublishedJSON.bytes(of: order), to: folder.path.appending("order.json"))
    let worker = Programs.folder.appending("dropforge-worker")
    let probe = try await Programs.run(worker, ["probe", folder.path.appending("order.json").string, outside.string])
    #expect(probe.code == 0, "\(probe.errors)")
    let report = try #require(try JSONParser.parse(probe.output).object)
    #expect(report["read the drop"]?.string == "done")
    #expect(report["write into staging"]?.string == "done")
    #expect(report["open many files"]?.string == "\(Errno.tooManyOpenFiles)")
    let attempts = [
      "read outside", "list outside", "read /etc/passwd", "write outside", "make a folder outside", "overwrite the drop", "remove the drop",
      "remove outside", "rename out of staging", "link the drop into staging", "read through a symbolic link", "start a program", "connect",
    ]
    if report["landlock"]?.number?.int ?? 0 >= Confinement.neededLandlockVersion {
      let no: Set<String?> = ["\(Errno.permissionDenied)", "\(Errno.notPermitted)", "\(Errno.improperLink)"]
      for attempt in attempts {
        // TCP is refused from version 4 on.
        if attempt == "connect", report["landlock"]?.number?.int ?? 0 < 4 { continue }
        #expect(no.contains(report[attempt]?.string), "\(attempt): \(report[attempt]?.string ?? "-")")
      }
      #expect(try files.names(in: outside).map(\.string) == ["secret"])
      #expect(files.exists(claimed.appending("rows.jsonl")))
    } else {
      let doctor = try await Programs.run(["doctor", "--root", folder.path.string])
      #expect(doctor.output.contains("note  sandbox: the kernel"))
    }
  }

  // MARK: fairness

  @Test func ten_large_archives_do_not_hold_up_a_small_job_file() async throws {
    let agent = try await RunningAgent.start()
    let archive = try ArchiveMaker.bytes(.tar, .zstd, [.init("rows.json", Self.large())])
    let names = (0..<10).map { "archive-\($0).tar.zst" }
    for name in names { try agent.drop(archive, as: name, into: .dataset) }
    try agent.drop(
      #"{"name": "small", "dataset": "not-here", "config": {"training": {"method": "pretrain"}}}"#, as: "small.json", into: .job)
    let receipt = try await agent.receipt("small.json")
    #expect(receipt.status == .accepted, "\(receipt.message)")
    var later = 0
    for name in names {
      let archive = try await agent.receipt(name)
      #expect(archive.status == .accepted || archive.status == .duplicate)
      if archive.decidedAt > receipt.decidedAt { later += 1 }
    }
    #expect(later > 0, "the job came last and was answered while archives were read")
    _ = try await agent.stop()
  }
}
