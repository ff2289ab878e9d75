import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { DASHBOARDS } from '../dashboards/all.ts'
import { printed } from '../dashboards/layout.ts'
import { MEANINGS } from '../dashboards/meanings.ts'
import { dashboardByOwner } from '../src/dashboards/by-owner.ts'
import type { Json } from '../src/dashboards/json.ts'
import { dashboardFindings } from '../src/dashboards/check-dashboard.ts'
import { modelOf } from '../src/dashboards/model.ts'
import { rewritten } from '../src/dashboards/without-metadata.ts'
import type { Entry } from '../src/entry/entry.ts'
import type { LogQuery } from '../src/logql/ast.ts'
import { evaluateInstant } from '../src/logql/evaluate.ts'
import { parseQuery } from '../src/logql/parse.ts'
import { printStage } from '../src/logql/print-stage.ts'
import { StreamIndex } from '../src/logql/store.ts'
import { checkRules } from '../src/rules/check-files.ts'
import { logsOf, matchersOn } from '../src/rules/query-parts.ts'
import { readSources } from '../src/rules/read-sources.ts'
import {
  bars,
  countOf,
  type Fact,
  factsOf,
  fieldOf,
  groups,
  newest,
  number,
  top,
  type Truth,
  ownerOf,
} from './fixtures/counted-truth.ts'
import { defaultEntries, demoEntries } from './fixtures/demo-entries.ts'
import { INCIDENTS, INCIDENTS_END_MS, type RawEvent } from './fixtures/incident-events.ts'
import { answerOf, type Choice, sent, type Window } from './fixtures/panel-answers.ts'

const FOLDER = resolve(import.meta.dirname, '../dashboards')
const fileText = (name: string): string => readFileSync(resolve(FOLDER, name), 'utf8')

t.test('dashboards/*.json are what dashboards/*.ts make, and nothing is wrong with them or their variant', (t) => {
  t.strictSame(
    readdirSync(FOLDER).filter((name) => name.endsWith('.json')),
    Object.keys(DASHBOARDS).sort(),
  )
  for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
    t.equal(fileText(name), printed(dashboard()), `${name}: npm run dashboards`)
    t.strictSame(dashboardFindings(fileText(name), 'eventail'), [], name)
    t.strictSame(
      dashboardFindings(JSON.stringify(rewritten(JSON.parse(fileText(name)))), 'eventail'),
      [],
      `${name}, variant`,
    )
  }
  t.end()
})

/** What a run of the agent left in Loki, and what is known of it without asking Loki. */
type World = {
  readonly index: StreamIndex
  readonly facts: readonly Fact[]
  readonly window: Window
  readonly ages: readonly number[]
}

const HOUR_MS = 3_600_000

const worldOf = (
  events: readonly RawEvent[],
  others: readonly Entry[],
  endMs: number,
  toEntry: (json: unknown) => Entry,
): World => {
  const index = new StreamIndex()
  for (const entry of [...events.map(toEntry), ...others]) index.add(entry.labels, [entry])
  const ages = others.map(({ line }) => Number(/position_age=(\S+)/.exec(line)?.[1]))
  return {
    index,
    facts: factsOf(events, toEntry),
    window: { startMs: endMs - 2 * HOUR_MS, endMs, stepSeconds: 120 },
    ages,
  }
}

const isHeartbeat = ({ labels }: Entry): boolean => labels['job'] === 'eventail'

const played = demoEntries(16)

const recorded = async (toEntry = defaultEntries()): Promise<World> => {
  const { entries, events, endMs } = await played
  return worldOf(events as unknown as readonly RawEvent[], entries.filter(isHeartbeat), endMs, toEntry)
}

const incidents = (toEntry = defaultEntries()): World =>
  worldOf(
    INCIDENTS.map(({ event }) => event),
    [],
    INCIDENTS_END_MS,
    toEntry,
  )

/** What a stat is about, by the event alone; INCIDENTS were sorted by hand, and are held to this, too. */
const MEANS: Readonly<Record<string, (event: RawEvent) => boolean>> = {
  'Crash loops': ({ reason, message, involvedObject }) =>
    reason === 'BackOff' && message.startsWith('Back-off restarting failed container') && involvedObject.kind === 'Pod',
  'Image pulls': ({ reason, message }) =>
    (reason === 'BackOff' && message.startsWith('Back-off pulling image')) ||
    (reason === 'Failed' &&
      /^(?:Failed to pull image|Error: (?:ErrImagePull|ImagePullBackOff|ImageInspectError|InvalidImageName))/.test(
        message,
      )) ||
    reason === 'ErrImageNeverPull' ||
    reason === 'InspectFailed',
  'Start failures': ({ reason, message, involvedObject }) =>
    (reason === 'Failed' && /^Error: (?!Err|Image|Invalid)/.test(message) && involvedObject.kind === 'Pod') ||
    reason === 'FailedPostStartHook' ||
    reason === 'FailedCreatePodContainer',
  'Pod sandboxes': ({ reason }) => reason === 'FailedCreatePodSandBox',
  'Liveness fails': ({ reason, message }) => reason === 'Unhealthy' && message.startsWith('Liveness'),
  'Startup fails': ({ reason, message }) => reason === 'Unhealthy' && message.startsWith('Startup'),
  'Readiness fails': ({ reason, message }) => reason === 'Unhealthy' && message.startsWith('Readiness'),
  'Killed by probe': ({ reason, message }) => reason === 'Killing' && message.includes(' probe, will be restarted'),
  Unschedulable: ({ reason, message }) => reason === 'FailedScheduling' && !message.startsWith('skip schedule'),
  Evicted: ({ reason, message, involvedObject }) =>
    reason.includes('Evict') && involvedObject.kind === 'Pod' && !/^(?:Cancelling|Evicted pod)/.test(message),
  Preempted: ({ reason }) => reason === 'Preempted' || reason === 'Preempting',
  Volumes: ({ reason }) =>
    [
      'FailedMount',
      'FailedMapVolume',
      'FailedAttachVolume',
      'ProvisioningFailed',
      'FailedBinding',
      'VolumeResizeFailed',
    ].includes(reason),
  'Quota exceeded': ({ reason, message }) => reason === 'FailedCreate' && message.includes('exceeded quota'),
  'Pods forbidden': ({ reason, message }) =>
    reason === 'FailedCreate' && /PodSecurity|webhook|forbidden: (?!exceeded)/.test(message),
  'Jobs failed': ({ reason }) => reason === 'BackoffLimitExceeded' || reason === 'DeadlineExceeded',
  'Pod autoscaling': ({ involvedObject, type }) =>
    involvedObject.kind === 'HorizontalPodAutoscaler' && type === 'Warning',
  'Nodes not ready': ({ reason, involvedObject }) => reason === 'NodeNotReady' && involvedObject.kind === 'Node',
  'Node pressure': ({ reason }) => /^NodeHasDiskPressure$|^NodeHasInsufficient|^EvictionThresholdMet$/.test(reason),
  'OOM kills': ({ reason }) => reason === 'SystemOOM' || reason === 'OOMKilling',
  'Node problems': ({ reason }) => ['TaskHung', 'KernelOops', 'DockerHung', 'FilesystemIsReadOnly'].includes(reason),
  'Nodes rebooted': ({ reason }) => reason === 'Rebooted',
  'Load balancers': ({ reason }) => reason === 'SyncLoadBalancerFailed',
  'CronJob misses': ({ reason }) => reason === 'MissSchedule',
  Certificates: ({ involvedObject, type }) => involvedObject.kind === 'Certificate' && type === 'Warning',
}

t.test('what each event counts for was sorted by hand as the event itself tells', (t) => {
  t.strictSame(
    Object.keys(MEANS),
    MEANINGS.map(({ title }) => title),
  )
  for (const { event, counts } of INCIDENTS) {
    t.strictSame(
      Object.keys(MEANS).filter((title) => MEANS[title]?.(event)),
      counts,
      `${event.reason}: ${event.message}`,
    )
  }
  t.strictSame(
    new Set(INCIDENTS.flatMap(({ counts }) => counts)),
    new Set(Object.keys(MEANS)),
    'each stat counts one at least',
  )
  t.ok(INCIDENTS.filter(({ counts }) => counts.length === 0).length > 25, 'and leaves out what looks alike')
  t.end()
})

type Is = (fact: Fact) => boolean

const among = (choice: Choice, name: string, value: string): boolean => {
  const chosen = choice[name]
  return chosen === undefined || (typeof chosen === 'string' ? value.startsWith(chosen) : chosen.includes(value))
}

/** What the variables leave, by name. */
const chosen =
  (choice: Choice, ...names: readonly string[]): Is =>
  ({ event, line }) =>
    names.every((name) => among(choice, name, fieldOf(event, name))) &&
    line.toLowerCase().includes(String(choice['search'] ?? '').toLowerCase())

const both =
  (...all: readonly Is[]): Is =>
  (fact) =>
    all.every((one) => one(fact))

const isWarning: Is = ({ event }) => event.type === 'Warning'
const isOfNode: Is = ({ event }) => event.involvedObject.kind === 'Node'

const NODE_STATES: Readonly<Record<string, readonly [condition: string, state: number]>> = {
  NodeReady: ['ready', 0],
  NodeNotReady: ['ready', 1],
  NodeHasSufficientMemory: ['memory', 0],
  NodeHasInsufficientMemory: ['memory', 1],
  NodeHasNoDiskPressure: ['disk', 0],
  NodeHasDiskPressure: ['disk', 1],
  NodeHasSufficientPID: ['PIDs', 0],
  NodeHasInsufficientPID: ['PIDs', 1],
  NodeSchedulable: ['schedulable', 0],
  NodeNotSchedulable: ['schedulable', 1],
}

/** The last state that was told in each step, for each condition of each node. */
const nodeLanes =
  (is: Is): Truth =>
  (answer, facts, { stepSeconds }) => {
    if (answer.kind !== 'series') return `expected series: ${answer.kind}`
    const step = stepSeconds * 1000
    const last = new Map<string, number>()
    for (const { event, timeMs } of facts.filter(is).toSorted((a, b) => a.timeMs - b.timeMs)) {
      const [condition, state] = NODE_STATES[event.reason] ?? []
      if (condition === undefined || state === undefined || !isOfNode({ event, timeMs, line: '' })) continue
      last.set(`${event.involvedObject.name} ${condition} ${Math.ceil(timeMs / step) * step}`, state)
    }
    const got = answer.series.flatMap(({ labels, points }) =>
      points.map(([time, value]) => [`${labels['name']} ${labels['condition']} ${time}`, value] as const),
    )
    const sorted = (pairs: Iterable<readonly [string, number]>): string => JSON.stringify([...pairs].sort())
    return sorted(got) === sorted(last) ? null : `${sorted(got)}, told ${sorted(last)}`
  }

const OBJECT = ['cluster', 'namespace', 'kind', 'name', 'reason']
const OWNER = ['cluster', 'namespace', 'owner_kind', 'owner_name', 'reason']

const messageLine = ({ event }: Fact): string =>
  `${event.involvedObject.kind} ${fieldOf(event, 'namespace')}/${event.involvedObject.name} ${event.reason}: ${event.message}`

/** What the panels of both dashboards show, by dashboard and title; each query of a panel has one. */
const truths = (
  world: World,
  choice: Choice,
  object: readonly string[],
): Readonly<Record<string, Readonly<Record<string, readonly Truth[]>>>> => {
  const is = chosen(choice, 'namespace', 'kind', 'type', 'reason', 'name')
  const isLess = chosen(choice, 'namespace', 'name')
  const isNode = both(isOfNode, chosen(choice, 'name'))
  const warns = both(is, isWarning)
  const others = both(is, (fact) => !isWarning(fact))
  const stats = MEANINGS.map(({ title, isOfNodes }) => {
    const means: Is = ({ event }) => MEANS[title]?.(event) === true
    return [title, [countOf(both(means, isOfNodes ? isNode : isLess))]] as const
  })
  return {
    'overview.json': {
      'Last event': [
        newest(
          () => true,
          1,
          ({ line }) => line,
        ),
      ],
      'Agent behind': [number(() => world.ages.at(-1) ?? 0)],
      Events: [countOf(is)],
      Warnings: [countOf(warns)],
      'Affected objects': [groups(warns, object.slice(0, -1))],
      'Affected namespaces': [groups(warns, ['cluster', 'namespace'])],
      ...Object.fromEntries(stats),
      'Events by type': [bars(is, ['type'])],
      'Warnings by reason': [bars(warns, ['reason'], 12)],
      'Events by component': [bars(is, ['component'], 10)],
      'Warnings by namespace': [bars(warns, ['namespace'], 10)],
      'Top reasons': [top(is, ['reason'], 15)],
      'Events by kind': [top(is, ['kind'], 8)],
      'Events by source': [top(is, ['component'], 8)],
      'Top objects': [top(warns, object, 25)],
      'Namespaces and reasons': [top(warns, ['namespace', 'reason'], 25)],
      'Conditions of nodes': [nodeLanes(isNode)],
      'Warnings of nodes': [bars(both(isNode, isWarning), ['cluster', 'name', 'reason'], 10)],
      'Newest events': [newest(is, 200, ({ line }) => line)],
    },
    'timeline.json': {
      Events: [countOf(is), newest(is, 500, messageLine)],
      Warnings: [countOf(warns)],
      'Events by reason': [bars(is, ['reason'], 12)],
      'Warnings by object': [bars(warns, object.slice(1))],
      'Everything else by reason': [bars(others, ['namespace', 'kind', 'reason'])],
      Reasons: [top(is, ['reason'], 20)],
    },
  }
}

type Differences = { readonly compared: number; readonly different: readonly string[] }

const compared = (
  world: World,
  choice: Choice,
  transform: (json: unknown) => unknown,
  object = OBJECT,
): Differences => {
  const different: string[] = []
  let count = 0
  for (const [file, byTitle] of Object.entries(truths(world, choice, object))) {
    const model = modelOf(transform(JSON.parse(fileText(file))) as Json)
    const left = new Map(Object.entries(byTitle).map(([title, list]) => [title, [...list]]))
    for (const target of model.panels.flatMap(({ title, targets }) => targets.map((one) => ({ ...one, title })))) {
      const truth = left.get(target.title)?.shift()
      if (truth === undefined) throw new Error(`${file}: nothing is known of ${target.title}`)
      const text = sent(model, target, world.window, choice)
      const difference = truth(answerOf(world.index, text, target, world.window), world.facts, world.window)
      count += 1
      if (difference !== null) different.push(`${file}: ${target.where}: ${difference}`)
    }
    const unseen = [...left].filter(([, list]) => list.length > 0).map(([title]) => title)
    if (unseen.length > 0) throw new Error(`${file}: no panel ${unseen.join(', ')}`)
  }
  return { compared: count, different }
}

const asItIs = (json: unknown): unknown => json

const CHOICES: Readonly<Record<string, Choice>> = {
  'as it opens': {},
  'two namespaces': { namespace: ['shop', 'checkout'] },
  'pods, warnings, two reasons': { kind: ['Pod'], type: ['Warning'], reason: ['BackOff', 'Failed'] },
  'one object': { namespace: ['shop'], kind: ['Pod'], name: 'web-0' },
  'a word in any case': { search: 'IMAGE' },
  'nothing at all': { namespace: ['nowhere'] },
}

t.test('each query of each panel answers what was counted from the events', async (t) => {
  for (const [what, choice] of Object.entries(CHOICES)) {
    for (const [name, world] of Object.entries({ recording: await recorded(), incidents: incidents() })) {
      const { compared: count, different } = compared(world, choice, asItIs)
      t.strictSame(different, [], `${name}, ${what}`)
      t.equal(count, 49, `${name}, ${what}: all queries`)
    }
  }
})

t.test('so does the variant for a Loki without structured metadata', async (t) => {
  const toEntry = defaultEntries('structured_metadata: false')
  t.strictSame(toEntry(INCIDENTS[0]?.event).metadata, [])
  for (const world of [await recorded(toEntry), incidents(toEntry)]) {
    for (const choice of [{}, { reason: ['BackOff', 'Failed'], name: 'web' }]) {
      t.strictSame(compared(world, choice, rewritten).different, [])
    }
    t.ok(compared(world, {}, asItIs).different.length > 20, 'and without it the numbers are wrong')
  }
})

t.test('and the variant by owner, where pods count for their Deployment', async (t) => {
  const plain = defaultEntries()
  const owned = (event: unknown): Entry => {
    const entry = plain(event)
    const [kind, name] = ownerOf(event as RawEvent) ?? []
    if (kind === undefined || name === undefined) return entry
    return { ...entry, metadata: [...entry.metadata, ['owner_kind', kind], ['owner_name', name]] }
  }
  for (const world of [await recorded(owned), incidents(owned)]) {
    t.strictSame(compared(world, {}, dashboardByOwner, OWNER).different, [])
    t.ok(compared(world, {}, asItIs, OWNER).different.length > 0, 'and without it the numbers are others')
  }
  const overview = JSON.stringify(dashboardByOwner(JSON.parse(fileText('overview.json'))))
  t.match(overview, '"owner_name":"Name"', 'the columns follow')
  t.notMatch(overview, 'var-kind=${__data.fields.Kind}')
  t.strictSame(dashboardByOwner(JSON.parse(fileText('agent.json'))), JSON.parse(fileText('agent.json')))
  t.strictSame(dashboardFindings(overview, 'eventail'), [])
  t.end()
})

/** Stages of a query that choose entries, as text; what the variables add is left out. */
const choosing = (log: LogQuery): readonly string[] =>
  log.stages
    .filter(({ kind }) => kind === 'line_filter' || kind === 'label_filter')
    .map(printStage)
    .filter((stage) => !/`?\(\?i\)|^\| name=~/.test(stage))

const fixedMatchers = (log: LogQuery): readonly string[] =>
  log.matchers
    .filter(({ name }) => name === 'kind' || name === 'type')
    .map(({ name, op, value }) => `${name}${op}${value}`)

const firstLog = (text: string): LogQuery => {
  const parsed = parseQuery(text)
  const [log] = parsed.kind === 'ok' ? logsOf(parsed.query) : []
  if (log === undefined) throw new Error(`no LogQL: ${text}`)
  return log
}

const reasonsIn = (log: LogQuery): readonly string[] =>
  matchersOn(log, 'reason').flatMap(({ value }) => value.replaceAll(/[\^$()]/g, '').split('|'))

t.test('a stat and the alerts of the same meaning choose the same events', (t) => {
  const sources = readSources([resolve(FOLDER, '../rules')])
  if (sources.kind === 'unreadable') throw new Error(sources.why)
  const rules = checkRules(sources.sources, 'eventail').files.flatMap(({ groups: all }) =>
    all.flatMap((one) => one.rules),
  )
  const ruleLog = (alert: string): LogQuery => {
    const rule = rules.find(({ name }) => name.text === alert)
    if (rule === undefined) throw new Error(`no alert ${alert}`)
    return firstLog(rule.expr.text)
  }
  const model = modelOf(JSON.parse(fileText('overview.json')) as Json)
  const window = { startMs: 0, endMs: HOUR_MS, stepSeconds: 60 }
  let alone = 0
  for (const { title, alerts } of MEANINGS) {
    const [target] = model.panels.find((panel) => panel.title === title)?.targets ?? []
    if (target === undefined) throw new Error(`no panel ${title}`)
    const log = firstLog(sent(model, target, window))
    const logs = alerts.map(ruleLog)
    const [first, ...more] = logs
    if (first === undefined) continue
    t.strictSame(new Set(reasonsIn(log)), new Set(logs.flatMap(reasonsIn)), `${title}: reasons`)
    if (more.some((one) => reasonsIn(one).join() !== reasonsIn(first).join())) continue
    alone += 1
    t.strictSame(choosing(log), choosing(first), `${title}: filters`)
    t.strictSame(fixedMatchers(log), fixedMatchers(first), `${title}: matchers`)
  }
  t.ok(alone > 15)
  t.end()
})

/** Queries of dashboard 14003 and those that came of it, by their panels; the selector is the exporter's. */
const EXPORTER = '{job="kubernetes-event-exporter"}'
const exported = (filter: string, lines = ''): string =>
  `sum(count_over_time(${EXPORTER}${lines} | json | __error__=""${filter} [$__interval]))`
const FAMILY: Readonly<
  Record<string, { readonly expr: string; readonly is: (event: RawEvent) => boolean; readonly means?: string }>
> = {
  'Kubernetes Events Overview': { expr: exported(''), is: () => true },
  'Warning Events': { expr: exported(' | type="Warning"'), is: ({ type }) => type === 'Warning' },
  'Image Pull Failed': {
    expr: exported(' | reason="Failed"', ' |= "Error: ImagePullBackOff"'),
    is: ({ reason, message }) => reason === 'Failed' && message.includes('Error: ImagePullBackOff'),
    means: 'Image pulls',
  },
  'Container Crashed': {
    expr: exported(' | reason="BackOff"'),
    is: ({ reason }) => reason === 'BackOff',
    means: 'Crash loops',
  },
  'Container OOM Killed': {
    expr: exported(' | reason="OOMKilling"'),
    is: ({ reason }) => reason === 'OOMKilling',
    means: 'OOM kills',
  },
  'Liveness Check Failed': {
    expr: exported(' | reason="Killing"'),
    is: ({ reason }) => reason === 'Killing',
    means: 'Killed by probe',
  },
  'Schedule Failed': {
    expr: exported(' | reason="FailedScheduling"'),
    is: ({ reason }) => reason === 'FailedScheduling',
    means: 'Unschedulable',
  },
  'Pod Evicted': {
    expr: exported(' | reason="TaintManagerEviction"'),
    is: ({ reason }) => reason === 'TaintManagerEviction',
    means: 'Evicted',
  },
}
const FAMILY_BY: Readonly<Record<string, readonly [label: string, field: string]>> = {
  'TOP 10 Kubernetes Events': ['reason', 'reason'],
  'Kubernetes Events Source': ['source_component', 'source'],
  'Kubernetes Events Type': ['involvedObject_kind', 'kind'],
}

const valueOf = (
  index: StreamIndex,
  expr: string,
  { startMs, endMs }: Window,
): readonly (readonly [string, number])[] => {
  const parsed = parseQuery(expr.replaceAll('$__interval', `${endMs - startMs}ms`))
  if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error(expr)
  const outcome = evaluateInstant(index, parsed.query, { timeNs: BigInt(endMs) * 1_000_000n, by: 'frontend' })
  if (outcome.kind !== 'vector') throw new Error(JSON.stringify(outcome))
  return outcome.samples.map(({ metric, value }) => [metric.pairs.map(([, text]) => text).join(), value] as const)
}

t.test('dashboards of the 14003 family run on format: exporter, and their numbers are not what they say', async (t) => {
  const toEntry = defaultEntries('format: exporter')
  const told: string[] = []
  const worlds = { recording: await recorded(toEntry), incidents: incidents(toEntry) }
  const of = (facts: readonly Fact[], is: (event: RawEvent) => boolean): number =>
    facts.filter(({ event }) => is(event)).length
  for (const [title, { expr, is, means }] of Object.entries(FAMILY)) {
    for (const [name, { index, facts, window }] of Object.entries(worlds)) {
      t.equal(valueOf(index, expr, window)[0]?.[1] ?? 0, of(facts, is), `${title}, ${name}`)
    }
    if (means === undefined) continue
    const { facts } = worlds.recording
    told.push(
      `| ${title} | ${/reason="(\w+)"/.exec(expr)?.[1]} | ${of(facts, is)} | ${means} | ${of(facts, MEANS[means] ?? is)} |`,
    )
  }
  for (const [title, [label, field]] of Object.entries(FAMILY_BY)) {
    for (const [name, { index, facts, window }] of Object.entries(worlds)) {
      const got = valueOf(
        index,
        `sum by (${label}) (count_over_time(${EXPORTER} | json | __error__="" [$__interval]))`,
        window,
      )
      const counts = new Map<string, number>()
      for (const { event } of facts) {
        const value = field === 'source' ? (event.source?.component ?? '') : fieldOf(event, field)
        counts.set(value, (counts.get(value) ?? 0) + 1)
      }
      t.strictSame(new Map(got), new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1))), `${title}, ${name}`)
    }
  }
  const document = readFileSync(resolve(FOLDER, '../docs/dashboards.md'), 'utf8')
  for (const row of told) t.ok(document.includes(row), `docs/dashboards.md has the row ${row}`)
})
