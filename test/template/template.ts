import fc from 'fast-check'
import tap, { type Test } from 'tap'
import { define } from '../../src/template/define.ts'
import type { RenderFacts, TemplateFunctions } from '../../src/template/functions.ts'
import { lokiFunctions } from '../../src/template/loki-functions.ts'
import { promtailFunctions } from '../../src/template/promtail-functions.ts'
import { parseTemplate, type MissingKey, type TemplateOptions } from '../../src/template/template.ts'
import { int64, listOf, mapOf, textMapOf, type TemplateValue } from '../../src/template/values.ts'

type Cases = readonly (readonly [template: string, text: string])[]

const DOT = mapOf([
  ['name', 'web-1'],
  ['kind', 'Pod'],
  ['count', '4'],
  ['empty', ''],
  ['n', 3n],
  ['f', 2.5],
  ['yes', true],
  ['nil', null],
  ['list', listOf(['a', 'b', 'c'])],
  ['map', mapOf([['inner', mapOf([['leaf', 'x']])]])],
  [
    'labels',
    textMapOf([
      ['b', '2'],
      ['a', '1'],
    ]),
  ],
])

const render = (
  text: string,
  options: Partial<TemplateOptions> = {},
  dot: TemplateValue = DOT,
  facts: RenderFacts = {},
): string => {
  const parsed = parseTemplate(text, { name: 't', functions: {}, ...options })
  if (parsed.kind === 'error') return `${parsed.line}:${parsed.column} ${parsed.why}`
  const outcome = parsed.template.render(dot, facts)
  return outcome.kind === 'ok' ? outcome.text : outcome.why
}

const all = (t: Test, cases: Cases, functions: TemplateFunctions = {}): void => {
  for (const [template, text] of cases) t.equal(render(template, { functions }), text, template)
  t.end()
}

tap.test('actions, fields and variables', (t) => {
  all(t, [
    ['plain', 'plain'],
    ['a {{ .name }} b', 'a web-1 b'],
    ['{{ .map.inner.leaf }}{{ (.map).inner.leaf }}{{ $.name }}', 'xxweb-1'],
    ['{{ $x := .name }}{{ $x }}{{ $x = "y" }}{{ $x }}', 'web-1y'],
    ['{{ $a := "x" }}{{ if true }}{{ $a = "y" }}{{ $a := "z" }}{{ end }}{{ $a }}', 'y'],
    ['{{ $m := .map }}{{ $m.inner.leaf }}', 'x'],
    ['{{ .n }} {{ .f }} {{ .yes }} {{ .nil }} {{ .list }} {{ .labels }}', '3 2.5 true <no value> [a b c] map[a:1 b:2]'],
    ["{{ \"a\\tb\\u00e9\\x41\" }} {{ `raw\\n` }} {{ 'a' }} {{ '\\n' }}", 'a\tbéA raw\\n 97 10'],
    [
      '{{ 0x1F }} {{ 0b101 }} {{ 017 }} {{ 0o17 }} {{ 1_000 }} {{ 1e3 }} {{ -5 }} {{ 0x1p4 }}',
      '31 5 15 15 1000 1000 -5 16',
    ],
    ['{{ 3.0 }} {{ 1e21 }} {{ 1e-7 }} {{ 100000000.0 }} {{ 123456.0 }} {{ 0.1 }}', '3 1e+21 1e-07 1e+08 123456 0.1'],
    ['x{{/* a {{ comment */}}y', 'xy'],
    ['a  {{- " b" -}}  c\n\t{{- /* note */ -}}\n d', 'a bcd'],
    ['{{ .name | printf "%s-%s" "n" }}', 'n-web-1'],
    ['{{ (printf "%s" .name) | print "x" }}', 'xweb-1'],
    ['{{ 1 -}}  2', '12'],
  ])
})

tap.test('branches, loops and templates of its own', (t) => {
  all(t, [
    ['{{ if .empty }}a{{ else if .nope }}b{{ else if .name }}c{{ else }}d{{ end }}', 'c'],
    ['{{ if and .name .empty }}a{{ else }}b{{ end }}{{ if or .empty .n }}c{{ end }}', 'bc'],
    [
      '{{ with .map }}{{ .inner.leaf }}{{ $.name }}{{ end }}{{ with .nope }}a{{ else with .kind }}{{ . }}{{ end }}',
      'xweb-1Pod',
    ],
    ['{{ with $x := .name }}{{ $x }}{{ end }}', 'web-1'],
    ['{{ range .list }}<{{ . }}>{{ end }}{{ range $i, $e := .list }}{{ $i }}{{ $e }}{{ end }}', '<a><b><c>0a1b2c'],
    ['{{ range $k, $v := .labels }}{{ $k }}={{ $v }};{{ end }}', 'a=1;b=2;'],
    ['{{ range $e := .list }}{{ if eq $e "b" }}{{ continue }}{{ end }}{{ $e }}{{ end }}', 'ac'],
    ['{{ range .list }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', 'a'],
    ['{{ range .nope }}a{{ else }}none{{ end }}{{ range 3 }}{{ . }}{{ end }}', 'none012'],
    ['{{ define "T" }}[{{ . }}]{{ end }}{{ template "T" .name }}{{ template "T" }}', '[web-1][<no value>]'],
    ['{{ block "B" .kind }}({{ . }}){{ end }}', '(Pod)'],
    ['{{ $n := 0 }}{{ range $i, $_ := .list }}{{ $n = $i }}{{ end }}{{ $n }}', '2'],
    ['{{ range "abc" }}x{{ end }}', `template: t:1:9: executing "t" at <"abc">: range can't iterate over abc`],
    ['{{ template "gone" }}', 'template: t:1:3: executing "t" at <{{template "gone"}}>: template "gone" not defined'],
  ])
})

tap.test('the functions that every template has', (t) => {
  all(t, [
    [
      '{{ eq 1 1 }} {{ eq .kind "x" "Pod" }} {{ ne 1 2 }} {{ lt 2 10 }} {{ lt "10" "9" }} {{ ge 1.5 1.5 }} {{ gt 1 2 }} {{ le 1 1 }}',
      'true true true true true true false true',
    ],
    ['{{ not .empty }} {{ and .name 1 }} {{ or .empty "d" }} {{ .name | and true }}', 'true 1 d web-1'],
    ['{{ or true (index .list 99) }}', 'true'],
    ['{{ len .name }} {{ len .list }} {{ len .labels }} {{ len "é" }}', '5 3 2 2'],
    ['{{ index .list 1 }} {{ index .map "inner" "leaf" }} {{ index .labels "nope" }} {{ index "abc" 1 }}', 'b x  98'],
    ['{{ slice .name 1 3 }} {{ slice .list 1 }} {{ slice "abc" 0 0 }}', 'eb [b c] '],
    ['{{ print 1 2 "a" 3 "b" nil }}|{{ println "a" 1 }}', '1 2a3b<nil>|a 1\n'],
    ['{{ html "<a href=\'x\'>&" }} {{ urlquery "a b&c/é" }}', '&lt;a href=&#39;x&#39;&gt;&amp; a+b%26c%2F%C3%A9'],
    [`{{ js "it's <b>" }}`, "it\\'s \\u003Cb\\u003E"],
    [
      '{{ eq 1 1.0 }}',
      'template: t:1:3: executing "t" at <eq 1 1.0>: error calling eq: incompatible types for comparison',
    ],
    [
      '{{ lt true false }}',
      'template: t:1:3: executing "t" at <lt true false>: error calling lt: invalid type for comparison',
    ],
    [
      '{{ index .list 9 }}',
      'template: t:1:3: executing "t" at <index .list 9>: error calling index: index out of range: 9',
    ],
    [
      '{{ call .name }}',
      'template: t:1:3: executing "t" at <call .name>: error calling call: non-function of type string',
    ],
    ['{{ len 5 }}', 'template: t:1:3: executing "t" at <len 5>: error calling len: len of type int'],
  ])
})

tap.test('printf formats as Go does, mistakes included', (t) => {
  all(t, [
    [
      '{{ printf "%d|%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%b|%c|%q|%U" 42 42 42 42 42 42 42 42 42 5 65 65 8364 }}',
      `42|   42|42   |00042|+42|2a|2A|0x2a|52|101|A|'A'|U+20AC`,
    ],
    [
      '{{ printf "%.2f|%6.1f|%-8.3e|%g|%08.3f|%+.1f|% d" 3.14159 2.25 12345.678 1e6 3.14159 2.0 7 }}',
      '3.14|   2.2|1.235e+04|1e+06|0003.142|+2.0| 7',
    ],
    ['{{ printf "%.0f %.0f %.2f %.1e %.3g" 0.5 2.5 0.125 2.25 1234.5 }}', '0 2 0.12 2.2e+00 1.23e+03'],
    [
      '{{ printf "%s|%10s|%-10s|%.2s|%q|%x|% X" "abc" "é" "é" "abc" "a\\"b" "hi" "hi" }}',
      'abc|         é|é         |ab|"a\\"b"|6869|68 69',
    ],
    [
      '{{ printf "%v %v %v %t %T %T %T" .list .labels nil true 1 1.5 .list }}',
      '[a b c] map[a:1 b:2] <nil> true int float64 []interface {}',
    ],
    [
      '{{ printf "%#v %#v %#v" "s" .list .labels }}',
      '"s" []interface {}{"a", "b", "c"} map[string]string{"a":"1", "b":"2"}',
    ],
    [
      '{{ printf "%d" "x" }}|{{ printf "%s" 5 }}|{{ printf "%d" }}|{{ printf "a" 1 }}|{{ printf "%z" 1 }}|{{ printf "%!" }}|{{ printf "%" }}',
      '%!d(string=x)|%!s(int=5)|%!d(MISSING)|a%!(EXTRA int=1)|%!z(int=1)|%!!(MISSING)|%!(NOVERB)',
    ],
    [
      '{{ printf "%[2]s %[1]s" "a" "b" }}|{{ printf "%*d|%-*d|%.*f" 5 42 5 42 2 3.14159 }}|{{ printf "%*d" "x" 3 }}|{{ printf "%[5]d" 1 }}',
      'b a|   42|42   |3.14|%!(BADWIDTH)3|%!d(BADINDEX)',
    ],
    ['{{ printf "%q %+q %#q %s %d%%" "é\\n" "é" "raw" .list 5 }}', '"é\\n" "\\u00e9" `raw` [a b c] 5%'],
    ['{{ printf "%05s|%5t|%x" "ab" true -255 }}', '000ab| true|-ff'],
  ])
})

tap.test('what does not parse is told as Go tells it, with its place', (t) => {
  all(t, [
    ['{{ $x }}', '1:4 template: t:1: undefined variable "$x"'],
    ['a\n{{ foo 1 }}', '2:4 template: t:2: function "foo" not defined'],
    ['x{{ end }}', '1:9 template: t:1: unexpected {{end}}'],
    ['{{ else }}', '1:9 template: t:1: unexpected {{else}}'],
    ['{{ break }}', '1:10 template: t:1: {{break}} outside {{range}}'],
    ['{{ if .a }}x', '1:12 template: t:1: unexpected EOF'],
    ['{{ .a ', '1:7 template: t:1: unclosed action'],
    ['{{ "abc }}', '1:4 template: t:1: unterminated quoted string'],
    ['{{ `abc }}', '1:4 template: t:1: unterminated raw quoted string'],
    ["{{ 'ab' }}", "1:4 template: t:1: malformed character constant: 'ab'"],
    ['{{ (1 }}', '1:7 template: t:1: unclosed left paren'],
    ['{{ 1) }}', '1:5 template: t:1: unexpected right paren'],
    ['{{ 1x }}', '1:4 template: t:1: bad number syntax: "1x"'],
    ['{{ # }}', '1:4 template: t:1: unexpected "#" in command'],
    ['{{ .a#b }}', `1:4 template: t:1: bad character U+0023 '#'`],
    ['{{ }}', '1:4 template: t:1: missing value for command'],
    ['{{ if }}x{{ end }}', '1:7 template: t:1: missing value for if'],
    ['{{ 1 | 2 }}', '1:10 template: t:1: non executable command in pipeline stage 2'],
    ['{{ /* x */ }}', '1:4 template: t:1: unexpected "/" in command'],
    ['{{/* x }}', '1:3 template: t:1: unclosed comment'],
    ['{{/* x */ y }}', '1:3 template: t:1: comment ends before closing delimiter'],
    ['{{ "x".y }}', '1:7 template: t:1: unexpected . after term "\\"x\\""'],
    ['{{ $a, $b := .list }}', '1:6 template: t:1: too many declarations in command'],
    ['{{ define 5 }}{{ end }}', '1:11 template: t:1: unexpected "5" in define clause'],
    ['{{ range .list }}{{ end', '1:24 template: t:1: unclosed action'],
    ['{{ .name \n "abc }}', '2:2 template: t:2: unterminated quoted string in action started at :1'],
    ['{{ 99999999999999999999999 }}', '1:4 template: t:1: integer overflow: "99999999999999999999999"'],
  ])
})

tap.test('what fails while it runs is told as Go tells it, with its place', (t) => {
  all(
    t,
    [
      ['{{ .name.x }}', `template: t:1:8: executing "t" at <.name.x>: can't evaluate field x in type string`],
      ['{{ .name "a" }}', 'template: t:1:3: executing "t" at <.name>: name is not a method but has arguments'],
      ['{{ nil }}', 'template: t:1:3: executing "t" at <nil>: nil is not a command'],
      ['{{ 1 2 }}', `template: t:1:3: executing "t" at <1>: can't give argument to non-function 1`],
      ['é\n {{ ToUpper 5 }}', 'template: t:2:12: executing "t" at <5>: expected string; found 5'],
      ['é {{ ToUpper .n }}', 'template: t:1:14: executing "t" at <.n>: wrong type for value; expected string; got int'],
      ['{{ ToUpper .nope }}', 'template: t:1:11: executing "t" at <.nope>: invalid value; expected string'],
      [
        '{{ ToUpper .name "x" }}',
        'template: t:1:3: executing "t" at <ToUpper>: wrong number of args for ToUpper: want 1 got 2',
      ],
      [
        '{{ define "D" }}{{ div 1 0 }}{{ end }}{{ template "D" }}',
        'template: t:1:19: executing "D" at <div 1 0>: error calling div: runtime error: integer divide by zero',
      ],
      [
        '{{ trunc (add 1 2) .name }}',
        'template: t:1:16: executing "t" at <2>: wrong type for value; expected int; got int64',
      ],
    ],
    lokiFunctions,
  )
})

tap.test('a missing key is what the option says', (t) => {
  const of = (missingKey: MissingKey, text: string): string => render(text, { missingKey })
  t.equal(of('default', '{{ .nope }} {{ .nope.deeper }} {{ .labels.nope }}'), '<no value> <no value> <no value>')
  t.equal(of('zero', '[{{ .labels.nope }}] {{ .nope }}'), '[] <no value>')
  t.match(of('error', '{{ .labels.nope }}'), 'map has no entry for key "nope"')
  t.equal(
    render('{{ .constructor }}{{ .__proto__ }}{{ .toString }}{{ index .labels "__proto__" }}'),
    '<no value>'.repeat(3),
  )
  t.end()
})

tap.test('the top-level fields are listed', (t) => {
  const parsed = parseTemplate(
    '{{ .a.b }}{{ $x := .c }}{{ $x.d }}{{ $.e }}{{ if eq .f "1" }}{{ range .g }}{{ .a }}{{ end }}{{ end }}{{ (print .h).i }}{{ define "T" }}{{ .j }}{{ end }}',
    { name: 't', functions: {} },
  )
  t.strictSame(parsed.kind === 'ok' && [...parsed.template.fields()].sort(), ['a', 'c', 'e', 'f', 'g', 'h', 'j'])
  t.end()
})

tap.test('text is bytes', (t) => {
  const text = render('{{ trunc 3 "naïve" }}', { functions: lokiFunctions })
  t.notOk(text.isWellFormed(), 'half a character is no text')
  t.equal(text.toWellFormed(), 'na\ufffd')
  t.equal(render('{{ "\\xff\\xfe" }}').toWellFormed(), '\ufffd\ufffd')
  t.equal(render('{{ slice "é" 0 1 }}{{ slice "é" 1 2 }}'), 'é', 'two halves make a whole')
  t.equal(render('{{ len (slice "é" 0 1) }} {{ printf "%q %x" (slice "é" 0 1) (slice "é" 0 1) }}'), '1 "\\xc3" c3')
  t.end()
})

tap.test('hostile templates come to an end, with a reason', (t) => {
  const hostile: readonly (readonly [template: string, why: RegExp])[] = [
    ['{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', /exceeded maximum template depth/],
    ['{{ range 1000000000000 }}{{ end }}', /too much work/],
    ['{{ range 1000000000 }}x{{ end }}', /too much work|output is longer/],
    ['{{ repeat 1000000000 "x" }}', /too much work/],
    ['{{ repeat 2000000 "x" }}', /text longer than/],
    ['{{ indent 1000000000 "x" }}', /too much work/],
    ['{{ printf "%1000000000d" 1 }}', /width or precision above/],
    ['{{ range 100 }}{{ printf "%900000d" 1 }}{{ end }}', /too much work|output is longer/],
    ['{{ $x := "x" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}', /text longer than|too much work/],
    ['{{ $x := list 1 }}{{ range 100 }}{{ $x = list $x $x }}{{ end }}{{ $x }}', /nested deeper|too much work/],
    ['{{ $x := list 1 }}{{ range 40 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}{{ $x }}', /too much work/],
    ['{{ $x := list 1 }}{{ range 100 }}{{ $x = concat $x $x }}{{ end }}', /too much work/],
    ['{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ $x }}', /nested deeper/],
    ['{{ until 100000000000 }}', /too much work/],
    ['{{ $x := until 1000000 }}{{ range 1000000 }}{{ range $x }}{{ break }}{{ end }}{{ end }}', /too much work/],
    ['{{ $x := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := len $x }}{{ end }}', /too much work/],
    ['{{ $x := until 1000 }}{{ printf "%900000d" $x }}', /too much work/],
    ['{{ range 1000000 }}{{ $_ := date "MST" . }}{{ end }}', /too much work/],
    ['{{ date (repeat 2000 "MST") 0 }}', /layout longer/],
    ['{{ range 1000000 }}{{ $_ := regexMatch (printf "(a{1000}b){1}%v" .) "x" }}{{ end }}', /too much work/],
    ['{{ randAlpha 1000000000 }}', /too much work/],
    ['{{ regexMatch (repeat 2000 "a") "b" }}', /regular expression longer/],
    ['{{ fromJson (print (repeat 500 "[") (repeat 500 "]")) | toJson }}', /^null$/],
    ['{{ mustFromJson (print (repeat 500 "[") (repeat 500 "]")) }}', /nested deeper/],
    ['{{ wrapWith 1 (repeat 1000 "y") (repeat 100000 "x") }}', /too much work/],
    ['{{ replace "" (repeat 10000 "y") (repeat 10000 "x") }}', /too much work/],
  ]
  for (const [template, why] of hostile) t.match(render(template, { functions: promtailFunctions }), why, template)
  t.match(render('('.repeat(5000)), '((((')
  t.match(render(`{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`), 'nested deeper than 200 levels')
  t.match(render('{{ if 1 }}'.repeat(5000)), 'nested deeper than 200 levels')
  t.match(render('{{ $x := 1 }}'.repeat(300)), 'more than 200 variables')
  t.match(render('x'.repeat(2_000_000)), 'text too long')
  t.end()
})

tap.test('a template never changes the data it is given', (t) => {
  const dot = mapOf([['a', '1']])
  t.equal(
    render('{{ $_ := set . "b" "2" }}{{ .b }}{{ $_ := unset . "a" }}{{ .a }}', { functions: promtailFunctions }, dot),
    '2<no value>',
  )
  t.strictSame([...dot.entries], [['a', '1']])
  t.end()
})

tap.test('what is refused says why', (t) => {
  for (const name of ['env', 'expandenv', 'getHostByName', 'genPrivateKey'])
    t.match(
      render(`{{ ${name} "x" }}`, { functions: promtailFunctions }),
      `function "${name}" is refused: a template must not`,
    )
  t.match(render('{{ now }}', { functions: promtailFunctions }), 'the present time is not known here')
  t.match(render('{{ now }}', { functions: promtailFunctions }, DOT, { nowNs: 0n }), '1970-01-01 00:00:00 +0000 UTC')
  t.equal(
    render('{{ .v }} {{ printf "%T" .v }}', {}, mapOf([['v', int64(2n ** 63n - 1n)]])),
    '9223372036854775807 int64',
  )
  t.end()
})

const FRAGMENTS = [
  '{{', '}}', '{{-', '-}}', ' ', '\n', '.', '.name', '.list', '.map.inner', '$x', '$', ':=', '=', '|', ',', '(', ')', '"', '"a"', "'", '`',
  'if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue', 'nil', 'true', '1', '-2.5', '0x', 'é', '\udc80',
  'printf', '"%[3]*.[2]*[1]f"', '"%v %q %#x"', 'index', 'slice', 'len', 'eq', 'lt', 'and', 'or', 'not', 'list', 'dict', 'merge', 'set', 'dig',
  'repeat', 'trunc', 'substr', 'regexReplaceAll', '"(a"', 'regexSplit', 'toDate', 'date', 'duration', 'fromJson', 'toPrettyJson', 'splitn', 'round',
  'div', 'divf', 'until', 'seq', 'abbrevboth', 'wrap', 'semverCompare', 'urlParse', 'urlJoin', 'chunk', 'first', 'join', 'quote', 'b32dec',
] // prettier-ignore

tap.test('a method of a struct is called with arguments', (t) => {
  const files: TemplateValue = {
    kind: 'struct',
    type: 'files',
    fields: new Map(),
    text: null,
    methods: new Map([['Get', define(['string'], ([path]) => `text of ${path}`)]]),
  }
  const dot = mapOf([['Files', files]])
  t.equal(render('{{ .Files.Get "a" }}, {{ "b" | .Files.Get }}', {}, dot), 'text of a, text of b')
  t.match(render('{{ .Files.Get }}', {}, dot), 'wrong number of args for Get: want 1 got 0')
  t.match(render('{{ .Files.Put "a" }}', {}, dot), "can't evaluate field Put in type files")
  t.end()
})

tap.test('no template throws, and all come to an end', (t) => {
  const statement = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 })
  const action = fc
    .array(fc.constantFrom(...FRAGMENTS.slice(4)), { maxLength: 6 })
    .map((parts) => `{{ ${parts.join(' ')} }}`)
  const texts = fc.oneof(
    statement.map((parts) => parts.join(' ')),
    fc.array(action, { maxLength: 4 }).map((parts) => parts.join('')),
    action.map((inner) => `{{ range .list }}${inner}{{ end }}`),
    fc.string({ unit: 'binary' }),
  )
  const rendered = new Set<string>()
  fc.assert(
    fc.property(texts, fc.constantFrom('promtail', 'loki'), (text, set) => {
      const functions = set === 'loki' ? lokiFunctions : promtailFunctions
      const parsed = parseTemplate(text, { name: 'p', functions })
      if (parsed.kind === 'error')
        return parsed.why.startsWith('template: p:') && parsed.line >= 1 && parsed.column >= 1
      const outcome = parsed.template.render(DOT, { nowNs: 0n })
      rendered.add(outcome.kind)
      return outcome.kind === 'ok' ? outcome.text.length <= 1024 * 1024 : /^template: p:\d+:/.test(outcome.why)
    }),
    { numRuns: 1000 },
  )
  t.strictSame([...rendered].sort(), ['error', 'ok'], 'some run through, some fail')
  t.end()
})
