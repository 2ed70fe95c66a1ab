import ChatTemplates
import StrictJSON
import Testing

/// What is not known is refused, with its place.
struct RefusalTests {
  private func refusal(_ template: String, _ variables: [(name: String, value: JSONNode)] = []) -> String {
    do {
      return "rendered: \(try ChatTemplate(template).render(variables, now: 0).text)"
    } catch {
      return "\(error.code.rawValue): \(error)"
    }
  }

  @Test(arguments: [
    ("a\n  {{ 'x' | shout }}", "syntax: line 2, column 12: there is no filter \"shout\" here"),
    ("{{ 1 is huge }}", "syntax: line 1, column 9: there is no test \"huge\" here"),
    ("{% include 'x' %}", "syntax: line 1, column 4: the tag \"include\" is not known here; chat templates have no use for it"),
    ("{% when %}", "syntax: line 1, column 4: there is no tag \"when\" that could stand here"),
    ("{% for x in y recursive %}{% endfor %}", "syntax: line 1, column 15: a recursive loop is not known here"),
    ("{% if x %}a", "syntax: line 1, column 12: the template ends here, but \"{% endif %}\" is missing"),
    ("{{ 'x }}", "syntax: line 1, column 4: this string is not closed"),
    ("{{ [1) }}", "syntax: line 1, column 6: \")\" closes nothing that is open here"),
    ("{{ x", "syntax: line 1, column 1: this tag is not closed: \"}}\" is missing"),
    ("{% set x 1 %}", "syntax: line 1, column 10: \"%}\" must stand here, not 1"),
    ("{{ 1 ! 2 }}", "syntax: line 1, column 6: \"!\" has no meaning here"),
    ("{{ x.y }}", "rendering: line 1, column 5: 'x' is undefined"),
    ("\n{{ {}.y.z }}", "rendering: line 2, column 8: a mapping has no attribute 'y'"),
    ("{{ 1 + 'a' }}", "rendering: line 1, column 6: an integer + a string has no meaning"),
    ("{{ raise_exception('roles must alternate') }}", "raised: line 1, column 19: it says \"roles must alternate\""),
    ("{{ range(10 ** 6) }}", "rendering: line 1, column 9: the range is longer than 100000"),
    ("{{ [].append(1) }}", "rendering: line 1, column 13: a list has no attribute 'append'"),
    ("{{ 'a'.format(1) }}", "rendering: line 1, column 14: a string has no attribute 'format'"),
  ])
  func what_is_not_known_is_refused_with_its_place(_ template: String, _ expected: String) {
    #expect(refusal(template) == expected)
  }

  @Test func a_template_that_goes_on_without_end_is_ended() {
    let loops = String(repeating: "{% for x in range(99999) %}", count: 3) + String(repeating: "{% endfor %}", count: 3)
    #expect(refusal(loops) == "rendering: line 1, column 72: the template does too much: more than 2000000 steps")
    let macro = "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"
    #expect(refusal(macro) == "rendering: line 1, column 20: macros call each other too deeply: more than 64 within one another")
    let output = "{% set x = 'abcdefgh' * 100000 %}{% for i in range(1000) %}{{ x }}{% endfor %}"
    #expect(refusal(output) == "rendering: line 1, column 60: the template writes too much: more than 64 MiB")
    #expect(
      refusal("{{ " + String(repeating: "(", count: 500) + "1" + String(repeating: ")", count: 500) + " }}").hasSuffix(
        "the template is nested too deeply"))
  }
}
