import Kernels

/// `--name=value` words.
struct Options {
  private var values: [String: String] = [:]

  init(_ words: [String]) {
    for word in words where word.hasPrefix("--") {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
      values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  subscript(_ name: String) -> String? { values[name] }
  func int(_ name: String) -> Int? { values[name].flatMap { Int($0) } }
  func list(_ name: String) -> [String]? { values[name]?.split(separator: ",").map(String.init) }

  /// The Python of the baselines; empty is none.
  var python: String? { values["python"].flatMap { $0.isEmpty ? nil : $0 } }
  var rounds: Int { int("rounds") ?? 2 }
  var seconds: Int { int("seconds") ?? 6 }
  var threads: Int { int("threads") ?? ThreadTeam.machine.count }
}
