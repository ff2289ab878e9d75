import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { answerQuery } from '../../src/demo/loki-query.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { decodeJsonPush } from '../../src/demo/push-json.ts'
import { answerDifference, successfulAnswer, type Difference, type LokiAnswer } from '../fixtures/loki-answers.ts'

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

const ask = (asked: Case): LokiAnswer => {
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
  return successfulAnswer(answer.json)
}

/** As the cases call what Loki gives no type. */
const LISTS: ReadonlySet<string> = new Set(['labels', 'series'])

/** What differs; null: nothing. */
const difference = (asked: Case): Difference | null => {
  const { httpStatus, resultType = '', result = null, error = '' } = asked.expected
  const wanted = { status: httpStatus, resultType: LISTS.has(resultType) ? '' : resultType, result, error }
  return answerDifference(ask(asked), wanted, asked)
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
