import Domain
import Testing

struct ProblemTests {
  let problem = Problem(
    "csv.ragged-row", "row 19 has 3 fields", at: .init(file: "rows.csv", row: 19, column: "answer", line: 22, byte: 4_711),
    why: "the header names 4", mend: "Put quotes around fields that hold a comma.", cause: "EOF")

  @Test func it_reads_as_one_line() {
    #expect(
      problem.description
        == "rows.csv, row 19, column 'answer' (line 22, byte 4711): row 19 has 3 fields. The header names 4. Put quotes around fields that hold a comma."
    )
    #expect(Problem("disk.full", "the disk is full", mend: "Free space.").description == "the disk is full. Free space.")
  }

  @Test(arguments: [
    (Problem.Place(file: "a.json", line: 3, character: 7, byte: 40), "a.json (line 3, character 7, byte 40)"),
    (Problem.Place(file: "a"), "a"),
    (Problem.Place(line: 3), "line 3"), (Problem.Place(file: "a.json", field: "training.lr"), "a.json, training.lr"), (Problem.Place(), ""),
    (Problem.Place(row: 2, column: "x"), "row 2, column 'x'"),
  ])
  func places_are_named_from_large_to_small(place: Problem.Place, text: String) { #expect(place.description == text) }

  @Test func a_reason_file_fits_on_a_screen() {
    #expect(
      problem.markdown(title: "rows.csv was not taken") == """
        # rows.csv was not taken

        **What happened:** Row 19 has 3 fields.

        **Where:** rows.csv, row 19, column 'answer' (line 22, byte 4711)

        **Why:** The header names 4.

        **How to mend it:** Put quotes around fields that hold a comma.

        **The system's words:** `EOF`

        Code: `csv.ragged-row`

        """)
    #expect(
      Problem("disk.full", "the disk is full", mend: "Free space.").markdown(title: "x")
        == "# x\n\n**What happened:** The disk is full.\n\n**How to mend it:** Free space.\n\nCode: `disk.full`\n")
  }

  @Test func in_json_what_is_not_known_is_left_out() throws {
    try JSONRoundTrip.check(
      problem,
      is:
        #"{"cause":"EOF","code":"csv.ragged-row","mend":"Put quotes around fields that hold a comma.","place":{"byte":4711,"column":"answer","file":"rows.csv","line":22,"row":19},"what":"row 19 has 3 fields","why":"the header names 4"}"#
    )
    try JSONRoundTrip.check(Problem("a.b", "c", mend: "d"), is: #"{"code":"a.b","mend":"d","what":"c"}"#)
  }

  @Test func the_first_letter_alone_is_raised() {
    #expect("größe iOS".sentenceCased == "Größe iOS")
    #expect("".sentenceCased == "")
  }
}
