import type { Clock } from './clock.ts'
import type { ScrapeConfig } from './config/config.ts'
import { capped, cutToBytes } from './entry/bounded-text.ts'
import type { Entry, EntryOptions, Labels } from './entry/entry.ts'
import { createRelabeler, type LabelMap, type Watch } from './relabel/relabel.ts'
import { Pipeline } from './stages/pipeline.ts'
import type { Inspect } from './stages/stage.ts'
import type { StageMetrics } from './stages/stage-metrics.ts'
import { TENANT_LABEL } from './stages/tenant.ts'

/** `relabel_configs` and `pipeline_stages` of one scrape config. */
export type Processor = {
  /**
   * The entry as it is to be sent; null: it is not wanted.
   *
   * @param meta gives labels that relabelling may use, and which are not sent.
   */
  process(entry: Entry, meta: () => Iterable<readonly [string, string]>): Entry | null
  /** When the next entry may be given to it, by the monotonic clock. */
  readonly heldUntilMs: number
}

export type ProcessorWorld = {
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>
  readonly metrics: StageMetrics
  readonly inspect?: Inspect | undefined
}

/** Distinct label sets that are known again; all are forgotten when there are more. */
const MAX_KNOWN = 10_000

/** One object for each set of labels, so that those behind it know a stream by it. */
const createLabelSets = (maxValueBytes: number): ((labels: LabelMap) => Labels) => {
  const known = new Map<string, Labels>()
  return (labels) => {
    const pairs = [...labels]
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, capped(value, maxValueBytes)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify(pairs)
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= MAX_KNOWN) known.clear()
    const set = Object.fromEntries(pairs)
    known.set(key, set)
    return set
  }
}

/** A name without a letter or a digit makes Loki refuse the whole push; an empty value is none. */
const sentMetadata = (metadata: Entry['metadata']): Entry['metadata'] =>
  metadata
    .filter(([name, value]) => value !== '' && /[a-zA-Z0-9]/.test(name))
    .map(([name, value]) => [name, value.toWellFormed()] as const)

const stripMeta = (labels: LabelMap): void => {
  for (const name of labels.keys()) if (name.startsWith('__') && name !== TENANT_LABEL) labels.delete(name)
}

/** Passes everything on as it is. */
const unchanged: Processor = { process: (entry) => entry, heldUntilMs: 0 }

/** `-inspect` sees rules as it sees stages: of an entry that has nothing but labels. */
const watching =
  (inspect: Inspect): Watch =>
  (rule, index) => {
    let apply = (): boolean => true
    const watched = inspect(`relabel_configs[${index}] ${rule.action}`, () => apply())
    return (labels, step) => {
      apply = step
      return watched({ labels, extracted: new Map(), timestampNs: 0n, line: '', metadata: [] })
    }
  }

type Parts = Pick<ScrapeConfig, 'relabel' | 'stages'> & {
  readonly entry: Pick<EntryOptions, 'maxLabelValueBytes' | 'maxLineBytes'>
}

/** As Promtail: relabelling, then labels beginning with `__` go (but for the tenant's), then the pipeline. */
export const createProcessor = ({ relabel, stages, entry: options }: Parts, world: ProcessorWorld): Processor => {
  if (relabel.length === 0 && stages.length === 0) return unchanged
  const isWanted = createRelabeler(relabel, world.inspect && watching(world.inspect))
  const pipeline = new Pipeline(stages, world)
  const labelSet = createLabelSets(options.maxLabelValueBytes)
  return {
    get heldUntilMs() {
      return pipeline.heldUntilMs
    },
    process: (entry, meta) => {
      const labels = new Map(Object.entries(entry.labels))
      if (relabel.length > 0) {
        for (const [name, value] of meta()) labels.set(name, value)
        if (!isWanted(labels)) return null
        stripMeta(labels)
      }
      const output = pipeline.process({ ...entry, labels })
      if (output === null) return null
      stripMeta(output.labels)
      return {
        labels: labelSet(output.labels),
        timestampNs: output.timestampNs,
        line: cutToBytes(output.line.toWellFormed(), options.maxLineBytes),
        metadata: sentMetadata(output.metadata),
      }
    },
  }
}
