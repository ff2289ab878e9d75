import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { startApiServer } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { listen } from '../../src/demo/listen.ts'
import { createLokiHandler, type LokiInterception } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'

// The other side of a soak, in a process of its own: an API server whose events come, repeat and expire at a steady
// rate, whose watches end and whose connections break now and then; and a Loki that is not always well.

/** What the parent asks for. */
export type SoakOrder = { readonly kind: 'write'; readonly perSecond: number } | { readonly kind: 'cease' | 'report' }

export type SoakReport = {
  readonly kind: 'report'
  /** Revisions written. */
  readonly written: number
  /** Distinct revisions that the agent was given. */
  readonly handedOut: number
  /** Distinct entries that Loki took. */
  readonly stored: number
  /** Stored events that the agent was not given yet. */
  readonly unread: number
}

const TICK_MS = 20
/** Of an event after its last change; short, so that as many expire as are made. */
const TTL_MS = 60_000
const NAMESPACES = 100
const KINDS = ['Pod', 'Pod', 'Pod', 'Node', 'Deployment', 'ReplicaSet', 'Job', 'PersistentVolumeClaim']
const REASONS = ['BackOff', 'Scheduled', 'Pulled', 'Created', 'Started', 'Unhealthy', 'FailedMount', 'Killing']
const END_WATCHES_MS = 61_000
/** Longer than it takes the agent to forget a failure (120 s), so that its waits do not grow. */
const RESET_MS = 149_000
const COMPACT_MS = 15_000
/** Every so often everything up to now is compacted while no watch is open: the next one is answered 410. */
const EXPIRE_MS = 205_000
/** One push in so many is refused or hangs up. */
const TROUBLE_IN = 200

const store = new EventStore({ maxHistory: 120_000, maxLagFrames: 120_000 })
const loki = new LokiStore({ maxBytes: 24 * 1024 * 1024 })
let written = 0
let made = 0

const now = (): string => `${new Date().toISOString().slice(0, -1)}000Z`

const create = (): void => {
  made += 1
  const namespace = `team-${made % NAMESPACES}`
  const kind = KINDS[made % KINDS.length] ?? 'Pod'
  const name = `worker-${made.toString(36)}-${randomInt(1e9).toString(36)}`
  store.create({
    metadata: { name: `${name}.${made.toString(16)}`, namespace },
    involvedObject: { kind, namespace, name, uid: `object-${made}`, apiVersion: 'v1', resourceVersion: String(made) },
    reason: REASONS[made % REASONS.length] ?? 'BackOff',
    message: `Back-off restarting failed container app in pod ${name}_${namespace}(${made}): exit status ${made % 256}`,
    source: { component: 'kubelet', host: `node-${made % 50}` },
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: now(),
    count: 1,
    type: made % 3 === 0 ? 'Warning' : 'Normal',
    reportingComponent: 'kubelet',
    reportingInstance: `node-${made % 50}`,
    action: 'Restarting',
  })
  young.push({ key: `${namespace}/${name}.${made.toString(16)}`, atMs: Date.now() })
}

/** Events in the order of their creation, with the time of it. */
let young: { readonly key: string; readonly atMs: number }[] = []

/** A recorder sees one of the last events again. */
const repeat = (): void => {
  const chosen = young[young.length - 1 - randomInt(Math.min(2000, young.length))]
  if (chosen === undefined) return
  const observed = now()
  store.update(chosen.key, (event) => ({ ...event, series: { count: randomInt(2, 1e6), lastObservedTime: observed } }))
}

const expire = (): void => {
  const before = Date.now() - TTL_MS
  const alive = young.findIndex(({ atMs }) => atMs > before)
  const dead = alive === -1 ? [] : young.slice(0, alive)
  if (dead.length === 0) return
  store.remove(dead.map(({ key }) => key))
  young = young.slice(alive)
}

const trouble = (_: unknown, nth: number): LokiInterception | null => {
  if (nth % TROUBLE_IN !== 0) return null
  const kinds: readonly LokiInterception[] = [
    { kind: 'answer', status: 503, text: 'The server cannot accept more requests at this time.' },
    { kind: 'answer', status: 500, text: 'at least 1 live replicas required, could only find 0' },
    { kind: 'serve', serve: (request) => request.socket.resetAndDestroy() },
  ]
  return kinds[(nth / TROUBLE_IN) % kinds.length] ?? null
}

const api = await startApiServer({ store })
const lokiPort = await listen(createServer(createLokiHandler({ store: loki, intercept: trouble })), 0)
const marks: string[] = []
const timers = [
  setInterval(expire, 1000),
  setInterval(api.endWatches, END_WATCHES_MS),
  setInterval(api.resetConnections, RESET_MS),
  setInterval(() => {
    marks.push(store.revision)
    if (marks.length > 2) store.compact(marks.shift() ?? '1')
  }, COMPACT_MS),
  setInterval(() => {
    api.resetConnections()
    store.compact()
    marks.length = 0
  }, EXPIRE_MS),
]

let writing: NodeJS.Timeout | undefined
const write = (perSecond: number): void => {
  const beganMs = performance.now()
  writing = setInterval(() => {
    const due = ((performance.now() - beganMs) / 1000) * perSecond
    for (; written < due; written += 1) {
      if (written % 10 < 7) create()
      else repeat()
    }
  }, TICK_MS)
}

process.on('message', (order: SoakOrder) => {
  if (order.kind === 'write') write(order.perSecond)
  if (order.kind === 'cease') for (const timer of [writing, ...timers]) clearInterval(timer)
  if (order.kind !== 'report') return
  const report: SoakReport = {
    kind: 'report',
    written,
    handedOut: store.read,
    stored: loki.counts.stored,
    unread: store.unread,
  }
  process.send?.(report)
})
process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'listening', apiUrl: api.url, lokiUrl: `http://127.0.0.1:${lokiPort}` })
