import type { Clock } from '../clock.ts'
import type { ScrapeConfig } from '../config/config.ts'
import { createConverter } from '../entry/convert.ts'
import type { Entry, Labels } from '../entry/entry.ts'
import { formatOf } from '../entry/format.ts'
import { constantLabels } from '../entry/labels.ts'
import { metaLabels } from '../entry/meta-labels.ts'
import type { KubeClient } from '../kube/client.ts'
import { decodeEvent } from '../kube/decode-event.ts'
import { eventPaths } from '../kube/event-path.ts'
import type { KubeEvent } from '../kube/event.ts'
import { watchedScopes } from '../kube/source.ts'
import type { ClientOptions } from '../loki/client-options.ts'
import type { QueryClient } from '../loki/query-client.ts'
import { readRange } from '../loki/read-range.ts'
import { createProcessor } from '../processor.ts'
import { noMetrics } from '../stages/stage-metrics.ts'
import { createStreamResolver, sentLabels, sentLabelValue } from '../loki/stream-labels.ts'
import { Expectations, type Findings } from './expectations.ts'
import { KeptBack } from './kept-back.ts'
import { listEvents } from './list-events.ts'

/** Timestamps from `startNs` on, to before `endNs`. */
export type Window = { readonly startNs: bigint; readonly endNs: bigint }

/** One scrape config against one client. */
export type Verification = {
  readonly job: ScrapeConfig
  readonly kube: KubeClient
  readonly options: ClientOptions
  readonly loki: Pick<QueryClient, 'read'>
  readonly window: Window
  readonly clock: Clock
  readonly stop: AbortSignal
}

export type VerifyOutcome =
  { readonly kind: 'compared'; readonly findings: Findings } | { readonly kind: 'failed'; readonly why: string }

/** What was listed last may still be on its way: missing entries are looked for again after this. */
const ON_ITS_WAY_MS = 5000
/** Of one window; about 400 MB. */
const MAX_EVENTS = 1_000_000
const MAX_ABOUT_CHARS = 160

/** Written by anyone who may create an event, and shown on a terminal. */
const aboutOf = ({ involved, reason }: KubeEvent): string =>
  `${involved.kind} ${involved.namespace === '' ? '' : `${involved.namespace}/`}${involved.name} ${reason}`
    .toWellFormed()
    .replace(/\p{C}+/gu, ' ')
    .slice(0, MAX_ABOUT_CHARS)
    .toWellFormed()

const isLegalName = (name: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && !name.startsWith('__')

/** Selects every stream that this job can have at this client. */
export const selectorOf = (job: ScrapeConfig, client: Pick<ClientOptions, 'externalLabels'>): string => {
  const { constant, fromEvent } = formatOf(job.entry)
  const own = constantLabels(constant, job.entry)
  // What an event says wins over an external label of that name, so that label is no mark of the job's streams.
  const isMark = (name: string): boolean => isLegalName(name) && (Object.hasOwn(own, name) || !fromEvent.has(name))
  const pairs = Object.entries({ ...client.externalLabels, ...own }).filter(
    ([name, value]) => value !== '' && isMark(name),
  )
  return `{${pairs.map(([name, value]) => `${name}=${JSON.stringify(sentLabelValue(value))}`).join(', ')}}`
}

/** Lines of the other formats do not carry the uid. */
const REVISION_IN_LINE: ReadonlySet<string> = new Set(['logfmt', 'json', 'exporter'])

/** Labels that only `enrich` gives to rules. */
const LOOKED_UP = /involved_object_(?:label|annotation|controller|owner)|kubernetes_namespace_label|kubernetes_node_/

/** Whether streams, and what is dropped, depend on what the agent had looked up at that time. */
const dependsOnLookups = ({ enrich, relabel }: ScrapeConfig): boolean =>
  enrich !== null &&
  relabel.some(({ action, sourceLabels }) => action === 'labelmap' || sourceLabels.some((name) => LOOKED_UP.test(name)))

type Gathered = {
  readonly expectations: Expectations
  readonly tenants: ReadonlySet<string>
  /** Selects every stream that was expected. */
  readonly selector: string
}

/** Labels that all of the entries have with the same values, when a pipeline may have changed any of them. */
class CommonLabels {
  #common: ReadonlyMap<string, string> | null = null

  add(labels: ReturnType<typeof sentLabels>): void {
    const common = this.#common
    this.#common = new Map(labels.filter(([name, value]) => common === null || common.get(name) === value))
  }

  /** '' when there are none. */
  selector(): string {
    const pairs = [...(this.#common ?? [])]
    return pairs.length === 0 ? '' : `{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
  }
}

/** What the API server gives now, as the entries this configuration makes of it. */
const gather = async (v: Verification): Promise<Gathered | { readonly why: string }> => {
  const { job, kube, options, window, clock, stop } = v
  const expectations = new Expectations(REVISION_IN_LINE.has(job.entry.format))
  const converter = createConverter(job.entry)
  const processor = createProcessor(job, { clock, metrics: noMetrics })
  const isLookedUp = dependsOnLookups(job)
  const keptBack = new KeptBack(job.throttle)
  const common = new CommonLabels()
  const resolve = createStreamResolver(options)
  const tenants = new Set<string>()
  // One object for each stream: the converter gives the same labels object for the same stream.
  const known = new WeakMap<Labels, ReturnType<typeof sentLabels>>()
  const expectEntry = (event: KubeEvent, entry: Entry | null): void => {
    const sent = keptBack.certainty(event)
    if (entry === null) return
    const resolved = resolve(entry.labels)
    if (resolved.kind === 'refused' || entry.timestampNs < window.startNs || entry.timestampNs >= window.endNs) return
    tenants.add(resolved.stream.tenant)
    const { uid, resourceVersion } = event
    const { timestampNs, line } = entry
    const labels = known.get(entry.labels) ?? sentLabels(options, entry.labels)
    if (!known.has(entry.labels)) common.add(labels)
    known.set(entry.labels, labels)
    expectations.expect({
      ...{ uid, resourceVersion, about: aboutOf(event), timestampNs, line },
      certainty: isLookedUp ? { isCertain: false } : sent,
      labels: isLookedUp ? null : labels,
    })
  }
  for (const scope of watchedScopes(job.source.namespaces)) {
    const outcome = await listEvents({ client: kube, clock, stop }, eventPaths(scope, job.source), (item) => {
      const decoded = decodeEvent(item)
      if (decoded.kind !== 'event' || expectations.size >= MAX_EVENTS) return
      const { event } = decoded
      const entry = converter.toEntry(event, { metadata: [], suppressed: keptBack.suppressed(event) })
      expectEntry(
        event,
        processor.process(entry, () => metaLabels(event)),
      )
    })
    if (outcome.kind === 'failed') return { why: `the API server: ${outcome.why}` }
    if (expectations.size >= MAX_EVENTS) return { why: `more than ${MAX_EVENTS} events: choose a shorter -since` }
  }
  const isChanged = job.relabel.length + job.stages.length > 0
  const selector = (isChanged && !isLookedUp && common.selector()) || selectorOf(job, options)
  return { expectations, tenants, selector }
}

/** Reads every tenant's part of the window. */
const look = async (v: Verification, { expectations, tenants, selector: query }: Gathered): Promise<string | null> => {
  const { loki: client, window, clock, stop } = v
  for (const tenant of tenants) {
    const outcome = await readRange({ client, clock, stop }, { ...window, query, tenant }, (entry) => {
      expectations.saw(entry)
    })
    if (outcome.kind === 'failed') return outcome.why
  }
  return null
}

/** Compares what the API server gives now with what Loki has of it. */
export const verifyJob = async (v: Verification): Promise<VerifyOutcome> => {
  const gathered = await gather(v)
  if ('why' in gathered) return { kind: 'failed', why: gathered.why }
  const { expectations } = gathered
  let why = await look(v, gathered)
  if (why === null && expectations.missing > 0) {
    await v.clock.sleep(ON_ITS_WAY_MS, v.stop)
    expectations.lookAgain()
    why = await look(v, gathered)
  }
  if (why !== null) return { kind: 'failed', why: `Loki: ${why}` }
  return { kind: 'compared', findings: expectations.findings() }
}
