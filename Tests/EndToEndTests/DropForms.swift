import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport

/// Drops of every form, each with bytes of its own.
enum DropForms {
  /// The n-th of an endless list in which all forms come round.
  static func make(_ number: Int) throws -> Dropped {
    let n = number
    let rows = (0..<20).map { #"{"question": "What is \#($0) and \#(n)?", "answer": "\#($0 + n)"}"# + "\n" }.joined()
    let table = "question,answer\n" + (0..<20).map { "What is \($0) and \(n)?,\($0 + n)\n" }.joined()
    return switch n % 20 {
    case 0: Dropped("table\(n).csv", table, into: .dataset, .dataset)
    case 1: Dropped("lines\(n).jsonl", rows, into: .dataset, .dataset)
    case 2: Dropped("small\(n).json", config(n), into: .config, .config)
    case 3: Dropped("text\(n).txt", "A text of its own, the \(n)th.\n" + Jobs.text, into: .dataset, .dataset)
    case 4: Dropped("ragged\(n).csv", "a,b\n\(n)\n2\n3\n", into: .dataset, .rejected)
    case 5: Dropped("packed\(n).jsonl.gz", try ArchiveMaker.compressed(Array(rows.utf8), .gzip), into: .dataset, .dataset)
    case 6: Dropped("loose\(n).csv", table, into: nil, .dataset)
    case 7: Dropped("archive\(n).zip", try ArchiveMaker.bytes(.zip, [.init("rows.jsonl", rows)]), into: .dataset, .dataset)
    case 8: Dropped("look\(n).json", "{\"action\": \"rescan\"}" + String(repeating: " ", count: n), into: .request, .request)
    case 9:
      Dropped(
        "folder\(n)", .folder([("train.jsonl", Array(rows.utf8)), ("validation.jsonl", Array((rows + rows).utf8))]), into: .dataset,
        .dataset)
    case 10: Dropped("broken\(n).json", "{\"training\": \(n)", into: .config, .rejected)
    case 11: Dropped("tar\(n).tar.zst", try ArchiveMaker.bytes(.tar, .zstd, [.init("inner/rows.csv", table)]), into: .dataset, .dataset)
    case 12: try model(n)
    case 13: Dropped("tiny\(n).json", Jobs.file("tiny\(n)", dataset: "text\(n - 10)", steps: 12), into: .job, .job)
    case 14: try modelFolder(n)
    case 15: Dropped("text\(n - 12).dataset.json", sidecar(n), into: .dataset, .sidecar, after: "text\(n - 12).txt")
    case 16: Dropped("array\(n).json", "[" + rows.dropLast().replacing("\n", with: ",\n") + "]", into: .dataset, .dataset)
    case 17: Dropped("unknown\(n).xyz", "what is this, \(n)\n", into: nil, .rejected)
    case 18: Dropped("copy\(n).csv", try make(n - 18).proof, into: .dataset, .duplicate, after: "table\(n - 18).csv")
    default: Dropped("table\(n - 19).csv", table, into: .dataset, .dataset, after: "copy\(n - 1).csv")
    }
  }

  private static func config(_ n: Int) -> String { #"{"training": {"method": "sft", "max_steps": \#(n + 1)}}"# }

  /// For a dataset that is there already: it is read anew, as its next version.
  private static func sidecar(_ n: Int) -> String { #"{"description": "The \#(n)th.", "max_rows": 100000}"# }

  /// A model of a few thousand numbers, as an archive.
  static func model(_ n: Int) throws -> Dropped {
    let entries = try members(n).map { ArchiveMaker.Entry($0.name, $0.bytes) }
    return Dropped("packedmodel\(n).tar.gz", try ArchiveMaker.bytes(.tar, .gzip, entries), into: .model, .model)
  }

  static func modelFolder(_ n: Int) throws -> Dropped { Dropped("model\(n)", .folder(try members(n)), into: .model, .model) }

  private static func members(_ n: Int) throws -> [(name: String, bytes: [UInt8])] {
    let folder = Fixtures.path("golden/llama")
    return try ["config.json", "model.safetensors"].map { ($0, try LinuxFileSystem().contents(of: folder.appending($0))) }
      + [("README.md", Array("The \(n)th of its kind.\n".utf8))]
  }
}
