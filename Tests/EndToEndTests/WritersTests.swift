import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Never a half-written file, never a missed one, each once: every kind of writer, with the settle times as shipped, while the
/// agent runs, while it starts, and while there is none.
struct WritersTests {
  enum AgentIs: CaseIterable { case running, starting, stopped }

  @Test(arguments: AgentIs.allCases) func every_writers_drop_is_taken_once_and_whole(agentIs: AgentIs) async throws {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    let layout = RootLayout(root: folder.path)
    #expect(try await Programs.run(["init", folder.path.string]).code == 0)
    let inbox = layout.inbox.folder(of: .dataset)

    let agent = try await withThrowingTaskGroup(of: Void.self) { group in
      let early = agentIs == .running ? try await RunningAgent.start(on: folder) : nil
      for writer in Writer.allCases { group.addTask { try await writer.writeAtItsPace(into: inbox, outside: outside.path) } }
      if agentIs == .stopped { try await group.waitForAll() }
      let agent = if let early { early } else { try await RunningAgent.start(on: folder) }
      try await group.waitForAll()
      return agent
    }

    for writer in Writer.allCases {
      let receipt = try await agent.receipt(writer.name)
      if writer.isRefused {
        #expect(receipt.status == .rejected)
        #expect(receipt.problem?.code == "drop.symlink")
        continue
      }
      #expect(receipt.status == .accepted, "\(writer): \(receipt)")
      #expect(try agent.rows(of: writer.dataset).count == writer.rows.count, "\(writer)")
      let versions = layout.workspace.dataset(SafeName(from: writer.dataset)).folder.appending("versions")
      #expect(try agent.files.names(in: versions).map(\.string) == ["1"], "\(writer)")
    }
    #expect(try agent.files.names(in: layout.inbox.receipts).count == Writer.allCases.count)
    #expect(try agent.files.names(in: inbox).isEmpty)
    _ = try await agent.stop()  // a claim's folder goes after its receipt
    #expect(try agent.files.names(in: layout.inbox.claimed).isEmpty)
  }
}
