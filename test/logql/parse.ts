import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { LabelFilter, MetricQuery, Query, Stage } from '../../src/logql/ast.ts'
import { parseQuery, parseSelector } from '../../src/logql/parse.ts'
import { parsePrometheusDuration, printPrometheusDuration } from '../../src/logql/duration.ts'
import { printQuery } from '../../src/logql/print.ts'

type Case = {
  readonly query?: string
  readonly endpoint: string
  readonly expected: { readonly status: string; readonly error?: string }
}

const folder = join(import.meta.dirname, '../fixtures/conformance/logql')

const casesOf = (file: string): readonly Case[] => {
  const bytes = readFileSync(join(folder, file))
  return JSON.parse(String(file.endsWith('.gz') ? gunzipSync(bytes) : bytes)) as readonly Case[]
}

const recorded = readdirSync(folder)
  .filter((file) => /\.json(?:\.gz)?$/.test(file))
  .flatMap(casesOf)
  .filter(({ query, endpoint }) => query !== undefined && endpoint !== 'labels')

const isParseError = ({ expected }: Case): boolean => expected.error?.startsWith('parse error') === true

const good = [...new Set(recorded.filter((one) => !isParseError(one)).map(({ query = '' }) => query))]

const parsed = (text: string): Query => {
  const outcome = parseQuery(text)
  if (outcome.kind === 'error') throw new Error(`${text}: ${outcome.problem.message}`)
  return outcome.query
}

const problem = (text: string): string => {
  const outcome = parseQuery(text)
  return outcome.kind === 'error' ? outcome.problem.message : 'parsed'
}

/** Without the places in the text. */
const bare = (query: Query): unknown =>
  JSON.parse(
    JSON.stringify(query, (key, value: unknown) => {
      if (typeof value === 'bigint') return String(value)
      return (key === 'from' || key === 'to') && typeof value === 'number' ? undefined : value
    }),
  )

t.test('what Loki takes is taken, and what it refuses is refused in its words', (t) => {
  t.ok(recorded.length > 400, `${recorded.length} recorded queries`)
  const wrong = recorded.flatMap(({ query = '', expected, ...rest }) => {
    const wanted = isParseError({ query, expected, ...rest }) ? expected.error?.trim() : 'parsed'
    const found = problem(query)
    return found === wanted ? [] : [{ query, found, wanted }]
  })
  t.strictSame(wrong, [])
  t.end()
})

t.test('a printed query parses to the same tree', (t) => {
  const same = (text: string): boolean => isDeepStrictEqual(bare(parsed(printQuery(parsed(text)))), bare(parsed(text)))
  t.strictSame(
    good.filter((text) => !same(text)),
    [],
  )
  t.end()
})

t.test('any text is a query or has a problem in it, but nothing is thrown', (t) => {
  const mutated = fc
    .tuple(fc.constantFrom(...good), fc.constantFrom(...good), fc.nat(200), fc.nat(60), fc.string({ maxLength: 4 }))
    .map(
      ([text, other, at, length, noise]) =>
        text.slice(0, at) + noise + other.slice(at, at + length) + text.slice(at + length),
    )
  fc.assert(
    fc.property(mutated, (text) => {
      const outcome = parseQuery(text)
      if (outcome.kind === 'ok')
        return JSON.stringify(bare(parsed(printQuery(outcome.query)))) === JSON.stringify(bare(outcome.query))
      const { message, from, to } = outcome.problem
      return message.startsWith('parse error') && from >= 0 && to >= from && from <= text.length
    }),
    { numRuns: 600 },
  )
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => parseQuery(text).kind.length > 0))
  t.end()
})

t.test('spellings that mean the same give the same tree', (t) => {
  const same: readonly (readonly [string, string])[] = [
    ['COUNT_OVER_TIME({a="b"}[5m])', 'count_over_time({a="b"}[5m])'],
    ['SUM BY (x) (RATE({a="b"}[1h30m]))', 'sum by (x) (rate({a="b"}[90m]))'],
    ['sum(rate({a="b"}[1m])) by (x)', 'sum by (x) (rate({a="b"}[1m]))'],
    ['count_over_time(({a="b"} |= "c")[5m] offset 1m)', 'count_over_time({a="b"} |= "c" [5m] offset 1m)'],
    ['count_over_time({a="b"}[5m] offset 1m |= "c")', 'count_over_time({a="b"} |= "c" [5m] offset 1m)'],
    ['count_over_time({a="b"}[5m] | json | c="d")', 'count_over_time({a="b"} | json | c="d" [5m])'],
    ['count_over_time((({a="b"}[5m])))', 'count_over_time({a="b"}[5m])'],
    ['sum_over_time({a="b"}[5m] offset 1m | unwrap c)', 'sum_over_time({a="b"} | unwrap c [5m] offset 1m)'],
    ['sum_over_time(({a="b"})[5m] | unwrap c)', 'sum_over_time({a="b"} | unwrap c [5m])'],
    ['sum_over_time(({a="b"} | json | unwrap c)[5m])', 'sum_over_time({a="b"} | json | unwrap c [5m])'],
    ['count_over_time({a="b"}[1d])', 'count_over_time({a="b"}[24h])'],
    ['{a="b"} # a comment } |= "x"\n|= "c"', '{a="b"} |= "c"'],
    ['{a=`b\\n`}', '{a="b\\\\n"}'],
    ['{a="\\u00e9\\x41\\101"}', '{a="éAA"}'],
    ['{a="b"} | c == 1', '{a="b"} | c = 1'],
    ['{a="b"} | c > 1.5KiB', '{a="b"} | c > 1536B'],
    ['{a="b"} | c > 2d', '{a="b"} | c > 48h'],
    ['{a="b"} | logfmt --keep-empty --strict', '{a="b"} | logfmt --strict --keep-empty'],
    ['{a="b"} | json c', '{a="b"} | json c="c"'],
    ['2 ^ 3 ^ 2', '2 ^ (3 ^ 2)'],
    ['1 + 2 * 3 == 7', '(1 + (2 * 3)) == 7'],
    ['1 - 2 - 3', '(1 - 2) - 3'],
    ['{a="b"} | x="1" or y="2" and z="3"', '{a="b"} | x="1" or (y="2" and z="3")'],
    ['{a="b"} | x="1" and y="2" or z="3"', '{a="b"} | (x="1" and y="2") or z="3"'],
    ['{a="b"} | x="1", y="2" or z="3"', '{a="b"} | x="1" and (y="2" or z="3")'],
    ['{a="b"} | x="1" or y="2", z="3"', '{a="b"} | x="1" or (y="2" and z="3")'],
    ['{a="b"} | x="1" y="2"', '{a="b"} | x="1" and y="2"'],
  ]
  for (const [left, right] of same) t.strictSame(bare(parsed(left)), bare(parsed(right)), left)
  t.end()
})

const stages = (text: string): readonly Stage[] => {
  const query = parsed(text)
  if (query.kind !== 'log') throw new Error('a metric query')
  return query.stages
}

t.test('stages are read with their places', (t) => {
  const text =
    '{a="b"} |= "x" or ip("10.0.0.0/8") != "y" | json c="d[0]", e | drop f, g=~"h.*" | label_format i=j,k="l"'
  const found = stages(text)
  t.strictSame(
    found.map(({ from, to }) => text.slice(from, to)),
    ['|= "x" or ip("10.0.0.0/8")', '!= "y"', '| json c="d[0]", e', '| drop f, g=~"h.*"', '| label_format i=j,k="l"'],
  )
  t.match(found[0], {
    op: '|=',
    matches: [
      { kind: 'text', value: 'x' },
      { kind: 'ip', value: '10.0.0.0/8' },
    ],
  })
  t.match(found[2], {
    extractions: [
      { label: 'c', expression: 'd[0]' },
      { label: 'e', expression: 'e' },
    ],
  })
  t.match(found[3], {
    choices: [
      { name: 'f', matcher: null },
      { name: 'g', matcher: { op: '=~', value: 'h.*' } },
    ],
  })
  t.match(found[4], {
    formats: [
      { kind: 'rename', to: 'i', from: 'j' },
      { kind: 'template', to: 'k', template: 'l' },
    ],
  })
  t.end()
})

t.test('a label filter has the type of its operand', (t) => {
  const filterOf = (text: string): LabelFilter | undefined => {
    const [stage] = stages(`{a="b"} | ${text}`)
    return stage?.kind === 'label_filter' ? stage.filter : undefined
  }
  t.match(filterOf('c > 1.5'), { kind: 'number', op: '>', value: 1.5 })
  t.match(filterOf('c = -3'), { kind: 'number', op: '==', value: -3 })
  t.match(filterOf('c <= 1m30s'), { kind: 'duration', op: '<=', value: 90 })
  t.match(filterOf('c < -5s'), { kind: 'duration', value: -5 })
  t.match(filterOf('c >= 1.5s'), { kind: 'duration', value: 1.5 })
  t.match(filterOf('c != 2KB'), { kind: 'bytes', op: '!=', value: 2000 })
  t.match(filterOf('c != ip("::1")'), { kind: 'ip', op: '!=', value: '::1' })
  t.match(filterOf('count > 1 and sum="2"'), { left: { name: 'count' }, right: { matcher: { name: 'sum' } } })
  t.end()
})

t.test('metric queries are read with their parts', (t) => {
  const metric = (text: string): MetricQuery => {
    const query = parsed(text)
    if (query.kind === 'log') throw new Error('a log query')
    return query
  }
  t.match(metric('quantile_over_time(0.9, {a="b"} | unwrap duration(c) | d="e" [5m] offset -1m) by (f)'), {
    op: 'quantile_over_time',
    parameter: 0.9,
    rangeNs: 300_000_000_000n,
    offsetNs: -60_000_000_000n,
    unwrap: { label: 'c', conversion: 'duration', filters: [{ kind: 'string', matcher: { name: 'd' } }] },
    grouping: { kind: 'by', labels: ['f'] },
  })
  t.match(metric('count_over_time({a="b"}[0s])'), { rangeNs: 0n, unwrap: null, grouping: null })
  t.match(metric('topk(3, rate({a="b"}[1m])) by ()'), {
    op: 'topk',
    parameter: 3,
    grouping: { kind: 'by', labels: [] },
  })
  t.match(metric('vector(1) > bool on (a, b) group_left (c) vector(2)'), {
    returnBool: true,
    matching: { on: true, labels: ['a', 'b'], group: 'group_left', include: ['c'] },
  })
  t.match(metric('vector(1) + ignoring (a) group_right (vector(2))'), { matching: { on: false, group: 'group_right' } })
  t.match(metric('label_replace(vector(1), "to", "$1", "from", "(.*)")'), {
    kind: 'label_replace',
    target: 'to',
    replacement: '$1',
    source: 'from',
    pattern: '(.*)',
  })
  t.match(metric('-2 ^ 2'), { op: '^', left: { value: -2 } })
  t.end()
})

t.test('what has no meaning is refused though it reads well', (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['{a!="b"}', /at least one regexp or equality matcher/],
    ['sum(1 + 2)', /at least one regexp or equality matcher/],
    ['rate_counter({a="b"}[1m])', /invalid aggregation rate_counter without unwrap/],
    ['rate(3, {a="b"}[1m])', /parameter 3 not supported for operation rate/],
    ['topk(1.5, rate({a="b"}[1m]))', /invalid parameter topk\(1\.5,/],
    ['topk(0, rate({a="b"}[1m]))', /must be greater than 0/],
    ['1 and vector(1)', /unexpected literal for left leg/],
    ['{a="b"} + 1', /unexpected type for left leg of binary operation \(\+\)/],
    ['{a="b"} | unwrap c', /unexpected unwrap/],
    ['{a="b"} | regexp "no capture"', /at least one named capture/],
    ['{a="b"} | regexp "(?P<a>x)(?P<a>y)"', /duplicate extracted label name 'a'/],
    ['{a="b"} | label_format c=d, c="e"', /multiple label name 'c'/],
    ['{a="b"} | addr=ip("10.0.0.300")', /ip: invalid pattern/],
    ['{a="b"} | pattern "<x> <x>"', /duplicate capture name \(x\)/],
    ['{a="b"} |> "<name> x"', /named captures are not allowed/],
    ['label_replace(vector(1), "a", "b", "c", "(")', /missing closing \)/],
    ['variants(rate({a="b"}[1m])) of ({a="b"}[1m])', /unexpected IDENTIFIER/],
    ['{a="\\\'"}', /invalid char escape/],
    ['{$="b"}', /unexpected IDENTIFIER/],
  ]
  for (const [text, message] of refused) t.match(problem(text), message, text)
  t.end()
})

t.test('a problem tells the line, and is first in the text if it is one of reading', (t) => {
  t.match(problem('{a="b"}\n|= '), 'parse error at line 2, col 4: syntax error: unexpected $end')
  t.match(problem('sum_over_time({a="b"}[1m]) + '), 'unexpected $end')
  t.end()
})

t.test('queries are bounded in length, depth and parts', (t) => {
  t.match(problem(`{a="${'b'.repeat(70_000)}"}`), /longer than 65536/)
  t.match(problem(`${'('.repeat(500)}1`), /nested deeper than 100/)
  t.match(problem(`1${' + 1'.repeat(2000)}`), /more than 1000 parts/)
  t.match(problem(`{a="b"} | ${'('.repeat(500)}c="d"`), /nested deeper/)
  t.match(problem(`{a="b"} | c="d"${' or c="d"'.repeat(2000)}`), /more than 1000 parts/)
  t.equal(problem(`{a="b"} | c="d"${' or c="d"'.repeat(300)}`), 'parsed')
  t.end()
})

t.test('a selector may stand alone, and then select everything', (t) => {
  t.match(parseSelector('{a=~".*"}'), { kind: 'ok', matchers: [{ name: 'a', op: '=~', value: '.*' }] })
  t.match(parseSelector('{}'), { kind: 'ok', matchers: [] })
  t.match(parseSelector('{a="b"} |= "x"'), { kind: 'error', problem: { message: 'only label matchers are supported' } })
  t.match(parseSelector('{a="b"} {'), { kind: 'error' })
  t.end()
})

t.test('a duration is written as Prometheus writes it, and read back', (t) => {
  const written: Readonly<Record<string, string>> = {
    '0s': '0s',
    '90m': '1h30m',
    '24h': '1d',
    '8d': '8d',
    '14d': '2w',
    '1500ms': '1s500ms',
  }
  for (const [text, expected] of Object.entries(written)) {
    const read = parsePrometheusDuration(text)
    t.equal(read.kind === 'ok' ? printPrometheusDuration(read.ns) : read.message, expected)
  }
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 43n }), (ms) => {
      const ns = ms * 1_000_000n
      return isDeepStrictEqual(parsePrometheusDuration(printPrometheusDuration(ns)), { kind: 'ok', ns })
    }),
  )
  t.end()
})
