import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import t, { type Test as Tap } from 'tap'
import { parseArgv } from '../../src/cli/argv.ts'
import { verify, type VerifyFlags } from '../../src/cli/verify.ts'
import type { Clock } from '../../src/clock.ts'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/config.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { type LokiServerOptions, startLokiServer } from '../../src/demo/loki-server.ts'
import { createConverter } from '../../src/entry/convert.ts'
import type { Entry } from '../../src/entry/entry.ts'
import { decodeEvent } from '../../src/kube/decode-event.ts'
import { createStreamResolver } from '../../src/loki/stream-labels.ts'
import { revisionOfLine } from '../../src/verify/revision-of-line.ts'
import { startAgentProcess } from '../fixtures/agent-process.ts'
import { type Script, startScriptedServer, status } from '../fixtures/api-server.ts'

const MINUTE_MS = 60_000

const event = (name: string, message = 'm', ageMs = 0): Parameters<EventStore['create']>[0] => {
  const at = new Date(Date.now() - ageMs).toISOString().replace(/\.\d+/, '')
  return {
    metadata: { name, namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'p', apiVersion: 'v1' },
    reason: 'BackOff',
    message,
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    type: 'Warning',
  }
}

type World = {
  /** Has `eventail.yaml`. */
  readonly folder: string
  readonly store: EventStore
  /** Sends what a configuration makes of the events stored now, changed on the way. */
  readonly ship: (change?: (entry: Entry, name: string) => readonly Entry[]) => void
  readonly script: (script: Script) => void
  readonly configure: (changes: {
    readonly events?: string
    readonly client?: string
    readonly labels?: string
  }) => void
  readonly run: (
    flags?: Partial<VerifyFlags>,
  ) => Promise<{ code: number; out: string; err: string; slept: readonly number[] }>
}

type Surroundings = Partial<Pick<LokiServerOptions, 'auth'>> & {
  readonly pushPath?: string
  readonly lookAgain?: () => void
}

const world = async (
  t: Tap,
  { auth = false, pushPath = '/loki/api/v1/push', lookAgain }: Surroundings = {},
): Promise<World> => {
  const store = new EventStore()
  const api = await startScriptedServer({ store, clock: systemClock, pageItems: 3 })
  const entries = new LokiStore({ limits: { rateBytes: null } })
  const loki = await startLokiServer({ store: entries, auth })
  t.teardown(async () => {
    await api.close()
    await loki.close()
  })
  const folder = t.testdir()
  const file = join(folder, 'eventail.yaml')
  const kubeconfig = join(folder, 'kubeconfig.yaml')
  writeFileSync(
    kubeconfig,
    `{clusters: [{name: c, cluster: {server: "${api.url}"}}], users: [{name: u, user: {token: t}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  const configure: World['configure'] = ({ events = '', client = '', labels = 'cluster: c' }) => {
    writeFileSync(
      file,
      `clients: [{name: main, url: "${loki.url}${pushPath}", external_labels: {${labels}}${client}}]
scrape_configs: [{job_name: events, kubernetes_events: {kubeconfig: ${JSON.stringify(kubeconfig)}${events}}}]\n`,
    )
  }
  configure({})
  const load: VerifyFlags['load'] = { files: file, expandEnv: false, overlay: {} }
  const config = (): Config => {
    const loaded = loadConfig({ ...load, environment: {} })
    if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors))
    return loaded.config
  }
  return {
    folder,
    store,
    configure,
    script: api.script,
    ship: (change = (entry) => [entry]) => {
      const { clients, scrapeConfigs } = config()
      const [client, job] = [clients[0]!, scrapeConfigs[0]!]
      const resolve = createStreamResolver(client)
      const converter = createConverter(job.entry)
      const listed = store.list({ limit: 10_000 })
      if (listed.kind !== 'ok') throw new Error('not listed')
      const { items } = JSON.parse(listed.body) as { readonly items: readonly unknown[] }
      for (const item of items) {
        const decoded = decodeEvent(item)
        if (decoded.kind === 'invalid') throw new Error(decoded.why)
        for (const entry of change(converter.toEntry(decoded.event), decoded.event.name)) {
          const resolved = resolve(entry.labels)
          if (resolved.kind === 'refused') throw new Error(resolved.reason)
          const answer = entries.push(auth ? resolved.stream.tenant : 'fake', [
            { labels: resolved.stream.labels, entries: [entry] },
          ])
          t.equal(answer.status, 204, answer.text)
        }
      }
    },
    run: async (flags = {}) => {
      const slept: number[] = []
      const text = { out: '', err: '' }
      const sleep: Clock['sleep'] = (ms, signal) => {
        if (ms > 10_000) return systemClock.sleep(ms, signal)
        slept.push(ms)
        if (ms === 5000) lookAgain?.()
        return Promise.resolve()
      }
      const code = await verify(
        { load, sinceMs: 30 * MINUTE_MS, format: 'table', ...flags },
        {
          clock: { ...systemClock, sleep },
          environment: {},
          output: { out: (more) => (text.out += more), err: (more) => (text.err += more) },
          stop: new AbortController().signal,
        },
      )
      return { code, ...text, slept }
    },
  }
}

/** READABLE FOUND MISSING DOUBLED DIFFERING EXTRA */
const figures = (out: string): readonly number[] =>
  (out.split('\n').find((line) => line.startsWith('events')) ?? '').split(/\s+/).slice(2).map(Number)

t.test('all is well when every revision is there once, in every format', async (t) => {
  for (const format of ['logfmt', 'json', 'exporter', 'alloy', 'agent']) {
    const { store, ship, run, configure } = await world(t)
    configure({ events: `, format: ${format}, labels: {team: a}` })
    for (let n = 0; n < 10; n += 1) store.create(event(`e-${n}`, `message ${n} uid=x rv=1 "quoted" \\`))
    store.create(event('old', 'outside of the window', 31 * MINUTE_MS))
    ship()
    const { code, out, slept } = await run()
    t.strictSame(figures(out), [10, 10, 0, 0, 0, 0], format)
    t.equal(out.trimEnd().split('\n').length, 2)
    t.equal(code, 0)
    t.strictSame(slept, [], 'nothing had to be looked for again')
  }
})

t.test('what is missing, doubled, differing or extra is told one by one', async (t) => {
  const { store, ship, run } = await world(t)
  for (const name of ['missing', 'doubled', 'relabelled', 'redated', 'reworded', 'repeated', 'well', 'expired'])
    store.create(event(name, name))
  ship((entry, name) => {
    switch (name) {
      case 'missing':
        return []
      case 'doubled':
        return [entry, { ...entry, line: `${entry.line} more=1` }]
      case 'relabelled':
        return [{ ...entry, labels: { ...entry.labels, kind: 'overflow' } }]
      case 'redated':
        return [{ ...entry, timestampNs: entry.timestampNs + 1n }]
      case 'reworded':
        return [{ ...entry, line: entry.line.replace('level=warn', 'level=warning') }]
      case 'repeated':
        return [entry, entry]
      default:
        return [entry]
    }
  })
  store.remove(['shop/expired'])
  const { code, out, slept } = await run()
  t.equal(code, 1)
  t.strictSame(figures(out), [7, 2, 1, 1, 3, 1])
  t.match(out, /^missing {2}\d{4}-\S+Z {2}\S+\/\d+ {2}Pod shop\/web-0 BackOff$/m)
  t.match(out, /^doubled .* \(2 times, other line\)$/m)
  for (const what of ['stream', 'timestamp', 'line'])
    t.match(out, new RegExp(`^differing .* \\(other ${what}\\)$`, 'm'))
  t.strictSame(slept, [5000], 'the missing one was looked for again')
  const json = JSON.parse((await run({ format: 'json' })).out) as Record<string, never>
  t.match(json, {
    complete: false,
    from: /Z$/,
    results: [
      {
        job: 'events',
        client: 'main',
        readable: 7,
        found: 2,
        missing: 1,
        doubled: 1,
        differing: 3,
        extra: 1,
        findings: {
          missing: [{ about: 'Pod shop/web-0 BackOff', times: 0 }],
          doubled: [{ times: 2, differs: 'line' }],
        },
      },
    ],
  })
})

t.test('differing alone is no failure: the configuration was another one', async (t) => {
  const { store, ship, run, configure } = await world(t)
  for (let n = 0; n < 3; n += 1) store.create(event(`e-${n}`, `${n}`))
  ship()
  configure({ events: ', format: json' })
  const { code, out } = await run()
  t.strictSame(figures(out), [3, 0, 0, 0, 3, 0])
  t.equal(code, 0)
})

t.test('what is still on its way is not missing', async (t) => {
  let arrive = (): void => undefined
  const { store, ship, run } = await world(t, {
    lookAgain: () => {
      arrive()
    },
  })
  store.create(event('e-0'))
  arrive = () => {
    ship()
  }
  const { code, out } = await run()
  t.strictSame(figures(out), [1, 1, 0, 0, 0, 0])
  t.equal(code, 0)
})

t.test(
  'it reads as the tenant it pushes as, and an external label that events have does not narrow the search',
  async (t) => {
    const { store, ship, run, configure } = await world(t, { auth: true })
    configure({ client: ', tenant_id: team-a', labels: 'cluster: c, namespace: none, odd: "a\\"b\\\\c"' })
    store.create(event('e-0'))
    ship()
    t.equal((await run()).code, 0)
    configure({ client: ', tenant_id: team-b', labels: 'cluster: c' })
    t.strictSame(figures((await run()).out), [1, 0, 1, 0, 0, 0])
    configure({ events: ', labels: {__tenant_id__: team-c}' })
    ship()
    t.equal((await run()).code, 0)
    configure({})
    const { code, out } = await run()
    t.equal(code, 1)
    t.match(out, /^events {2}main {4}\? /m)
    t.match(out, /^events, main: Loki: Loki answered 401: no org id$/m)
  },
)

t.test('the list is read over pages, failures and an expired token', async (t) => {
  const { store, ship, run, script } = await world(t)
  for (let n = 0; n < 10; n += 1) store.create(event(`e-${n}`, `${n}`))
  ship()
  script(({ verb, nth }) => {
    if (verb !== 'page') return null
    if (nth === 2) return status(410, 'Expired', { continueToken: 'never used' })
    if (nth === 4) return status(503, 'ServiceUnavailable')
    if (nth === 5) return status(401, 'Unauthorized')
    return null
  })
  const { code, out } = await run()
  t.strictSame(figures(out), [10, 10, 0, 0, 0, 0])
  t.equal(code, 0)
  script(() => status(403, 'Forbidden', { message: 'events is forbidden' }))
  const denied = await run()
  t.equal(denied.code, 1)
  t.match(denied.out, /events, main: the API server: HTTP 403: Forbidden: events is forbidden/)
  script(() => status(500, 'InternalError'))
  t.match((await run()).out, /the API server: HTTP 500/)
  script(() => ({ kind: 'answer', status: 200, body: '{"items":1}' }))
  t.match((await run()).out, /the API server: not an event list/)
})

t.test('only the namespaces and selectors of the scrape config are compared', async (t) => {
  const { store, ship, run, configure } = await world(t)
  store.create(event('e-0'))
  ship()
  store.create({ ...event('e-1'), type: 'Normal' })
  store.create({ ...event('e-2'), metadata: { name: 'e-2', namespace: 'web' } })
  configure({ events: ', namespaces: [shop], field_selector: type=Warning' })
  t.strictSame(figures((await run()).out), [1, 1, 0, 0, 0, 0])
})

t.test('text of events reaches a terminal without control characters', async (t) => {
  const { store, run } = await world(t)
  store.create({ ...event('e-0'), reason: '\u001b[2J\nmissing  spoofed' })
  const { out } = await run()
  t.match(out, /^missing .* Pod shop\/web-0 {2}\[2J missing {2}spoofed$/m)
  t.notMatch(out, /\u001b/)
})

t.test('a configuration that is not valid ends it with 2, a cluster that is not there with 1', async (t) => {
  const { run, configure } = await world(t)
  configure({ client: ', urll: x' })
  const invalid = await run()
  t.equal(invalid.code, 2)
  t.match(invalid.err, /did you mean `url`/)
  configure({ events: ', context: nowhere' })
  const missing = await run()
  t.equal(missing.code, 1)
  t.match(missing.err, /nowhere/)
  const odd = await world(t, { pushPath: '/push' })
  odd.store.create(event('e-0'))
  t.match((await odd.run()).out, /where to ask is not known/)
})

t.test('the command line asks for it, and says what it needs', (t) => {
  const asked = parseArgv(['verify', '-config.file=e.yaml', '--since=2h', '-o', 'json'])
  t.match(asked, { command: 'verify', load: { files: 'e.yaml' }, sinceMs: 7_200_000, format: 'json' })
  t.match(parseArgv(['verify', '-config.file', 'e.yaml']), { sinceMs: 3_600_000, format: 'table' })
  for (const [words, message] of [
    [['verify'], /set -config\.file/],
    [['verify', '-config.file=e.yaml', '-since=0'], /a duration such as 1h for -since/],
    [['verify', '-config.file=e.yaml', '-since=5'], /a duration such as 1h for -since/],
    [['verify', '-config.file=e.yaml', '-o=xml'], /table or json for -o/],
    [['run', '-config.file=e.yaml', '-since=1h'], /unknown option/],
  ] as const) {
    t.match(parseArgv(words), { command: 'usage-error', message })
  }
  t.end()
})

t.test('as a process it writes the table to stdout and ends with its exit code', async (t) => {
  const { store, ship, folder } = await world(t)
  store.create(event('e-0'))
  ship()
  const args = ['verify', '-config.file=eventail.yaml', '-since=30m']
  const well = startAgentProcess({ args, cwd: folder })
  t.equal(await well.ended, 0)
  t.strictSame(figures(well.stdout()), [1, 1, 0, 0, 0, 0])
  t.equal(well.stderr(), '')
})

t.test('a line tells its revision, whatever else was written into it', (t) => {
  const id = { uid: 'u-1', resourceVersion: '7' }
  for (const [line, expected] of [
    ['level=info msg="uid=x rv=1 \\" uid=y" uid=u-1 rv=7', id],
    ['level=info uid=u-1 rv=7 annotations_a="b" uid=other rv=8', id],
    ['level=info uid=u-1', null],
    ['level=info broken"quote uid=u-1 rv=7', null],
    ['{"msg":"m","uid":"u-1","rv":"7"}', id],
    ['{"metadata":{"uid":"u-1","resourceVersion":"7"}}', id],
    ['{"metadata":null}', null],
    ['{"uid":1,"rv":7}', null],
    ['{broken', null],
    ['', null],
  ] as const) {
    t.strictSame(revisionOfLine(line), expected, line)
  }
  t.end()
})

t.test('what throttle kept back is not missed, nor what a rule may have made of something looked up', async (t) => {
  const { store, ship, configure, run } = await world(t)
  configure({ events: ', throttle: {lines: 1}' })
  for (const [name, count] of [
    ['once', 1],
    ['often', 3],
    ['doubled', 4],
  ] as const) {
    store.create({ ...event(name), count })
  }
  ship((entry, name) => {
    if (name === 'often') return []
    return [name === 'doubled' ? { ...entry, line: entry.line + ' suppressed=2' } : entry]
  })
  t.match(await run(), { code: 0, out: /events +main +2 +2 +0 +0 +0 +0/ })

  configure({ events: ', throttle: {namespace_lines: 1}' })
  t.match(
    await run(),
    { code: 0, out: /main +2 +1 +0 +0 +1/ },
    'by namespace: what is not there may have been kept back',
  )

  const rule = '{source_labels: [__meta_kubernetes_namespace_label_team], target_label: team}'
  configure({ events: `, enrich: {namespace_labels: [team]}}, relabel_configs: [${rule}], encoding: {` })
  t.match(await run(), { code: 0, out: /main +2 +1 +0 +0 +1/ }, 'neither missing, nor of another stream')
  configure({ events: ', enrich: {namespace_labels: [team]}' })
  t.match(await run(), { code: 1, out: /main +3 +1 +1 +0 +1/ }, 'where no rule uses it, all is as ever')

  configure({ events: ', throttle: {lines: 1}' })
  store.create({ ...event('alone'), reason: 'Killing' })
  t.match(await run(), { code: 0, out: /main +2 +2 +0 +0 +0/ }, 'what used up its lines may have expired')
  const old = new Date(Date.now() - 1_500_000).toISOString().replace(/\.\d+/, '')
  store.create({
    ...event('older', 'm', 1_500_000),
    reason: 'Pulled',
    metadata: { name: 'older', namespace: 'shop', creationTimestamp: old },
  })
  ship((entry, name) => (name === 'older' ? [entry] : []))
  t.match(await run(), { code: 1, out: /main +4 +3 +1 +0 +0/ }, 'what no limit can have kept back is missed')
})
