import SystemPackage

/// `workspace/errands/<id>/`: work in the background that is no job.
package struct ErrandLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  /// What the worker is told to do.
  package var order: FilePath { folder.appending("order.json") }
  /// `ErrandStatus`.
  package var status: FilePath { folder.appending("status.json") }
  /// What the worker made of it, where the agent needs to know more than that it is done.
  package var result: FilePath { folder.appending("result.json") }
}

extension WorkspaceLayout {
  package var errands: FilePath { folder.appending("errands") }
  package func errand(_ id: ErrandID) -> ErrandLayout { ErrandLayout(folder: errands.appending(id.text)) }
}
