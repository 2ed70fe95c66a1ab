import SystemPackage

/// What lies in the folder of a download beside what every errand has.
package struct DownloadLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  package var order: FilePath { folder.appending("order.json") }
  /// `DownloadPlan`.
  package var plan: FilePath { folder.appending("plan.json") }
  /// `DownloadResult`.
  package var result: FilePath { folder.appending("result.json") }
  /// Parts of files that are not whole: `<etag>.incomplete`, and what is known of it beside it.
  package var incomplete: FilePath { folder.appending("incomplete") }
  package func incomplete(etag: String) -> FilePath { incomplete.appending("\(etag).incomplete") }
  package func incompleteRecord(etag: String) -> FilePath { incomplete.appending("\(etag).json") }
  /// Whole files, checked.
  package var files: FilePath { folder.appending("files") }
  /// The repository's card: no rows, so it lies beside what is read.
  package var card: FilePath { folder.appending("README.md") }
}
