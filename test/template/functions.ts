import t, { type Test } from 'tap'
import { alertFunctions } from '../../src/template/alert-functions.ts'
import type { RenderFacts, TemplateFunctions } from '../../src/template/functions.ts'
import { lokiFunctions } from '../../src/template/loki-functions.ts'
import { promtailFunctions } from '../../src/template/promtail-functions.ts'
import { parseTemplate } from '../../src/template/template.ts'
import { listOf, mapOf, textMapOf, type StructValue, type TemplateValue } from '../../src/template/values.ts'

type Cases = readonly (readonly [template: string, text: string])[]

const FACTS: RenderFacts = {
  nowNs: 1_714_558_830_000_000_000n,
  timestampNs: 1_714_558_830_123_456_789n,
  line: 'level=warn msg="a b"',
  externalUrl: 'http://prom.example.com/prefix/',
}

const DOT = mapOf([
  ['name', 'web-1'],
  ['reason', 'FailedScheduling'],
  ['count', '4'],
])

const render = (text: string, functions: TemplateFunctions, dot: TemplateValue = DOT): string => {
  const parsed = parseTemplate(text, { name: 't', functions })
  if (parsed.kind === 'error') return parsed.why
  const outcome = parsed.template.render(dot, FACTS)
  return outcome.kind === 'ok' ? outcome.text : outcome.why.replace(/^.*: (error calling)/, '$1')
}

const all = (t: Test, functions: TemplateFunctions, cases: Cases): void => {
  for (const [template, text] of cases) t.equal(render(template, functions), text, template)
  t.end()
}

t.test('text functions take the value last, Go string functions first', (t) => {
  all(t, promtailFunctions, [
    [
      '{{ ToUpper "straße ıiİ" }} {{ ToLower "ΣΑΣ İI" }} {{ title "hello wOrld-x é" }}',
      'STRAßE IIİ σασ ii Hello WOrld-X É',
    ],
    [
      '{{ Replace .name "-" "_" -1 }} {{ Replace "aaa" "a" "b" 2 }} {{ Replace "ab" "" "." -1 }} {{ Replace "ab" "" "." 1 }}',
      'web_1 bba .a.b. .ab',
    ],
    [
      '[{{ Trim "xxaxx" "x" }}] [{{ TrimLeft "éa" "é" }}] [{{ TrimRight "abba" "ab" }}] [{{ TrimPrefix "aab" "a" }}] [{{ TrimSuffix "ab" "" }}]',
      '[a] [a] [] [ab] [ab]',
    ],
    ['[{{ trim "\\u00a0 x\\u2003\\n" }}] [{{ nospace " a b " }}] [{{ trimAll "$" "$5$" }}]', '[x] [ab] [5]'],
    [
      '{{ substr 0 4 .reason }} {{ substr 4 -1 .reason }} {{ substr -1 4 .reason }} [{{ substr 3 3 .reason }}] {{ trunc -3 .reason }}',
      'Fail edScheduling Fail [] ing',
    ],
    ['{{ substr 2 1 "abc" }}', 'error calling substr: runtime error: slice bounds out of range [2:1]'],
    [
      '{{ repeat 3 "ab" }} {{ indent 2 "x\\ny" }}{{ nindent 1 "z" }} {{ replace "-" "_" .name }} {{ repeat 0 "x" }}',
      'ababab   x\n  y\n z web_1 ',
    ],
    ['{{ repeat -1 "x" }}', 'error calling repeat: strings: negative Repeat count'],
    ['{{ contains "eb" .name }} {{ hasPrefix "x" .name }} {{ hasSuffix "-1" .name }}', 'true false true'],
    [
      '{{ abbrev 8 "hello world" }} {{ abbrev 3 "hello" }} {{ abbrevboth 5 10 "1234 5678 9123" }}',
      'hello... hello ...5678...',
    ],
    [
      '{{ initials "First Try" }} {{ untitle "Hello World" }} {{ swapcase "aB c" }} {{ plural "one" "many" 1 }}',
      'FT hello world Ab C one',
    ],
    [
      '{{ snakecase "FirstName" }} {{ kebabcase "HTTPServer" }} {{ camelcase "http_server" }}',
      'first_name http-server HttpServer',
    ],
    ['{{ wrap 5 "Hello World abc" }}|{{ wrapWith 5 "\\t" "HelloWorld" }}', 'Hello\nWorld\nabc|Hello\tWorld'],
    [
      '{{ quote "a\\"b" 5 nil }} {{ squote 5 "x" }} {{ cat "a" nil 3 }} {{ toString 1.5 }}',
      '"a\\"b" "5" \'5\' \'x\' a 3 1.5',
    ],
  ])
})

t.test('number functions count in 64 bits, decimals exactly', (t) => {
  all(t, promtailFunctions, [
    [
      '{{ add .count 1 }} {{ mul .count 2 }} {{ add "x" 1 }} {{ add "1.9" 1 }} {{ add "2.0" 1 }} {{ sub 1 2 }} {{ mod 7 4 }}',
      '5 8 1 1 3 -1 3',
    ],
    [
      '{{ addf 0.1 0.2 }} {{ subf 1 0.9 }} {{ mulf 1.1 3 }} {{ divf 1 3 }} {{ add1f 0.1 }} {{ divf -2 3 }}',
      '0.3 0.1 3.3 0.3333333333333333 1.1 -0.6666666666666667',
    ],
    ['{{ divf 1 0 }}', 'error calling divf: decimal division by 0'],
    ['{{ add 9223372036854775807 1 }} {{ mul 9223372036854775807 2 }}', '-9223372036854775808 -2'],
    [
      '{{ max 1 5 "3" }} {{ min 1 -5 }} {{ maxf 1 2.5 }} {{ minf 0.5 2 }} {{ biggest 1 2 }} {{ add1 1 }}',
      '5 -5 2.5 0.5 2 2',
    ],
    [
      '{{ round 0.5 0 }} {{ round -1.5 0 }} {{ round 2.675 2 }} {{ round 123.4567 -1 }} {{ floor -1.5 }} {{ ceil "1.2" }} {{ round 1.3 0 0.3 }}',
      '1 -2 2.68 120 -2 2 2',
    ],
    [
      '{{ int "0x1F" }} {{ int 3.9 }} {{ int true }} {{ int nil }} {{ float64 "1e3" }} {{ float64 "x" }} {{ atoi "12" }} {{ atoi "1x" }} {{ int64 5 }}',
      '31 3 1 0 1000 0 12 0 5',
    ],
    ['{{ toDecimal "0755" }} {{ toDecimal 777 }} {{ toDecimal "9" }}', '493 511 0'],
    [
      '{{ until 3 }} {{ until -3 }} {{ untilStep 0 6 2 }} {{ untilStep 5 0 -2 }} {{ untilStep 0 5 0 }}',
      '[0 1 2] [0 -1 -2] [0 2 4] [5 3 1] []',
    ],
    [
      '{{ seq 1 3 }}|{{ seq 3 }}|{{ seq 5 -2 1 }}|{{ seq 3 1 }}|{{ seq 1 2 6 }}|{{ seq 5 1 1 }}',
      '1 2 3|1 2 3|5 3 1|3 2 1|1 3 5|',
    ],
  ])
})

t.test('lists, dictionaries and choices', (t) => {
  all(t, promtailFunctions, [
    [
      '{{ append (list 1) 2 }} {{ prepend (list 1) 0 }} {{ concat (list 1) (list 2) }} {{ reverse (list 1 2 3) }} {{ uniq (list 1 1 2) }}',
      '[1 2] [0 1] [1 2] [3 2 1] [1 2]',
    ],
    [
      '{{ without (list 1 2 3) 2 }} {{ has 2 (list 1 2) }} {{ has 2 nil }} {{ compact (list "" "a" 0) }} {{ chunk 2 (list 1 2 3) }}',
      '[1 3] true false [a] [[1 2] [3]]',
    ],
    [
      '{{ first (list 1 2) }} {{ last (list 1 2) }} {{ rest (list 1 2 3) }} {{ initial (list 1 2 3) }} {{ first (list) }} {{ rest (list) }}',
      '1 2 [2 3] [1 2] <no value> []',
    ],
    [
      '{{ slice (list 1 2 3) 1 }} {{ slice (list 1 2 3) 0 2 }} {{ sortAlpha (list "b" "a" "C") }} {{ join "-" (list 1 2.5 true nil) }}',
      '[2 3] [1 2] [C a b] 1-2.5-true',
    ],
    ['{{ first "x" }}', 'error calling first: Cannot find first on type string'],
    ['{{ slice (list 1) 5 }}', 'error calling slice: reflect.Value.Slice: slice index out of bounds'],
    [
      '{{ splitList "/" "a/b" }} {{ (split "/" "a/b")._1 }} {{ (splitn "/" 2 "a/b/c")._1 }} {{ toStrings (list 1 "a") }}',
      '[a b] b b/c [1 a]',
    ],
    [
      '{{ $d := dict "a" 1 "b" }}{{ $_ := set $d "c" 3 }}{{ $d }} {{ hasKey $d "a" }} {{ get $d "x" }} {{ keys $d }} {{ values $d }} {{ unset $d "a" }}',
      'map[a:1 b: c:3] true  [a b c] [1  3] map[b: c:3]',
    ],
    [
      '{{ pick (dict "a" 1 "b" 2) "a" }}{{ omit (dict "a" 1 "b" 2) "a" }}{{ pluck "a" (dict "a" 1) (dict "b" 2) }}',
      'map[a:1]map[b:2][1]',
    ],
    [
      '{{ merge (dict "a" 1 "m" (dict "x" 1)) (dict "a" 9 "b" 2 "m" (dict "x" 5 "y" 2)) }}',
      'map[a:1 b:2 m:map[x:1 y:2]]',
    ],
    [
      '{{ mergeOverwrite (dict "a" 1 "z" 1) (dict "a" 9 "z" 0) }} {{ dig "a" "b" "none" (dict "a" (dict "b" 5)) }} {{ dig "a" "none" (dict) }}',
      'map[a:9 z:1] 5 none',
    ],
    [
      '{{ $a := dict "x" (list 1) }}{{ $b := deepCopy $a }}{{ $_ := set $b "x" 2 }}{{ $a }} {{ deepEqual $a (dict "x" (list 1)) }}',
      'map[x:[1]] true',
    ],
    [
      '{{ default "d" "" }} {{ default "d" 0 }} {{ default "d" "0" }} {{ default "d" }} {{ coalesce "" 0 "x" }} {{ ternary "y" "n" true }}',
      'd d 0 d x y',
    ],
    [
      '{{ empty "" }} {{ all 1 "" }} {{ any 0 "a" }} {{ kindOf (list) }} {{ kindOf nil }} {{ typeOf 1 }} {{ typeIs "int" (add 1 1) }} {{ kindIs "map" (dict) }} {{ typeIsLike "int64" (add 1) }}',
      'true false true slice invalid int false true true',
    ],
    ['{{ fail "no" }}', 'error calling fail: no'],
  ])
})

t.test('JSON, encodings, digests and patterns', (t) => {
  all(t, promtailFunctions, [
    [
      '{{ (fromJson "{\\"a\\":{\\"b\\":[1,2.5,\\"x\\"]}}").a.b }} {{ fromJson "bad" }} {{ int (fromJson "1000000") }} {{ fromJson "1000000" }}',
      '[1 2.5 x] <no value> 1000000 1e+06',
    ],
    [
      '{{ toJson (dict "b" 1.5 "a" (list nil true "<")) }} {{ toRawJson "a<b" }} {{ toJson 1e21 }} {{ toJson 1e-7 }}',
      '{"a":[null,true,"\\u003c"],"b":1.5} "a<b" 1e+21 1e-7',
    ],
    ['{{ dict "b" 1 "a" (list) "c" (list 1) | toPrettyJson }}', '{\n  "a": [],\n  "b": 1,\n  "c": [\n    1\n  ]\n}'],
    ['{{ mustFromJson "bad" }}', 'error calling mustFromJson: invalid JSON'],
    [
      '{{ b64enc "héllo" }} {{ b64dec "aMOpbGxv" }} {{ b32enc "hi" }} {{ b32dec "NBUQ====" }} {{ b64dec "!" }}',
      'aMOpbGxv héllo NBUQ==== hi illegal base64 data at input byte 0',
    ],
    [
      '{{ sha1sum "a" }} {{ adler32sum "a" }} {{ sha512sum "a" | trunc 8 }} {{ sha256sum "a" | trunc 8 }}',
      '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8 6422626 1f40fc92 ca978112',
    ],
    [
      '{{ Sha2Hash "" "a" | trunc 8 }} {{ Hash "" "a" | trunc 8 }} {{ eq (Hash "sa" "ltx") (Hash "salt" "x") }}',
      'ca978112 80084bf2 true',
    ],
    [
      '{{ regexReplaceAll "a(b)" "xabx" "$1y" }} {{ regexReplaceAll "a(b)" "xabx" "${1}y" }} {{ regexReplaceAllLiteral "b" "abc" "$1" }}',
      'xx xbyx a$1c',
    ],
    [
      '{{ regexMatch "^w" .name }} {{ regexMatch "(" "x" }} {{ regexFind "[0-9]" .name }} {{ regexFindAll "[a-z]" "a1b2c" 2 }} {{ regexSplit "[,;]" "a,b;c" -1 }} {{ regexSplit "," "a,b,c" 2 }}',
      'true false 1 [a b] [a b c] [a b,c]',
    ],
    ['{{ mustRegexMatch "(" "x" }}', 'error calling mustRegexMatch: error parsing regexp: missing closing ): `(`'],
    ['{{ regexQuoteMeta "a.b*c" }}', 'a\\.b\\*c'],
  ])
})

t.test('dates, paths, URLs and versions', (t) => {
  all(t, promtailFunctions, [
    [
      '{{ date "2006-01-02 15:04:05" 1714558830 }} {{ htmlDate 0 }} {{ date "2006" "bogus" }} {{ now | unixEpoch }}',
      '2024-05-01 10:20:30 1970-01-01 2024 1714558830',
    ],
    [
      '{{ dateInZone "15:04 MST" 1714558830 "America/New_York" }} {{ htmlDateInZone 0 "Asia/Tokyo" }} {{ dateInZone "15:04" 0 "No/Where" }}',
      '06:20 EDT 1970-01-01 00:00',
    ],
    [
      '{{ $t := toDate "2006-01-02" "2024-05-01" }}{{ $t.Year }} {{ $t.Month }} {{ $t.Weekday }} {{ $t.YearDay }} {{ $t.Unix }} {{ $t }}',
      '2024 May Wednesday 122 1714521600 2024-05-01 00:00:00 +0000 UTC',
    ],
    [
      '{{ (toDate "2006-01-02" "2024-02-28" | dateModify "24h45m").Format "Jan _2 15:04" }} {{ (toDate "x" "y").IsZero }}',
      'Feb 29 00:45 true',
    ],
    [
      '{{ mustToDate "2006-01-02" "xx" }}',
      'error calling mustToDate: parsing time "xx" as "2006-01-02": cannot parse "xx" as "2006"',
    ],
    [
      '{{ duration "95" }} {{ duration 3661 }} {{ duration (int64 3661) }} {{ durationRound "2h10m5s" }} {{ durationRound "400ms" }} {{ ago 1714558800 }}',
      '1m35s 0s 1h1m1s 2h 0s 30s',
    ],
    [
      '{{ base "/a/b.log" }} {{ dir "/a/b.log" }} {{ ext "b.log" }} {{ clean "/a/../b/" }} {{ isAbs "a" }} {{ base "" }} {{ osBase "/x/" }} {{ dir "a" }}',
      'b.log /a .log /b false . x .',
    ],
    [
      '{{ $u := urlParse "https://user@host:6443/a%20b?x=1#f" }}{{ $u.host }} {{ $u.hostname }} {{ $u.path }} {{ $u.query }} {{ $u.fragment }} {{ $u.userinfo }} {{ urlJoin $u }}',
      'host:6443 host /a b x=1 f user https://user@host:6443/a%20b?x=1#f',
    ],
    [
      '{{ semverCompare ">=1.20.0" "v1.29.3" }} {{ semverCompare "^1.2" "1.1.9" }} {{ semverCompare "~1.2.3" "1.2.9" }} {{ semverCompare "1.x || >=3" "3.1.0" }} {{ semverCompare "1.2 - 1.4" "1.3.5" }} {{ semverCompare ">=1.0" "1.1.0-rc.1" }}',
      'true false true true true false',
    ],
    [
      '{{ $v := semver "v1.29.3-rc.1+b5" }}{{ $v.Major }} {{ $v.Minor }} {{ $v.Prerelease }} {{ $v.Metadata }} {{ $v }} {{ $v.Nope }}',
      `template: t:1:118: executing "t" at <$v.Nope>: can't evaluate field Nope in type *semver.Version`,
    ],
    ['{{ semver "x" }}', 'error calling semver: Invalid Semantic Version'],
    [
      '{{ hello }} {{ len (randAlpha 5) }} {{ len (randNumeric 3) }} {{ len uuidv4 }} {{ randInt 3 4 }} {{ len (shuffle "abc") }}',
      'Hello! 5 3 36 3 3',
    ],
  ])
})

t.test("Loki's functions, with the line and its time", (t) => {
  all(t, lokiFunctions, [
    [
      '{{ __line__ | len }} {{ __timestamp__ | date "2006-01-02T15:04:05.000Z" }} {{ __timestamp__ | unixEpoch }} {{ unixEpochMillis __timestamp__ }} {{ unixEpochNanos __timestamp__ }}',
      '20 2024-05-01T10:20:30.123Z 1714558830 1714558830123 1714558830123456789',
    ],
    [
      '{{ bytes "10KB" }} {{ bytes "1.5 MiB" }} {{ duration "1080ms" }} {{ duration_seconds "1m" }}',
      '10000 1.572864e+06 1.08 60',
    ],
    ['{{ bytes "5 parsecs" }}', 'error calling bytes: unhandled size name: parsecs'],
    ['{{ duration "5" }}', 'error calling duration: time: missing unit in duration "5"'],
    ['{{ count "a+" "aabaa" }} {{ urlencode "a b&é" }} {{ urldecode "a+b%26%C3%A9" }}', '2 a+b%26%C3%A9 a b&é'],
    ['{{ urldecode "%zz" }}', 'error calling urldecode: invalid URL escape "%zz"'],
    [
      '[{{ alignLeft 5 "abc" }}] [{{ alignRight 5 "abc" }}] [{{ alignLeft 2 "abc" }}] [{{ alignRight 2 "abc" }}] [{{ alignLeft -1 "abc" }}]',
      '[abc  ] [  abc] [ab] [bc] [abc]',
    ],
    [
      '{{ regexReplaceAll "(" "x" "y" }}',
      'error calling regexReplaceAll: error parsing regexp: missing closing ): `(`',
    ],
    [
      '{{ unixToTime "1714558830" }} {{ (unixToTime "19844").Year }} {{ toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2024-05-01 12:00" | unixEpoch }}',
      '2024-05-01 10:20:30 +0000 UTC 2024 1714557600',
    ],
    ['{{ unixToTime "17" }}', "error calling unixToTime: unable to parse time '17': unknown format"],
    ['{{ splitList "," "a" }}', 'template: t:1: function "splitList" not defined'],
    [
      '{{ int .count | add 1 }} {{ "x" | default "y" }} {{ b64enc "a" }} {{ (fromJson "[1]") }} {{ printf "%05.2f" (float64 "1.5") }}',
      '5 x YQ== [1] 01.50',
    ],
  ])
})

const sample = (value: number, labels: Readonly<Record<string, string>>): StructValue => ({
  kind: 'struct',
  type: '*template.sample',
  text: null,
  fields: new Map<string, TemplateValue>([
    ['Value', value],
    ['Labels', textMapOf(Object.entries(labels))],
  ]),
})

const DEFINITIONS = '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$value := .Value}}'

t.test('alert annotations', (t) => {
  const alert: StructValue = {
    kind: 'struct',
    type: 'struct { Labels map[string]string }',
    text: null,
    fields: new Map<string, TemplateValue>([
      [
        'Labels',
        textMapOf([
          ['namespace', 'shop'],
          ['pod', 'web-1'],
        ]),
      ],
      ['ExternalLabels', textMapOf([['cluster', 'prod']])],
      ['Value', 1234.5],
    ]),
  }
  const annotation = (text: string): string => {
    const parsed = parseTemplate(DEFINITIONS + text, {
      name: '__alert_A',
      functions: alertFunctions,
      missingKey: 'zero',
    })
    if (parsed.kind === 'error') return parsed.why
    const outcome = parsed.template.render(alert, FACTS)
    return outcome.kind === 'ok' ? outcome.text : outcome.why.replace(/^.*: (error calling)/, '$1')
  }
  const cases: Cases = [
    [
      '{{ $labels.pod }}/{{ $labels.nope }} {{ $value }} {{ $externalLabels.cluster }} {{ .Labels.namespace }}',
      'web-1/ 1234.5 prod shop',
    ],
    [
      '{{ humanize $value }} {{ humanize 0.00123 }} {{ humanize 0.0 }} {{ humanize "1e7" }} {{ humanize1024 1536.0 }} {{ humanize -1500 }}',
      '1.234k 1.23m 0 10M 1.5ki -1.5k',
    ],
    [
      '{{ humanizeDuration 93784.0 }}|{{ humanizeDuration 3661 }}|{{ humanizeDuration 61 }}|{{ humanizeDuration 1.5 }}|{{ humanizeDuration 0.0015 }}|{{ humanizeDuration 0 }}|{{ humanizeDuration -90 }}',
      '1d 2h 3m 4s|1h 1m 1s|1m 1s|1.5s|1.5ms|0s|-1m 30s',
    ],
    [
      '{{ humanizePercentage 0.12345 }} {{ humanizeTimestamp 1435065584.128 }} {{ (toTime 1435065584).Format "15:04" }}',
      '12.35% 2015-06-23 13:19:44.128 +0000 UTC 13:19',
    ],
    ['{{ humanize "x" }}', 'error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax'],
    [
      '{{ toUpper "a" }}{{ toLower "B" }} {{ title "a b" }} {{ match "^w" "web" }} {{ reReplaceAll "(w)eb" "$1" "web" }} {{ safeHtml "<" }}',
      'Ab A B true w <',
    ],
    [
      '{{ stripPort "a.b:80" }} {{ stripPort "a" }} {{ stripDomain "a.b.c:80" }} {{ stripDomain "10.0.0.1:80" }} {{ parseDuration "1h30m" }}',
      'a.b a a:80 10.0.0.1:80 5400',
    ],
    [
      '{{ graphLink "up == 0" }} {{ tableLink "up" }} {{ externalURL }} {{ pathPrefix }}',
      '/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1 http://prom.example.com/prefix/ /prefix',
    ],
    [
      '{{ define "x" }}{{ .arg0 }}+{{ .arg1 }}{{ end }}{{ tmpl "x" (args 1 "b") }} {{ template "x" (args 2 3) }}',
      '1+b 2+3',
    ],
    [
      '{{ query "up" }}',
      'template: __alert_A:1: function "query" is refused: alerts are rendered without the means to query',
    ],
  ]
  for (const [text, expected] of cases) t.equal(annotation(text), expected, text)
  t.match(annotation('{{ .Nope }}'), "<.Nope>: can't evaluate field Nope in type struct { Labels map[string]string")
  const samples = listOf([sample(2, { host: 'b' }), sample(1, { host: 'a', __value__: '1' })])
  const withSamples = (text: string): string => render(text, alertFunctions, mapOf([['s', samples]]))
  t.equal(withSamples('{{ range sortByLabel "host" .s }}{{ label "host" . }}={{ value . }};{{ end }}'), 'a=1;b=2;')
  t.equal(withSamples('{{ .s | first | value }} {{ (first .s).Labels.host }} {{ index .s 1 | strvalue }}'), '2 b 1')
  t.equal(withSamples('{{ first (slice .s 0 0) }}'), 'error calling first: first() called on vector with no elements')
  t.end()
})
