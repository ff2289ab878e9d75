import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { alertLine } from '../../src/demo/demo-screen.ts'
import type { Clock } from '../../src/clock.ts'
import { startLokiServer } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { Ruler, type AlertChange } from '../../src/demo/ruler.ts'
import { shippedRules } from '../../src/demo/shipped-rules.ts'
import type { Alert } from '../../src/rules/alert-state.ts'
import { StreamIndex } from '../../src/logql/store.ts'
import { demoEntries } from '../fixtures/demo-entries.ts'
import { handClock, type HandClock } from '../fixtures/clock.ts'

const RULES = `groups:
  - name: pods
    interval: 1m
    limit: 10
    rules:
      - alert: PodsCrash
        expr: sum by (pod) (count_over_time({app="shop"} |= "crash" [2m])) > 0
        for: 1m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.pod }} crashed {{ $value }} times"
      - record: app:lines:count2m
        expr: sum(count_over_time({app="shop"}[2m]))
        labels:
          team: a
`

type Json = Readonly<Record<string, unknown>>

const stage = async (
  t: Test,
): Promise<{
  clock: HandClock
  say: (line: string, pod: string) => void
  get: (path: string, headers?: Record<string, string>) => Promise<{ status: number; type: string; body: string }>
  data: (path: string) => Promise<Json>
  changes: string[]
}> => {
  const clock = handClock()
  const store = new LokiStore({ clock })
  const changes: string[] = []
  const changed = (alert: Alert, change: AlertChange): void => void changes.push(alertLine(alert, change))
  const ruler = new Ruler({
    sources: [{ file: 'some/folder/shop.yaml', text: RULES }],
    tenant: 'fake',
    entries: store.source('fake'),
    clock,
    facts: { externalLabels: {}, externalUrl: 'http://grafana' },
    changed,
  })
  const server = await startLokiServer({ store, clock, ruler })
  const stop = new AbortController()
  const running = ruler.run(stop.signal)
  t.teardown(async () => {
    stop.abort()
    await running
    await server.close()
  })
  const get = async (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; type: string; body: string }> => {
    const answer = await fetch(`${server.url}${path}`, { headers })
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', body: await answer.text() }
  }
  return {
    clock,
    get,
    changes,
    data: async (path) =>
      (await get(path)).body === '' ? {} : (JSON.parse((await get(path)).body) as { data: Json }).data,
    say: (line, pod) => {
      const timestampNs = BigInt(clock.now()) * 1_000_000n
      store.push('fake', [{ labels: `{app="shop", pod="${pod}"}`, entries: [{ timestampNs, line, metadata: [] }] }])
    },
  }
}

t.test('an alert is pending, fires, and is resolved, as the API and the screen tell', async (t) => {
  const { clock, say, data, changes } = await stage(t)
  t.match(await data('/prometheus/api/v1/rules'), {
    groups: [
      { name: 'pods', rules: [{ state: 'unknown', health: 'unknown', lastEvaluation: '0001-01-01T00:00:00Z' }, {}] },
    ],
  })
  say('crash of \u001b[31mred', 'a\u001b[31m')
  await clock.advance(5000)
  const labels = { alertname: 'PodsCrash', pod: 'a\u001b[31m', severity: 'warning' }
  const annotations = { summary: 'a\u001b[31m crashed 1 times' }
  const alert = { labels, annotations, state: 'pending', activeAt: '2026-11-23T22:00:05Z', value: '1e+00' }
  t.strictSame(await data('/prometheus/api/v1/alerts'), { alerts: [alert] })
  t.strictSame(changes, [])

  await clock.advance(60_000)
  t.strictSame(await data('/prometheus/api/v1/alerts'), { alerts: [{ ...alert, state: 'firing' }] })
  t.strictSame(changes, ['alert firing    warning   a [31m crashed 1 times\n'], 'without what would paint the terminal')

  await clock.advance(60_000)
  t.strictSame(await data('/prometheus/api/v1/alerts'), { alerts: [] })
  t.strictSame(changes.slice(1), ['alert resolved  warning   a [31m crashed 1 times\n'])
})

t.test('rules and their state have the JSON of Prometheus, and the YAML of the file', async (t) => {
  const { clock, say, data, get } = await stage(t)
  say('crash', 'b')
  await clock.advance(5000)
  const evaluated = { health: 'ok', lastError: '', lastEvaluation: '2026-11-23T22:00:05Z', evaluationTime: 0 }
  const alerting = {
    state: 'pending',
    name: 'PodsCrash',
    query: 'sum by (pod) (count_over_time({app="shop"} |= "crash" [2m])) > 0',
    duration: 60,
    labels: { severity: 'warning' },
    annotations: { summary: '{{ $labels.pod }} crashed {{ $value }} times' },
    type: 'alerting',
    ...evaluated,
  }
  const recording = {
    name: 'app:lines:count2m',
    query: 'sum(count_over_time({app="shop"}[2m]))',
    labels: { team: 'a' },
    type: 'recording',
    ...evaluated,
  }
  const group = { name: 'pods', file: 'shop.yaml', interval: 60, limit: 10, lastEvaluation: evaluated.lastEvaluation }
  t.match(await data('/prometheus/api/v1/rules'), { groups: [{ ...group, rules: [alerting, recording] }] })
  const names = async (query: string): Promise<unknown> => {
    const { groups } = (await data(`/prometheus/api/v1/rules?${query}`)) as { groups: { rules: { name: string }[] }[] }
    return groups.map(({ rules }) => rules.map(({ name }) => name))
  }
  t.strictSame(await names('type=record'), [['app:lines:count2m']])
  t.strictSame(await names('type=alert&rule_group=pods&file=shop.yaml'), [['PodsCrash']])
  t.strictSame(await names('rule_name=other'), [])
  t.match(await get('/prometheus/api/v1/rules?type=odd'), {
    status: 400,
    type: 'text/plain; charset=utf-8',
    body: '{"status":"error","data":null,"errorType":"bad_data","error":"not supported value \\"odd\\""}',
  })

  const written = await get('/loki/api/v1/rules')
  t.match(written, { status: 200, type: 'application/yaml' })
  const { groups } = parse(RULES) as { groups: unknown[] }
  t.strictSame(parse(written.body), { 'shop.yaml': groups })
  t.strictSame(parse((await get('/loki/api/v1/rules/shop.yaml')).body), { 'shop.yaml': groups })
  t.strictSame(parse((await get('/loki/api/v1/rules/shop.yaml/pods')).body), groups[0])
  t.match(await get('/loki/api/v1/rules/shop.yaml/none'), { status: 404, body: 'group does not exist\n' })
  t.match(await get('/loki/api/v1/rules/none'), { status: 404, body: 'no rule groups found\n' })
})

t.test('the shipped rules all run, and the incidents of the demo make them fire', async (t) => {
  const { entries: told, endMs } = await demoEntries(15)
  const entries = new StreamIndex()
  for (const entry of told) entries.add(entry.labels, [entry])
  const clock = handClock(endMs)
  const facts = { externalLabels: {}, externalUrl: '' }
  const ruler = new Ruler({ sources: shippedRules(), tenant: 'fake', entries, clock, facts })
  const stop = new AbortController()
  const running = ruler.run(stop.signal)
  await clock.advance(5000)
  stop.abort()
  await running
  const rules = ruler.groups('fake').flatMap((group) => group.rules)
  t.ok(rules.length > 40)
  for (const { rule, last, lastError } of rules) t.ok(last !== null && lastError === '', rule.name.text)
  const firing = new Set(
    rules.filter(({ alerts }) => alerts.some(({ state }) => state === 'firing')).map(({ rule }) => rule.name.text),
  )
  for (const name of ['ContainerCrashLooping', 'LivenessProbeKilling', 'ImagePullFailing', 'PodEvicted', 'SystemOOM']) {
    t.ok(firing.has(`KubeEvent${name}`), name)
  }
  t.strictSame(ruler.groups('other'), [], 'other tenants have no rules')
})

t.test(
  'an evaluation waits after each rule as long as the rule took, and all rules of a group look at one time',
  async (t) => {
    const stop = new AbortController()
    const waits: number[] = []
    let passedMs = 0
    const clock: Clock = {
      now: () => passedMs,
      monotonicMs: () => (passedMs += 7),
      sleep: (ms) => {
        waits.push(ms)
        if (ms >= 60_000) stop.abort()
        return Promise.resolve()
      },
    }
    const sources = [{ file: 'shop.yaml', text: RULES }]
    const facts = { externalLabels: {}, externalUrl: '' }
    const ruler = new Ruler({ sources, tenant: 'fake', entries: new StreamIndex(), clock, facts })
    await ruler.run(stop.signal)
    t.strictSame(waits, [5000, 7, 7, 60_000])
    const [group] = ruler.groups('fake')
    t.strictSame(group?.last, { atMs: 0, tookMs: 14 })
    t.strictSame(
      group?.rules.map(({ last }) => last?.atMs),
      [0, 0],
    )
  },
)
