import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { parseArgv } from '../../src/cli/argv.ts'
import type { ExitCode } from '../../src/cli/output.ts'
import { rulesDiff, rulesSync } from '../../src/cli/rules-sync.ts'
import { shippedRules } from '../../src/demo/shipped-rules.ts'
import type { MetricQuery } from '../../src/logql/ast.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { printQuery } from '../../src/logql/print.ts'
import { checkRules } from '../../src/rules/check-files.ts'
import { RulerClient } from '../../src/rules/ruler-client.ts'
import { demoEntries } from '../fixtures/demo-entries.ts'
import type { Difference } from '../fixtures/loki-answers.ts'
import { askReal, BothLokis, type LokiAccess, type PushedEntry } from './both-lokis.ts'
import { alertsOf, arrivedBy, scenes, shippedTests, type ExpectedAlert, type Scene } from './staged-tests.ts'

// The shipped rules and queries in a real Loki, and its alerts in a real Alertmanager, both given from outside:
//   LOKI_URL          such as http://127.0.0.1:3100; docs/rules.md says how it must be configured
//   ALERTMANAGER_URL  optional: the one that this ruler sends to, such as http://127.0.0.1:9093
//   LOKI_TENANT       optional: X-Scope-OrgID

const { LOKI_URL = '', ALERTMANAGER_URL = '', LOKI_TENANT = '' } = process.env
const access: LokiAccess = { url: LOKI_URL.replace(/\/$/, ''), tenant: LOKI_TENANT }
const given = { skip: LOKI_URL === '' ? 'set LOKI_URL' : false, timeout: 600_000 }
const run = `run${Date.now()}`

const CASES_PER_PUSH = 50
const WAIT_MS = 240_000
const PAUSE_MS = 2000

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))

/** Loki finds what was older when it was pushed only after it has written it out, a minute later. */
const OLD_NS = 7_200_000_000_000n

/** A time that is over, so that what is pushed for it is never from the future. */
const nowMs = Math.floor(Date.now() / 1000) * 1000 - 1000
const nowNs = `${nowMs}000000`

/** The jobs have other names, so that no ruler takes what is pushed for its own. */
const ownJob = (expr: string, matcher: string): string =>
  expr.replaceAll(/job="(kubernetes-events|eventail)"/g, `job="$1-${run}"${matcher}`)

type Asked = { readonly what: string; readonly expr: string; readonly entries: readonly PushedEntry[] }

/** Every expectation of the unit tests, each with entries of its own. */
const expectations = (): readonly Asked[] =>
  shippedTests().flatMap((prepared) => {
    const alertsAsked = prepared.test.alertCases.flatMap(({ alert, evalMs }) =>
      (prepared.alerts.get(alert.text) ?? []).map(({ query }) => ({ query, evalMs })),
    )
    const others = prepared.expressions.map(({ of, query }) => ({ query, evalMs: of.evalMs }))
    return [...alertsAsked, ...others].map(({ query, evalMs }, i) => asked(query, { prepared, evalMs, i }))
  })

let cases = 0

const asked = (
  query: MetricQuery,
  { prepared, evalMs, i }: { prepared: Scene['prepared']; evalMs: number; i: number },
): Asked => {
  cases += 1
  const name = `${cases}`
  const entries = arrivedBy(prepared, {
    atMs: evalMs,
    nowMs,
    labels: (of) => ({ ...of, job: `${of['job'] ?? ''}-${run}`, case: name }),
  })
  const what = `${prepared.test.name.text}, expectation ${i + 1}`
  return { what, expr: ownJob(printQuery(query), `, case="${name}"`), entries }
}

t.test('each expectation of the unit tests: the expression has the same answer in both Lokis', given, async (t) => {
  const lokis = new BothLokis(access)
  const all = expectations()
  for (let from = 0; from < all.length; from += CASES_PER_PUSH) {
    await lokis.push(all.slice(from, from + CASES_PER_PUSH).flatMap(({ entries }) => entries))
  }
  t.ok(all.length > 400, `${all.length} expectations`)
  for (const { what, expr, entries } of all) {
    const ask = (): Promise<Difference | null> =>
      lokis.difference('/loki/api/v1/query', { query: expr, time: nowNs }, { endpoint: 'instant' })
    const isOld = entries.some(({ entry }) => entry.timestampNs < BigInt(nowNs) - OLD_NS)
    let different = await ask()
    for (const end = Date.now() + WAIT_MS; isOld && different !== null && Date.now() < end; different = await ask()) {
      await pause()
    }
    t.strictSame(different?.found, different?.wanted, `${what}: ${expr}`)
  }
})

const COOKBOOK = fileURLToPath(new URL('../../docs/logql.md', import.meta.url))
const PLAYED_MINUTES = 16
const HOUR_NS = 3_600_000_000_000n

t.test('each query of docs/logql.md has the same answer in both Lokis', given, async (t) => {
  const lokis = new BothLokis(access)
  const { entries, endMs } = await demoEntries(PLAYED_MINUTES)
  const moved = BigInt(nowMs - Math.ceil(endMs / 1000) * 1000) * 1_000_000n
  await lokis.push(
    entries.map((entry) => ({
      labels: { ...entry.labels, job: `${entry.labels['job'] ?? ''}-${run}`, case: 'cookbook' },
      entry: { ...entry, timestampNs: entry.timestampNs + moved },
    })),
  )
  const queries = [...readFileSync(COOKBOOK, 'utf8').matchAll(/```logql\n([^`]+)\n```/g)].map(([, query = '']) => query)
  t.equal(queries.length, 30)
  for (const text of queries) {
    const query = ownJob(text, ', case="cookbook"')
    const parsed = parseQuery(query)
    const isLog = parsed.kind === 'ok' && parsed.query.kind === 'log'
    const window = { start: `${BigInt(nowNs) - HOUR_NS}`, end: nowNs, limit: '5000' }
    const different = isLog
      ? await lokis.difference('/loki/api/v1/query_range', { query, ...window }, { endpoint: 'log', tiesMaySwap: true })
      : await lokis.difference('/loki/api/v1/query', { query, time: nowNs }, { endpoint: 'instant', tiesMaySwap: true })
    t.strictSame(different?.found, different?.wanted, query)
  }
})

/** Runs `rules sync` or `rules diff` with the shipped rules. */
const rules = async (command: 'sync' | 'diff', namespace: string): Promise<{ code: ExitCode; said: string }> => {
  let said = ''
  const say = (text: string): void => void (said += text)
  const tenant = LOKI_TENANT === '' ? [] : [`-tenant=${LOKI_TENANT}`]
  const flags = [`-url=${access.url}`, `-namespace=${namespace}`, ...tenant, 'rules']
  const parsed = parseArgv(['rules', command, ...flags])
  if (parsed.command === 'rules sync') return { code: await rulesSync(parsed, { out: say, err: say }), said }
  if (parsed.command === 'rules diff') return { code: await rulesDiff(parsed, { out: say, err: say }), said }
  throw new Error(parsed.command)
}

const withoutRules = async (namespace: string): Promise<void> => {
  const { url, tenant } = access
  const client = new RulerClient(
    { url: new URL(url), tenant, authorization: '', secrets: [], userAgent: 'eventail' },
    namespace,
  )
  const { files } = checkRules(shippedRules(), 'generic')
  for (const { name } of files.flatMap(({ groups }) => groups)) await client.remove(name.text)
}

type Alert = {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state?: unknown
}

const rulerAlerts = async (): Promise<readonly Alert[]> => {
  const { text } = await askReal(access, '/prometheus/api/v1/alerts')
  return (JSON.parse(text) as { readonly data: { readonly alerts: readonly Alert[] } }).data.alerts
}

const sentAlerts = async (): Promise<readonly Alert[]> => {
  const answer = await request(`${ALERTMANAGER_URL.replace(/\/$/, '')}/api/v2/alerts`)
  return (await answer.body.json()) as readonly Alert[]
}

const sortedText = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Values go on changing while windows move, and the ruler knows its own address of Grafana. */
const lasting = (annotation: string): string =>
  annotation.replace(/\d+(?:\.\d+)?/g, 'N').replace(/\S*\/explore\?/, '/explore?')

/** Waits until every expected alert is among those read. @returns those that are missing, and those found. */
const awaited = async (
  expected: readonly ExpectedAlert[],
  read: () => Promise<readonly Alert[]>,
): Promise<{ missing: readonly string[]; found: ReadonlyMap<string, Alert> }> => {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const found = new Map((await read()).map((alert) => [sortedText(alert.labels), alert]))
    const missing = expected.map(({ labels }) => sortedText(labels)).filter((text) => !found.has(text))
    if (missing.length === 0 || Date.now() > end) return { missing, found }
    await pause()
  }
}

const haveTexts = (t: Test, expected: readonly ExpectedAlert[], found: ReadonlyMap<string, Alert>): void => {
  for (const { labels, annotations } of expected) {
    const alert = found.get(sortedText(labels))
    for (const [name, text] of Object.entries(annotations)) {
      t.equal(lasting(alert?.annotations[name] ?? ''), lasting(text), `${name} of ${labels['alertname'] ?? ''}`)
    }
  }
}

t.test('the shipped rules load in the ruler, and each alert that events can make fires', given, async (t) => {
  const namespace = `eventail-${run}`
  t.teardown(() => withoutRules(namespace))
  const synced = await rules('sync', namespace)
  t.equal(synced.code, 0, synced.said)
  t.match(await rules('diff', namespace), { code: 0, said: '' }, 'the ruler gives back what it was given')

  // That no heartbeat is there cannot be shown while other alerts are made of heartbeats.
  const acted = scenes(shippedTests()).filter(({ alert }) => alert !== 'KubeEventsHeartbeatAbsent')
  const shipped = checkRules(shippedRules(), 'generic').files.flatMap(({ groups }) => groups.flatMap((g) => g.rules))
  t.equal(acted.length, shipped.filter(({ kind }) => kind === 'alert').length - 1, 'a scene for each alert')

  const lokis = new BothLokis(access)
  const startMs = Math.floor(Date.now() / 1000) * 1000
  await lokis.push(
    acted.flatMap((scene) => arrivedBy(scene.prepared, { atMs: scene.atMs, nowMs: startMs, labels: placed(scene) })),
  )
  const expected = acted.flatMap((scene) => alertsOf(scene, placed(scene)))
  const { missing, found } = await awaited(expected, rulerAlerts)
  t.strictSame(missing, [], 'in the ruler')
  haveTexts(t, expected, found)

  await t.test(
    'and is in Alertmanager',
    { skip: ALERTMANAGER_URL === '' ? 'set ALERTMANAGER_URL' : false },
    async (t) => {
      const atOnce = expected.filter(({ forMs }) => forMs === 0)
      t.ok(atOnce.length > 30, `${atOnce.length} alerts without a delay`)
      const sent = await awaited(atOnce, sentAlerts)
      t.strictSame(sent.missing, [])
      haveTexts(t, atOnce, sent.found)
    },
  )
})

const placed =
  ({ alert }: Scene) =>
  (of: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
    ...of,
    cluster: `${run}-${alert}-${of['cluster'] ?? ''}`,
  })
