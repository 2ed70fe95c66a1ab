import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage

/// Converts the rows of a split into a file of JSON lines, and counts what cannot be converted.
struct SplitConversion {
  private static let mostReasons = 20

  let conversion: RowConversion
  let fileSystem: any FileSystem
  private(set) var refused: [RowsResult.Refusal] = []
  private(set) var read = 0

  init(_ conversion: RowConversion, _ fileSystem: any FileSystem) {
    self.conversion = conversion
    self.fileSystem = fileSystem
  }

  /// - Parameters:
  ///   - path: of canonical rows, with their offset index.
  ///   - progress: told the number of rows now and then.
  mutating func run(
    _ split: String, at path: FilePath, index: FilePath, into writer: RowFileWriter, progress: (Int) throws -> Void = { _ in }
  ) throws {
    var notes: [(Int, String)] = []
    func emit(_ row: JSONObject) throws {
      writer.append(JSONNode(.object(row)).text().utf8)
      writer.append(0x0A)
      try writer.endRow()
    }
    if conversion.shape == .rated, conversion.target == .preference {
      let pairs = RatedPairs(conversion: conversion, rows: path, index: index, fileSystem: fileSystem)
      read += try pairs.run(emit: emit) { notes.append(($0, $1)) }
    } else {
      var seen = 0
      try StoredRows(path, fileSystem: fileSystem).forEach { row, number in
        seen += 1
        if seen % 1_024 == 0 { try progress(seen) }
        switch conversion.convert(try row.node()) {
        case .rows(let rows): for row in rows { try emit(row) }
        case .refused(let reason):
          if notes.count < 1 << 20 { notes.append((number, reason)) }
        }
      }
      read += seen
    }
    for (number, reason) in notes { note(split, number + 1, reason) }
  }

  private mutating func note(_ split: String, _ row: Int, _ reason: String) {
    if let at = refused.firstIndex(where: { $0.reason == reason }) {
      refused[at].rows += 1
    } else if refused.count < Self.mostReasons {
      refused.append(.init(reason: reason, rows: 1, first: .init(split: split, row: row)))
    }
  }
}
