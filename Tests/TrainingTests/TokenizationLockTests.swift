import Domain
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Training

struct TokenizationLockTests {
  @Test func a_second_worker_waits_until_the_first_is_done() throws {
    let folder = try TemporaryFolder()
    let layout = TokenizationLayout(folder: folder.path.appending("tokenizations").appending("abc"))
    let files = LinuxFileSystem()
    let first = try TokenizationLock(layout, files: files, isStopped: { false })
    var asked = 0
    #expect(throws: CancellationError.self) {
      _ = try TokenizationLock(layout, files: files) {
        asked += 1
        return asked == 2
      }
    }
    #expect(asked == 2)
    first.removeFile()
    #expect(!files.exists(folder.path.pushing("tokenizations/.abc.lock")))
    let next = try TokenizationLock(layout, files: files, isStopped: { true })
    next.removeFile()
  }
}
