import ArgumentParser

struct DatasetsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "datasets", abstract: "Datasets: those that can be had by one word, and those that were downloaded.",
    subcommands: [Available.self, Downloaded.self])
}
