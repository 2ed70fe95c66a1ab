import Platform

/// Why a drop is not taken yet.
package enum WaitReason: Sendable, Equatable {
  /// Written in place: left alone until nothing has moved for the settle time.
  case settling(seconds: Double)
  /// Somebody has it open for writing; for a folder: which file in it.
  case openForWriting(member: String?)
  /// Its name is one that writers give to what they are still writing.
  case temporaryName
  /// The same for a file in a dropped folder.
  case unfinishedMember(String)
  /// A folder without a file in it.
  case emptyFolder
  /// An empty file beside a download in progress, as browsers make them to keep the name.
  case placeholder
  case unreadable(SystemError)

  /// Goes on after the drop's name.
  package var sentence: String {
    switch self {
    case .settling(let seconds): "was written in place and is taken when nothing has moved for \(Self.number(seconds)) s"
    case .openForWriting(nil): "is open for writing in some program"
    case .openForWriting(let member?): "has a file that is open for writing in some program: \(member)"
    case .temporaryName: "has a name of a file that is still being written"
    case .unfinishedMember(let member): "has a file that is still being written by its name: \(member)"
    case .emptyFolder: "is a folder without a file in it"
    case .placeholder: "is empty, and a download is in progress beside it"
    case .unreadable(let error): "cannot be looked into: \(error)"
    }
  }

  /// What to do where it stays so: a sentence without a capital and a full stop.
  package var mend: String {
    switch self {
    case .settling: "stop writing to it"
    case .openForWriting: "close it in the program that writes it"
    case .temporaryName: "rename it if it is whole, or delete it"
    case .unfinishedMember(let member): "rename or delete \(member) if nobody writes it any more"
    case .emptyFolder: "put files into it, or delete it"
    case .placeholder: "finish or cancel the download"
    case .unreadable: "give the agent's user the right to read it: chmod or chown it"
    }
  }

  /// Whether it is worth telling anybody before an hour has passed.
  var isOfInterest: Bool {
    switch self {
    case .temporaryName, .placeholder: false
    case .settling, .openForWriting, .unfinishedMember, .emptyFolder, .unreadable: true
    }
  }

  private static func number(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }
}
