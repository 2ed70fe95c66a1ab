"""Small pieces of Jinja, a rule each. make_expected.py renders them with transformers."""
SNIPPETS = [
    # white space
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  {%+ if true %}\n  b\n  {%- endif +%}\nc", "x  {{- 1 -}}  y", "x  {{ 1 }}\n  y\n",
    "  {# c #}\n  a {# d #} b", "a{#- c -#} \n b", "{% raw %}{{ x }}{% endraw %}!", "a\n {%- raw -%} \n {{ {% endraw %} b",
    "{% for x in [1,2] %}\n  {{ x }}\n{% endfor %}\n.", "{%- for x in [1,2] -%}\n  {{ x }}\n{%- endfor -%}\n.", "a\n\n", "a\r\nb\rc",
    "{{ '{{' }}{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }}", "   {% set x = 1 %}{{ x }}", "x {% set y = 1 %} z",
    # literals and output
    "{{ 'a\\n\\t\\x41\\u00e9\\'q' }}", '{{ "it\'s" }}', "{{ 1 }} {{ 1.0 }} {{ 1e3 }} {{ 1e20 }} {{ 0.1 }} {{ 1e-7 }} {{ 12345678901234567.0 }} {{ 1_000 }}",
    "{{ true }} {{ False }} {{ none }} {{ [] }} {{ {} }} {{ nothing }}|", "{{ [1, 'a', 2.5, none, true, {'k': \"it's\"}] }}", "{{ 'a' 'b' }}",
    "{{ ['a\\nb', 'q\"', \"'\", 'é'] }}",
    # operators
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 1 + 2 * 3 - 4 }} {{ -2 ** 2 }} {{ 7.5 // 2 }} {{ 7.5 % 2 }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ nothing }}", "{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ [1] + [2] }} {{ [0] * 3 }}", "{{ 1 + 1 ~ 2 + 3 }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 'a' < 'b' }} {{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' != 'b' }} {{ nothing == nix }}",
    "{{ 'b' in 'abc' }} {{ 1 in [1] }} {{ 'k' in {'k': 1} }} {{ 'x' not in 'abc' }} {{ 'a' in nothing }} {{ not 'a' in 'abc' }}",
    "{{ 1 and 0 or 'x' }} {{ '' or 'd' }} {{ not true }} {{ 'a' if false }}|{{ 'a' if 1 else 'b' }} {{ 'a' if 0 else 'b' if 0 else 'c' }}",
    "{{ 'e\\u0301' == 'é' }} {{ 'e\\u0301' | length }} {{ 'é' | length }}",
    # items, slices
    "{{ [1,2,3][0] }} {{ [1,2,3][-1] }} {{ 'abc'[1] }} {{ [1,2,3][1:] }} {{ [1,2,3][::-1] }} {{ 'abcdef'[1:5:2] }} {{ 'abc'[:-1] }} {{ [1,2][5] }}|",
    "{{ {'a': 1}.a }} {{ {'a': 1}['a'] }} {{ {'a': 1}.b }}| {{ {'items': 1}['items'] }} {{ {'get': 3}.get('get') }}", "{{ messages[0].role }} {{ messages[-1]['content'] }} {{ messages.0.role }}",
    "{{ 'abc'[10:] }}|{{ [1,2,3][-2:] }}|{{ [1,2,3,4][3:0:-1] }}|{{ messages[1:] | length }}",
    # loops
    "{% for x in 'abc' %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ x }};{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}", "{% for x in [] %}a{% else %}none{% endfor %}",
    "{% for x in [1,2,3,4] if x % 2 == 0 %}{{ loop.index }}:{{ x }} {% endfor %}", "{% for x in [1,2,3,4] %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in [1,2,3] %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}", "{% for x in [1,2,3] %}{{ loop.cycle('a','b') }}{% endfor %}",
    "{% for x in [1,1,2] %}{{ loop.changed(x) }} {% endfor %}", "{% for x in [1] %}{% for y in [1] %}{{ loop.depth }}{% endfor %}{{ loop.depth }}{% endfor %}",
    "{% set x = 1 %}{% for i in [1,2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "{% set ns = namespace(x=1) %}{% for i in [1,2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}", "{% for a, b in [[1,2],[3,4]] %}{{ a + b }} {% endfor %}", "{% for x in nothing %}a{% endfor %}.",
    "{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
    # set, with, macro
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set x %}a{{ 1 }}\n{% endset %}[{{ x }}]", "{% set x | upper | trim %} ab {% endset %}[{{ x }}]", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}|",
    "{% if true %}{% set x = 1 %}{% endif %}{{ x }}", "{% macro f(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(b=1, a=0) }}", "{% macro f(a) %}{{ a }}{{ varargs | join }}{{ kwargs }}{% endmacro %}{{ f(1, 2, z=3) }}",
    "{% macro f(a) %}<{{ caller() }}{{ a }}>{% endmacro %}{% call f(1) %}in{% endcall %}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% filter upper %}ab{{ 'c' }}{% endfilter %}",
    "{% macro f() %}{{ g }}{% endmacro %}{% set g = 5 %}{{ f() }}", "{% macro f(l) %}{% for x in l %}{{ x }}{% endfor %}{% endmacro %}{{ f([1,2]) | upper }}{{ f('ab') ~ '!' }}",
    # filters
    "{{ '  a b ' | trim }}|{{ 'xxaxx' | trim('x') }}", "{{ {'a': [1, 2.0, none, true, 'é<\"\\n']} | tojson }}", "{{ {'b': {'a': []}, 'a': {}} | tojson(indent=2) }}", "{{ {'b': 1, 'a': 'é'} | tojson(sort_keys=true, ensure_ascii=true) }}",
    "{{ [1,{'a':2}] | tojson(separators=(',', ':')) }}", "{{ [1, 'a', none] | join('-') }} {{ messages | join(',', attribute='role') }} {{ 'abc' | join('.') }}", "{{ 'aB c' | upper }} {{ 'aB c' | lower }} {{ 'aB c-d (e' | title }} {{ 'aB C' | capitalize }}",
    "{{ 'aXbXc' | replace('X', '-') }} {{ 'aaa' | replace('a', 'b', 2) }}", "{{ nothing | default('d') }} {{ '' | default('d') }}|{{ '' | default('d', true) }} {{ none | d('x') }} {{ none | default('x', boolean=true) }}",
    "{{ 3 | string ~ 4 }} {{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ [3,1,2] | sort(reverse=true) }} {{ messages | map(attribute='role') | list }}", "{{ [1,2,3] | first }} {{ [1,2,3] | last }} {{ [] | first }}| {{ 'abc' | list }} {{ 'abc' | reverse }} {{ [1,2] | reverse | list }}",
    "{{ {'b': 1, 'A': 2} | dictsort | tojson }} {{ {'b': 1, 'A': 2} | dictsort(true) | tojson }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) | tojson }}", "{{ {'a': 1} | items | list | tojson }} {{ [1,1,2] | unique | list }} {{ [1,2] | sum }} {{ [1,2] | max }} {{ [2,1] | min }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }} {{ messages | rejectattr('role', 'in', ['user', 'tool']) | list | length }} {{ messages | selectattr('tool_calls') | list | length }} {{ messages | selectattr('tool_calls', 'defined') | list | length }}",
    "{{ [1,2,3,4] | select('even') | list }} {{ [1,2,3] | reject('==', 2) | list }} {{ [0,1] | select | list }} {{ ['a', 'b'] | map('upper') | join }} {{ ['  a'] | map('trim') | list }}", "{{ '3' | int + 1 }} {{ '3.7' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '2.5' | float }} {{ 2.5 | round }} {{ 2.345 | round(2) }} {{ -3 | abs }} {{ 2.1 | round(0, 'ceil') }}",
    "{{ 'a\\nb\\n\\nc' | indent }} {{ 'a\\nb' | indent(2, true) }}", "{{ {'a': 1, 'b': 2} | length }} {{ 'abc' | count }} {{ nothing | length }}", "{{ ['x'] | map(attribute='y', default='z') | list }}", "{{ '<b>' | safe }}",
    # tests
    "{{ x is defined }} {{ messages is defined }} {{ x is undefined }} {{ none is none }} {{ 1 is none }} {{ '' is string }} {{ 1 is number }} {{ true is number }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ true is boolean }}",
    "{{ {} is mapping }} {{ [] is mapping }} {{ [] is sequence }} {{ 'a' is sequence }} {{ {} is sequence }} {{ 1 is iterable }} {{ 'a' is iterable }} {{ nothing is iterable }} {{ 1 is sequence }}", "{{ true is true }} {{ 1 is true }} {{ false is false }} {{ 3 is odd }} {{ 4 is even }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }}",
    "{{ 1 is eq 1 }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 2 is le 2 }} {{ 3 is gt 2 }} {{ 2 is ge 2 }} {{ 1 is in [1, 2] }} {{ 'a' is lower }} {{ 'A' is upper }} {{ 1 is not defined }} {{ 1 is sameas 1 }} {{ range is callable }}", "{{ 1 is string or 'a' is string and not 2 is string }}",
    # methods
    "{{ ' a '.strip() }}|{{ 'xax'.strip('x') }}|{{ ' a'.lstrip() }}|{{ 'a '.rstrip() }}|{{ 'aab'.lstrip('a') }}", "{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ 'a b c'.split(none, 1) }} {{ ''.split(',') }} {{ ''.split() }}",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.upper() }} {{ 'ABC'.lower() }} {{ 'a b'.title() }} {{ 'aB'.capitalize() }} {{ 'aXa'.replace('a', 'b', 1) }}", "{{ 'abcabc'.find('c') }} {{ 'abc'.find('x') }} {{ 'abcabc'.count('b') }} {{ 'abcabc'.rfind('c') }} {{ ','.join(['a', 'b']) }} {{ 'a\\nb\\r\\nc'.splitlines() }}",
    "{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }}", "{{ {'a': 1}.get('a') }} {{ {'a': 1}.get('b') }} {{ {'a': 1}.get('b', 2) }} {{ {'a': 1, 'b': 2}.keys() | list }} {{ {'a': 1}.values() | list }} {{ dict(a=1) }} {{ dict({'b': 2}, a=1) }}",
    "{{ 'a</think>b'.split('</think>')[-1] }}", "{{ messages[1].tool_calls[0].function.arguments | tojson }}", "{{ messages[1].tool_calls[0].function.arguments.n }}",
    # generation
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}é{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}", "{%- generation -%} x {%- endgeneration -%} y",
    # things that go wrong
    "{{ nothing.x }}", "{{ nothing['x'] }}", "{{ nothing + 1 }}", "{{ 1 + 'a' }}", "{{ raise_exception('no: ' ~ messages[0].role) }}", "{{ f() }}", "{{ 1 // 0 }}", "{{ [1] | join(1, 2, 3, 4) }}", "{{ 'a' | nofilter }}", "{{ 'a' is notest }}", "{% include 'x' %}", "{% if %}", "{% if true %}", "{{ 1", "{{ ) }}",
    "{{ 'abc }}", "{% endif %}", "{{ messages.append(1) }}", "{{ none | length }}", "{{ 1 | tojson | nofilter }}", "{% for x in 1 %}{% endfor %}", "{% set x.y = 1 %}", "{% set a, b = [1] %}", "{{ 'a' < 1 }}", "{{ range | tojson }}", "{# open", "{{ }}", "{% for x in [1] %}{% else %}",
]
