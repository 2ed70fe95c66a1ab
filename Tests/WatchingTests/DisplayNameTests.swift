import SystemPackage
import Testing
import Watching

struct DisplayNameTests {
  @Test(arguments: [
    ("plain.csv", "plain.csv"), ("grüße 日本 👩‍🔬.csv", "grüße 日本 👩‍🔬.csv"), ("two\nlines", "two\u{FFFD}lines"),
    ("\u{1B}[31mred", "\u{FFFD}[31mred"), ("txt\u{202E}vsc.exe", "txt\u{FFFD}vsc.exe"),
    ("\u{7F}\u{85}\u{2028}", "\u{FFFD}\u{FFFD}\u{FFFD}"),
  ])
  func what_could_trick_a_terminal_is_replaced(name: String, shown: String) {
    #expect(FilePath("/inbox").appending(name).displayName == shown)
  }
}
