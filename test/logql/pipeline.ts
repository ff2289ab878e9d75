import fc from 'fast-check'
import t from 'tap'
import { compileRegExp } from '../../src/logql/regexp.ts'
import { regExpLabelTest } from '../../src/logql/regexp-filter.ts'
import type { Labels } from '../../src/entry/entry.ts'
import type { LogQuery } from '../../src/logql/ast.ts'
import { compileLog } from '../../src/logql/compile-log.ts'
import { selectsSomething, streamTest } from '../../src/logql/matchers.ts'
import { parseQuery, parseSelector } from '../../src/logql/parse.ts'
import type { LabelNeed, ProcessedEntry, StoredEntry } from '../../src/logql/pipeline.ts'

const ALL: LabelNeed = { kind: 'all' }
const some = (...names: string[]): LabelNeed => ({ kind: 'some', names: new Set(names) })

const logQuery = (stages: string): LogQuery => {
  const outcome = parseQuery(`{job="x"} ${stages}`)
  if (outcome.kind === 'error') throw new Error(`${stages}: ${outcome.problem.message}`)
  if (outcome.query.kind !== 'log') throw new Error('a metric query')
  return outcome.query
}

type Input = { readonly line: string; readonly stream?: Labels; readonly metadata?: StoredEntry['metadata'] }

const run = (stages: string, input: string | Input, need: LabelNeed = ALL): ProcessedEntry | null => {
  const { line, stream = {}, metadata = [] } = typeof input === 'string' ? { line: input } : input
  return compileLog(logQuery(stages), need).forStream(stream)({
    timestampNs: 1_795_169_100_000_000_000n,
    line,
    metadata,
  })
}

/** Parsed labels; undefined: the entry was dropped. */
const parsed = (stages: string, input: string | Input, need: LabelNeed = ALL): Labels | undefined =>
  run(stages, input, need)?.parsed

const passes = (stages: string, input: string | Input): boolean => run(stages, input) !== null

const labels = (stages: string, input: string | Input): Labels => {
  const entry = run(stages, input)
  return entry === null ? {} : { ...entry.stream, ...entry.metadata, ...entry.parsed }
}

t.test('line filters', (t) => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['|= "b"', 'abc', true],
    ['|= ""', '', true],
    ['!= ""', 'abc', false],
    ['|= "x" or "b"', 'abc', true],
    ['!= "x" or "b"', 'abc', false],
    ['|~ "a.c"', 'xabcx', true],
    ['|~ "x|b"', 'abc', true],
    ['|~ "(?i)ABC"', 'xabc', true],
    ['|~ "(?i)ÜNÏ"', 'ünï', true],
    ['|~ ".+"', '', false],
    ['|~ "foo|.*"', 'bar', false],
    ['!~ "foo|bar"', 'a bar', false],
    ['|~ "^abc$"', 'abc', true],
    ['|~ "a\\\\.c"', 'abc', false],
    ['|> "<_>b<_>"', 'abc', true],
    ['|> "<_>b<_>"', 'bc', false],
    ['|> "a<_>"', 'xa1', true],
    ['|> "<_>c"', 'abc', true],
    ['!> "a<_>"', 'abc', false],
    ['|= ip("10.0.0.0/8")', 'from 10.1.2.3:80', true],
    ['|= ip("10.0.0.1-10.0.0.9")', 'from 10.0.0.10', false],
    ['!= ip("2001:db8::/32")', 'from 2001:db8::1 x', false],
  ]
  for (const [stages, line, expected] of table) t.equal(passes(stages, line), expected, `${stages} ${line}`)
  t.end()
})

t.test('line filters come before the stages between them, but for those that change the line', (t) => {
  t.notOk(passes('| decolorize |= "red plain"', '\x1b[31mred\x1b[0m plain'))
  t.equal(run('| decolorize', '\x1b[31mred\x1b[0m plain')?.line, 'red plain')
  t.ok(passes('| line_format "new" |= "new"', 'old'))
  t.ok(passes('| unpack |= "inner" != "_entry"', '{"_entry":"inner"}'))
  t.end()
})

t.test('label filters look at stream, metadata and parsed labels', (t) => {
  const input: Input = {
    line: 'v=3 d=90s b=2KB bad=abc',
    stream: { zone: 'a' },
    metadata: [
      ['zone', 'm'],
      ['reason', 'ScaleDownFailed'],
    ],
  }
  const table: readonly (readonly [string, boolean])[] = [
    ['zone="a"', true],
    ['zone="m"', false],
    ['zone_extracted="m"', true],
    ['none=""', true],
    ['none > 1', false],
    ['reason=~"Fail.*"', true],
    ['reason=~"Fail.+"', false],
    ['reason=~"FailedMount|FailedScheduling|Scale"', false],
    ['reason=~"ScaleDown|ScaleUp"', true],
    ['reason=~"(?i)scaledownfailed"', true],
    ['reason=~"(Failed)"', false],
    ['reason=~".*Down.*"', true],
    ['reason!~"x|.*Failed"', false],
    ['zone="b" or reason!=""', true],
    ['zone="b" or zone="c" and reason!=""', false],
    ['v >= 3 and d > 1m', true],
    ['d != 1m30s', false],
    ['b = 2000B', true],
    ['v = ip("10.0.0.1")', false],
  ]
  for (const [filter, expected] of table) t.equal(passes(`| logfmt | ${filter}`, input), expected, filter)
  t.end()
})

t.test('what is no number passes a filter with an error', (t) => {
  const error = (filter: string, line: string): string => {
    const found = parsed(`| logfmt | ${filter}`, line) ?? {}
    return `${found['__error__'] ?? ''}: ${found['__error_details__'] ?? ''}`
  }
  t.equal(error('v > 1', 'v=abc'), 'LabelFilterErr: strconv.ParseFloat: parsing "abc": invalid syntax')
  t.equal(error('v > 1', 'v=0x10'), 'LabelFilterErr: strconv.ParseFloat: parsing "0x10": invalid syntax')
  t.equal(error('v > 1', 'v=1_000'), ': ')
  t.equal(error('v > 1', 'v=+Inf'), ': ')
  t.equal(error('v > 1s', 'v=1d'), 'LabelFilterErr: time: unknown unit "d" in duration "1d"')
  t.equal(error('v > 1s', 'v=2'), 'LabelFilterErr: time: missing unit in duration "2"')
  t.equal(error('v > 1s', 'v=xyz'), 'LabelFilterErr: time: invalid duration "xyz"')
  t.equal(error('v > 1KB', 'v=1e3'), 'LabelFilterErr: unhandled size name: e3')
  t.equal(error('v > 1KB', 'v=-1KB'), 'LabelFilterErr: strconv.ParseFloat: parsing "": invalid syntax')
  t.notOk(passes('| logfmt | v > 1 | __error__=""', 'v=abc'))
  t.end()
})

t.test('json', (t) => {
  const error = (details: string): Labels => ({ __error__: 'JSONParserErr', __error_details__: details })
  const ARRAY = "Value is array, but can't find closing ']' symbol"
  const OBJECT = "Value looks like object, but can't find closing '}' symbol"
  const table: readonly (readonly [string, Labels])[] = [
    ['{"s":"x","n":1.50,"b":true,"none":null,"l":[1],"e":{}}', { s: 'x', n: '1.50', b: 'true' }],
    ['{"a":{"b":{"c":"deep"}},"a_b":1}', { a_b_c: 'deep', a_b: '1' }],
    ['{"a_b":"first","a":{"b":"second"},"a_b":"third"}', { a_b: 'first' }],
    [
      '{"key with space":"1","1st":"2","":"3","ключ":"4","@t":"5"}',
      { key_with_space: '1', _1st: '2', ____: '4', _t: '5' },
    ],
    ['{"e":"\\"\\n\\u00e9\\ud83d\\ude00"}', { e: '"\né😀' }],
    ['{"e":"\\ud83d","f":"\\q","g":"�"}', { e: '', f: '', g: '' }],
    ['{"":1,"a":{"":2}}', { a: '2' }],
    ['  {"a":1} garbage', { a: '1' }],
    ['{"a":1,}', { a: '1' }],
    ['{"a":1', { a: '1', ...error(ARRAY) }],
    ['{"a" 1}', error('Malformed JSON error')],
    ['{"a":tru}', error('Unknown value type')],
    ['{"a":"x}', error("Value is string, but can't find closing '\"' symbol")],
    ['[1]', error(OBJECT)],
    ['text', error(OBJECT)],
    ['{"__proto__":"x","constructor":"y"}', { ['__proto__']: 'x', constructor: 'y' }],
  ]
  for (const [line, expected] of table) t.strictSame(parsed('| json', line), expected, line)
  const deep = `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`
  t.match(parsed('| json', deep), error('nested too deep'))
  t.end()
})

t.test('json with paths', (t) => {
  const line = '{"a":{"b c":[10,{"d":"x\\ty"}]},"n":null,"o":{"p": 1}}'
  const paths = 'w="a[\\"b c\\"][1].d", x="a[\\"b c\\"][0]", y="n", z="o", none="a.q[3]"'
  t.strictSame(parsed(`| json ${paths}`, line), { w: 'x\ty', x: '10', y: '', z: '{"p": 1}', none: '' })
  const cut = {
    __error__: 'JSONParserErr',
    __error_details__: "Value looks like object, but can't find closing '}' symbol",
  }
  t.strictSame(parsed('| json x="a.b"', '{"a":{"b":{"c":'), { x: '', ...cut }, 'what is sought and broken is an error')
  t.strictSame(parsed('| json x="a.b"', '{"a":"{\\"b\\":1}"}'), { x: '' }, 'a text is no object')
  t.strictSame(parsed('| json a="a"', 'text'), { __error__: 'JSONParserErr' })
  t.strictSame(parsed('| json a="a", b="b"', '{"a":1,"b'), { a: '1', b: '' }, 'a cut line is read as far as it goes')
  t.strictSame(parsed('| json a="x"', { line: '{"x":1}', stream: { a: 's' } }), { a_extracted: '1' })
  t.end()
})

t.test('logfmt', (t) => {
  const table: readonly (readonly [string, string, Labels])[] = [
    ['', 'level=info msg="a \\"b\\" c" err="a=b"', { level: 'info', msg: 'a "b" c', err: 'a=b' }],
    ['', 'bare key= empty="" x=1', { x: '1' }],
    ['--keep-empty', 'bare key= empty="" x=1', { bare: '', key: '', empty: '', x: '1' }],
    ['', 'dup=1 dup=2', { dup: '1' }],
    ['', '=x a=b=c d="un', {}],
    ['', 'a=b=c d=e', { d: 'e' }],
    ['', 'a="1"b="2"', { a: '1', b: '2' }],
    ['', 'k.dot=1 1num=2 ключ=3', { k_dot: '1', _1num: '2', ____: '3' }],
    [
      '--strict',
      'x=1 a=b=c',
      { x: '1', __error__: 'LogfmtParserErr', __error_details__: "logfmt syntax error at pos 8 : unexpected '='" },
    ],
    [
      '--strict',
      'é="x',
      { __error__: 'LogfmtParserErr', __error_details__: 'logfmt syntax error at pos 6 : unterminated quoted value' },
    ],
    [
      '--strict',
      'a="\\q"',
      { __error__: 'LogfmtParserErr', __error_details__: 'logfmt syntax error at pos 7 : invalid quoted value' },
    ],
    ['lvl="level", none', 'level=warn c=1', { lvl: 'warn', none: '' }],
  ]
  for (const [how, line, expected] of table) t.strictSame(parsed(`| logfmt ${how}`, line), expected, `${how} ${line}`)
  t.end()
})

t.test('regexp, pattern and unpack', (t) => {
  t.strictSame(parsed('| regexp "(?P<a>10)\\\\.(?P<b>0)?"', '10.1'), { a: '10', b: '' })
  t.strictSame(parsed('| regexp "(?P<a>x)"', 'y'), {})
  t.strictSame(parsed('| pattern `<ip> - <_> "<m> <p>"`', '1.1.1.1 - u "GET /"'), { ip: '1.1.1.1', m: 'GET', p: '/' })
  t.strictSame(parsed('| pattern `<ip> - <rest>`', 'no match'), { ip: 'no match' })
  t.strictSame(parsed('| pattern `x <ip>`', 'no match'), {})
  t.strictSame(parsed('| pattern `<a> <b>`', ''), {})
  const packed = run('| unpack', { line: '{"_entry":"inner","pod":"p","zone":"z"}', stream: { zone: 's' } })
  t.match(packed, { line: 'inner', parsed: { pod: 'p', zone_extracted: 'z' } })
  t.strictSame(parsed('| unpack', '{"pod":"p"}'), {})
  t.match(parsed('| unpack', 'text'), {
    __error__: 'JSONParserErr',
    __error_details__: 'expecting json object(6), but it is not',
  })
  t.end()
})

t.test('a parsed label makes way for one of stream and metadata, and for an earlier one', (t) => {
  const input: Input = { line: 'zone=line pod=line x=1', stream: { zone: 's' }, metadata: [['pod', 'm']] }
  const entry = run('| logfmt', input)
  t.match(entry, { stream: { zone: 's' }, metadata: { pod: 'm' } })
  t.strictSame(entry?.parsed, { zone_extracted: 'line', pod_extracted: 'line', x: '1' })
  t.strictSame(parsed('| logfmt | line_format "x=2 y=3" | logfmt', 'x=1'), { x: '1', y: '3' })
  t.strictSame(parsed('| logfmt | drop x | logfmt', 'x=1'), {}, 'what was dropped is not parsed again')
  t.end()
})

t.test('drop and keep', (t) => {
  const input: Input = {
    line: 'p=1 q=2',
    stream: { a: '1', b: '2' },
    metadata: [
      ['m', '3'],
      ['a', '4'],
    ],
  }
  t.strictSame(labels('| logfmt | drop a, q, m="9"', input), { b: '2', m: '3', a_extracted: '4', p: '1' })
  t.strictSame(labels('| logfmt | keep b, p=~"x|1", m="9"', input), { b: '2', p: '1' })
  t.strictSame(labels('| json | keep b', input)['__error__'], 'JSONParserErr', 'errors are kept')
  t.strictSame(parsed('| json | drop __error__, __error_details__', input), {})
  t.strictSame(run('| keep b', input)?.stream, { b: '2' })
  t.end()
})

t.test('line_format and label_format', (t) => {
  const input: Input = { line: 'who=w1', stream: { zone: 'a' }, metadata: [['sv', '1']] }
  t.equal(run('| logfmt | line_format "{{.who}}/{{.zone}}/{{.sv}}/{{.none}}"', input)?.line, 'w1/a/1/')
  t.equal(run('| line_format "{{ __line__ }} {{ __timestamp__ | unixEpoch }}"', input)?.line, 'who=w1 1795169100')
  const renamed = run('| logfmt | label_format zone=who, x="{{.zone}}-{{.sv}}", y=none', input)
  t.strictSame(renamed?.stream, {}, 'the label of the stream is hidden')
  t.strictSame(renamed?.parsed, { zone: 'w1', x: 'w1-1' })
  t.strictSame(parsed('| logfmt | label_format a="{{.who}}", b="{{.a}}"', input), { who: 'w1', a: 'w1', b: '' })
  t.match(run('| line_format "{{ div 1 0 }}"', input), { line: 'who=w1', parsed: { __error__: 'TemplateFormatErr' } })
  t.end()
})

t.test('parsers look for no more than a metric query needs', (t) => {
  const broken = '{"level":"info","x":{"y":"z"},'
  t.strictSame(parsed('| json', broken, { kind: 'none' }), {}, 'nothing is parsed, and nothing fails')
  t.strictSame(parsed('| json', broken, some('level')), { level: 'info' }, 'parsing ends with the last label')
  t.strictSame(parsed('| json', broken, some('x_y')), { x_y: 'z' })
  t.match(parsed('| json', broken, some('other')), { __error__: 'JSONParserErr' })
  t.strictSame(parsed('| json | level="info"', broken, { kind: 'none' }), { level: 'info' }, 'a filter needs its label')
  t.match(parsed('| json | __error__=""', broken, { kind: 'none' }), undefined)
  t.match(parsed('| json | __error__!=""', broken, { kind: 'none' }), {
    __error__: 'JSONParserErr',
    __preserve_error__: 'true',
  })
  t.strictSame(parsed('| logfmt | level=~".*"', 'level=x', { kind: 'none' }), {}, 'a filter that takes all needs none')
  t.strictSame(parsed('| logfmt', { line: 'a=1 b=2', stream: { a: 's' } }, some('a_extracted')), { a_extracted: '1' })
  t.strictSame(parsed('| logfmt', 'a=1 b=2', some('b')), { b: '2' })
  t.end()
})

t.test('an entry leaves nothing behind for the next', (t) => {
  const next = compileLog(logQuery('| json | label_format zone=a'), ALL).forStream({ zone: 's' })
  const entry = (line: string): StoredEntry => ({ timestampNs: 1n, line, metadata: [['m', '1']] })
  const first = next(entry('{"a":"x"}'))
  const second = next(entry('text'))
  t.match(second, { stream: { zone: 's' }, metadata: { m: '1' }, parsed: { __error__: 'JSONParserErr' } })
  t.strictSame([first?.stream, first?.metadata, first?.parsed], [{}, { m: '1' }, { zone: 'x' }])
  t.end()
})

t.test('no line makes a stage throw', (t) => {
  const all = [
    'json',
    'json a="b.c[0]"',
    'logfmt',
    'logfmt --strict --keep-empty',
    'unpack',
    'decolorize',
    'pattern `<a> <b>`',
  ]
  const pipelines = all.map((stage) =>
    compileLog(logQuery(`| ${stage} | a > 1 or b=ip("10.0.0.1")`), ALL).forStream({}),
  )
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ':',
    ',',
    '=',
    'a',
    'b',
    ' ',
    '1',
    '\x1b[',
    ';',
    'ü',
    '\ud800',
  )
  const noise = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((list) => list.join('')),
    fc.json(),
    fc.string(),
  )
  fc.assert(
    fc.property(noise, (line) => {
      for (const next of pipelines) {
        const entry = next({ timestampNs: 1n, line, metadata: [['a', line]] })
        if (entry !== null) for (const value of Object.values(entry.parsed)) if (typeof value !== 'string') return false
      }
      return true
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('json finds in sound JSON what JSON.parse finds', (t) => {
  const value = fc.oneof(
    fc.string().filter((text) => !text.includes('\ufffd')),
    fc.integer(),
    fc.boolean(),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), value), (object) => {
      const found = parsed('| json', JSON.stringify(object, null, 1)) ?? {}
      for (const [name, wanted] of Object.entries(object)) t.ok(found[name] === String(wanted) || name === '__proto__')
    }),
    { numRuns: 100 },
  )
  t.end()
})

t.test('hostile lines cost time in proportion to their length', (t) => {
  const long = 200_000
  const lines = [
    `\x1b${';'.repeat(long)}`,
    '\\'.repeat(long),
    `{"a":"${'\\'.repeat(long)}`,
    '"'.repeat(long),
    '1.'.repeat(long / 2),
  ]
  for (const line of lines) t.type(passes('!= ip("10.0.0.1") | json | logfmt | decolorize', line), 'boolean')
  t.end()
})

t.test('selectors', (t) => {
  const test = (selector: string, stream: Labels): boolean => {
    const outcome = parseSelector(selector)
    if (outcome.kind === 'error') throw new Error(outcome.problem.message)
    return streamTest(outcome.matchers)(stream)
  }
  t.ok(test('{a="b", c=""}', { a: 'b' }), 'a missing label is empty')
  t.notOk(test('{a=~"b"}', { a: 'bb' }), 'a pattern is anchored')
  t.notOk(test('{a=~"b.*"}', { a: 'abc' }))
  t.ok(test('{a=~"b.c|x.*"}', { a: 'b\nc' }))
  t.ok(test('{a=~"x|y|"}', {}))
  t.notOk(test('{a!~"x|y"}', { a: 'y' }))
  t.ok(test('{constructor=""}', {}))
  const selects = (selector: string): boolean => {
    const outcome = parseSelector(selector)
    return outcome.kind === 'ok' && selectsSomething(outcome.matchers)
  }
  t.notOk(selects('{a!="b", c=~".*", d=""}'))
  t.ok(selects('{a!="b", c=~".+"}'))
  t.ok(selects('{a!=""}'))
  t.end()
})

t.test('patterns that are any text of one line answer as the regular expression does', (t) => {
  for (const pattern of ['^.*', '.*$', '^.*$', '^(.*)$', '^((.*))', '(.*)$', '^.+', '^(.*)a$', '^.*|b$', '^(.*']) {
    const outcome = compileRegExp(`^(?:${pattern})$`)
    if (outcome.kind === 'error') continue
    const test = regExpLabelTest(pattern)
    for (const value of ['', 'a', 'web-0', 'a\nb', '\n', 'ü']) {
      t.equal(test(value), outcome.regexp.test(value), `${pattern} on ${JSON.stringify(value)}`)
    }
  }
  t.end()
})
