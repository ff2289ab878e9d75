import { evaluateInstant } from '../../src/logql/evaluate.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import type { StoredEntry } from '../../src/logql/pipeline.ts'
import { StreamIndex } from '../../src/logql/store.ts'

const KINDS = ['Pod', 'Node', 'Job', 'Deployment', 'ReplicaSet']
const REASONS = ['BackOff', 'FailedScheduling', 'Pulled', 'Created', 'Started', 'Killing', 'Unhealthy', 'FailedMount']
const NAMESPACES = 8
const PODS = 400
const START_NS = 1_795_000_000_000_000_000n
const WINDOW_NS = 900_000_000_000n

const QUERY =
  'sum by (namespace, name) (count_over_time({job="kubernetes-events", type="Warning"} |= "Back-off" | reason="BackOff" [15m]))'

const METADATA_KINDS = 2000

const metadataOf = (i: number): StoredEntry['metadata'] => [
  ['component', 'kubelet'],
  ['count_delta', '1'],
  ['name', `api-${i % PODS}`],
  ['node', `ip-10-0-1-${i % 250}`],
  ['reason', REASONS[i % REASONS.length] ?? ''],
]

const METADATA = Array.from({ length: METADATA_KINDS }, (_, i) => metadataOf(i))

const lineOf = (i: number): string => {
  const reason = REASONS[i % REASONS.length] ?? ''
  const text = reason === 'BackOff' ? 'Back-off restarting failed container' : `what ${reason} says about it`
  // As a push leaves it: flat text of its own.
  return Buffer.from(
    `level=warn reason=${reason} kind=Pod name=api-${i % PODS} node=ip-10-0-1-${i % 250} count=${i} msg="${text} app"`,
  ).toString('latin1')
}

const entryOf = (i: number, stepNs: bigint): StoredEntry => ({
  timestampNs: START_NS + BigInt(i) * stepNs + 1n,
  line: lineOf(i),
  metadata: METADATA[i % METADATA_KINDS] ?? [],
})

/** Warnings of some namespaces, all of them within the window of the query. */
const filled = (entries: number): StreamIndex => {
  const index = new StreamIndex()
  const stepNs = WINDOW_NS / BigInt(entries)
  const streams = Array.from({ length: NAMESPACES * KINDS.length }, (): StoredEntry[] => [])
  for (let i = 0; i < entries; i += 1) streams[(i >> 3) % streams.length]?.push(entryOf(i, stepNs))
  for (const [i, stored] of streams.entries()) {
    const kind = KINDS[i % KINDS.length] ?? ''
    const labels = { job: 'kubernetes-events', kind, namespace: `ns-${i % NAMESPACES}`, type: 'Warning' }
    index.add(labels, stored)
  }
  return index
}

export type QueryMeasurement = {
  readonly entries: number
  readonly medianMs: number
  /** What a machine that does nothing else would take. */
  readonly medianCpuMs: number
  readonly maxMs: number
  readonly series: number
}

const median = (figures: readonly number[]): number =>
  Math.round([...figures].sort((a, b) => a - b)[figures.length >> 1] ?? NaN)

/** One rule's expression at one time over entries in memory, again and again. */
export const measureQuery = (entries: number, rounds: number): QueryMeasurement => {
  const index = filled(entries)
  const parsed = parseQuery(QUERY)
  if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error('no metric query')
  const times: number[] = []
  const cpuTimes: number[] = []
  let series = 0
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now()
    const cpu = process.cpuUsage()
    const outcome = evaluateInstant(index, parsed.query, { timeNs: START_NS + WINDOW_NS, by: 'ruler' })
    times.push(performance.now() - began)
    cpuTimes.push(process.cpuUsage(cpu).user / 1000)
    if (outcome.kind !== 'vector') throw new Error(outcome.kind === 'error' ? outcome.message : outcome.kind)
    series = outcome.samples.length
  }
  return {
    entries,
    medianMs: median(times),
    medianCpuMs: median(cpuTimes),
    maxMs: Math.round(Math.max(...times)),
    series,
  }
}
