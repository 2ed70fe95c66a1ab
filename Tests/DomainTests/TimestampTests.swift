import Domain
import Testing

struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_795_247_283_120_000_000, "2026-11-21T07:48:03.120Z"),
      (951_782_399_999_000_000, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"), (1_709_251_199_000_000_000, "2024-02-29T23:59:59.000Z"),
      (-1_000_000, "1969-12-31T23:59:59.999Z"), (-2_203_891_200_000_000_000, "1900-03-01T00:00:00.000Z"),
      (-2_203_977_600_000_000_000, "1900-02-28T00:00:00.000Z"),
      (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"), (1_483_228_799_000_000_000, "2016-12-31T23:59:59.000Z"),
    ] as [(Int64, String)])
  func moments_are_written_and_read(nanoseconds: Int64, text: String) {
    #expect(Timestamp(nanoseconds: nanoseconds).rfc3339 == text)
    #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
  }

  @Test func every_month_of_six_centuries_comes_back() {
    var moment = Timestamp(nanoseconds: -9_200_000_000_000_000_000)
    var days = 0
    var last = ""
    while moment.nanoseconds < 9_200_000_000_000_000_000 {
      let text = moment.rfc3339
      #expect(text > last)
      #expect(Timestamp(rfc3339: text) == moment)
      #expect(Timestamp(compact: moment.compact) == moment)
      last = text
      moment = moment + 86_400 * 29
      days += 29
    }
    #expect(days > 212_000)
  }

  @Test(
    arguments: [
      ("2026-11-21T07:48:03Z", 1_795_247_283_000_000_000), ("2026-11-21T07:48:03.1Z", 1_795_247_283_100_000_000),
      ("2026-11-21T07:48:03.123456789Z", 1_795_247_283_123_456_789), ("2026-11-21T07:48:03.1234567891234Z", 1_795_247_283_123_456_789),
    ] as [(String, Int64)])
  func fractions_of_any_length_are_read(text: String, nanoseconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "", "Z", "TZ", "2026-11-21", "2026-11-21TZ", "2026-11-21T07:48:03", "2026-11-21T07:48:03+01:00", "2026-11-21 07:48:03Z",
    "2026-02-29T00:00:00Z",
    "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-21T24:00:00Z",
    "2026-11-21T07:60:00Z",
    "2026-11-21T07:48:60Z", "2026-11-21T07:48:03.Z", "2026-11-21T07:48:03.12x4Z", "2026-11-21T07:48:03.1234567890x4Z",
    "99999999999-01-01T00:00:00Z",
    "1500-01-01T00:00:00Z", "2300-01-01T00:00:00Z", "+026-11-21T07:48:03Z", "2026-+1-21T07:48:03Z", "२०२६-11-21T07:48:03Z",
    "2026-11-21T7:48:03Z",
    "2026-11-21T07:48:03,5Z",
  ])
  func other_texts_are_no_moment(text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test func the_time_of_day_says_its_zone() {
    #expect(Timestamp(nanoseconds: 1_795_247_283_120_000_000).timeOfDay == "07:48:03 UTC")
    #expect(Timestamp(nanoseconds: 0).timeOfDay == "00:00:00 UTC")
  }

  @Test func the_compact_form_sorts_and_comes_back() {
    let moment = Timestamp(nanoseconds: 1_795_247_283_999_999_999)
    #expect(moment.compact == "20261121T074803Z")
    #expect(Timestamp(compact: "20261121T074803Z") == Timestamp(nanoseconds: 1_795_247_283_000_000_000))
    for text in ["", "20261121074803Z", "20261121T0748030", "20261321T074803Z", "2026112xT074803Z"] {
      #expect(Timestamp(compact: text) == nil)
    }
  }

  @Test func differences_are_seconds() {
    let moment = Timestamp(nanoseconds: 1_500_000_000)
    #expect((moment + 2.5).nanoseconds == 4_000_000_000)
    #expect((moment + 2.5) - moment == 2.5)
    #expect(moment < moment + 0.001)
    #expect(Timestamp(seconds: 1.5) == moment)
    #expect(moment.seconds == 1.5)
  }

  @Test func in_json_it_is_a_string() throws {
    try JSONRoundTrip.check([Timestamp(nanoseconds: 1_795_247_283_120_000_000)], is: #"["2026-11-21T07:48:03.120Z"]"#)
    #expect(throws: DecodingError.self) { try JSONRoundTrip.decode([Timestamp].self, #"["yesterday"]"#) }
  }
}
