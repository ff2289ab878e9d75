import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { answerQuery } from '../../src/demo/loki-query.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { decodeJsonPush } from '../../src/demo/push-json.ts'

// Questions to a real Loki and what it answered. LOGQL_CASES: another folder of such cases.

type Json = Readonly<Record<string, unknown>>
type Case = Json & {
  readonly id: string
  readonly title: string
  readonly feature: string
  readonly dataset: string
  readonly endpoint: 'instant' | 'range' | 'log' | 'labels' | 'label_values' | 'series'
  readonly label?: string
  readonly match?: readonly string[]
  readonly ordered?: boolean
  readonly tiesMaySwap?: boolean
  readonly expected: {
    readonly status: 'success' | 'error'
    readonly httpStatus: number
    readonly resultType?: string
    readonly result?: unknown
    readonly error?: string
  }
}

const OWN_CASES = resolve(import.meta.dirname, '../fixtures/conformance/logql')
const folder = process.env['LOGQL_CASES'] ?? OWN_CASES

const read = (file: string): string =>
  file.endsWith('.gz') ? gunzipSync(readFileSync(file)).toString('utf8') : readFileSync(file, 'utf8')

/** Not part of the test: questions that Loki itself answers in two ways. */
const SET_APART = 'memory-vs-store.'

const files = readdirSync(folder)
  .filter((name) => /\.json(?:\.gz)?$/.test(name) && !name.startsWith(SET_APART))
  .sort()

const store = new LokiStore({
  limits: { maxAgeMs: 1e13, graceMs: 1e13, maxChunkAgeMs: 1e12 },
  maxBytes: 1e9,
})

for (const name of readdirSync(join(folder, 'datasets'))) {
  const tenant = name.replace(/\.json(?:\.gz)?$/, '')
  t.match(store.push(tenant, decodeJsonPush(read(join(folder, 'datasets', name)))), { status: 204 }, tenant)
}

const PATHS: Readonly<Record<Exclude<Case['endpoint'], 'label_values'>, string>> = {
  instant: '/loki/api/v1/query',
  range: '/loki/api/v1/query_range',
  log: '/loki/api/v1/query_range',
  labels: '/loki/api/v1/labels',
  series: '/loki/api/v1/series',
}

const PASSED_ON = ['query', 'time', 'start', 'end', 'step', 'interval', 'limit', 'direction'] as const

type Answer = { readonly status: number; readonly resultType: string; readonly result: unknown; readonly error: string }

const ask = (asked: Case): Answer => {
  const query = new URLSearchParams()
  for (const name of PASSED_ON) {
    const value = asked[name]
    if (typeof value === 'string' || typeof value === 'number') query.set(name, `${value}`)
  }
  for (const selector of asked.match ?? []) query.append('match[]', selector)
  const { endpoint, dataset, encodingFlags } = asked
  const path = endpoint === 'label_values' ? `/loki/api/v1/label/${asked.label ?? ''}/values` : PATHS[endpoint]
  const flags = typeof encodingFlags === 'string' ? encodingFlags : ''
  const answer = answerQuery(store, {
    path,
    query,
    tenant: dataset,
    nowNs: 1_795_180_000_000_000_000n,
    encodingFlags: flags,
  })
  if (answer.status !== 200) return { status: answer.status, resultType: '', result: null, error: answer.text }
  const { data = [] } = answer.json as { data?: unknown }
  if (Array.isArray(data)) return { status: 200, resultType: endpoint, result: data, error: '' }
  const { resultType, result } = data as { resultType: string; result: unknown }
  return { status: 200, resultType, result, error: '' }
}

/** Object keys sorted, numbers as texts. */
const normal = (value: unknown): unknown => {
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, normal(part)]),
  )
}

const labelsKey = (series: unknown): string => {
  if (typeof series === 'string') return series
  const { metric, stream } = series as { metric?: Json; stream?: Json }
  return JSON.stringify(normal(metric ?? stream ?? series))
}

type Point = readonly [time: string, value: string, ...rest: unknown[]]

const arranged = (result: unknown, asked: Case): unknown => {
  const plain = normal(result)
  if (!Array.isArray(plain) || asked.ordered === true || asked.expected.resultType === 'scalar') return plain
  const sorted = plain.sort((a, b) => (labelsKey(a) < labelsKey(b) ? -1 : 1))
  if (asked.tiesMaySwap !== true || asked.endpoint !== 'log') return sorted
  // Of the same time, in any order.
  const inOrder = (values: readonly Point[]): readonly Point[] =>
    [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return sorted.map((stream: { values: readonly Point[] }) => ({ ...stream, values: inOrder(stream.values) }))
}

const NUMBER = /^[-+]?(?:\d|Inf|NaN)/
const asNumber = (text: string): number => Number(text.replace('Inf', 'Infinity'))

/** Equal, floats within 1e-9 of each other. */
const same = (a: unknown, b: unknown): boolean => {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a === b) return true
    if (!NUMBER.test(a) || !NUMBER.test(b)) return false
    return Math.abs(asNumber(a) - asNumber(b)) <= 1e-9 * Math.max(Math.abs(asNumber(a)), Math.abs(asNumber(b)))
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((part, i) => same(part, b[i]))
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))]
  return left.length === right.size && left.every(([key, part]) => right.has(key) && same(part, right.get(key)))
}

/** With `tiesMaySwap`, neighbours of equal value may stand in any order. */
const byValue = (result: unknown): unknown =>
  Array.isArray(result)
    ? result
        .map((sample: { value: Point }) => sample)
        .sort((a, b) => asNumber(a.value[1]) - asNumber(b.value[1]) || (labelsKey(a) < labelsKey(b) ? -1 : 1))
    : result

const withoutSeries = (error: string): string =>
  error.replace(/for series: '.*?'\.\n/s, "for series: '{...}'.\n").trim()

/** What differs; null: nothing. */
const difference = (asked: Case): { readonly found: unknown; readonly wanted: unknown } | null => {
  const { expected } = asked
  const answer = ask(asked)
  if (answer.status !== expected.httpStatus) {
    const wanted = { status: expected.httpStatus, error: expected.error }
    return { found: { status: answer.status, error: answer.error }, wanted }
  }
  if (expected.status === 'error') {
    const found = withoutSeries(answer.error)
    const wanted = withoutSeries(expected.error ?? '')
    return found === wanted ? null : { found, wanted }
  }
  if (expected.resultType !== answer.resultType && !Array.isArray(expected.result)) {
    return { found: answer.resultType, wanted: expected.resultType }
  }
  const [found, wanted] = [arranged(answer.result, asked), arranged(expected.result, asked)]
  if (same(found, wanted)) return null
  const mayTie = asked.tiesMaySwap === true && asked.ordered === true
  return mayTie && same(byValue(found), byValue(wanted)) ? null : { found, wanted }
}

t.ok(existsSync(folder) && files.length > 0, `cases in ${folder}`)

let passed = 0
let total = 0
for (const file of files) {
  t.test(`answers as Loki: ${file}`, (t) => {
    for (const asked of JSON.parse(read(join(folder, file))) as readonly Case[]) {
      total += 1
      const query = typeof asked['query'] === 'string' ? asked['query'] : ''
      const different = difference(asked)
      if (different === null) passed += 1
      t.strictSame(different?.found, different?.wanted, `${asked.id} (${asked.title}) ${query}`)
    }
    t.end()
  })
}

t.test('has run every case', (t) => {
  t.comment(`${passed} of ${total} cases`)
  t.equal(passed, total)
  t.end()
})
