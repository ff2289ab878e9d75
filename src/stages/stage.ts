import type { Clock } from '../clock.ts'
import type { LabelMap } from '../relabel/relabel.ts'
import type { StageMetrics } from './stage-metrics.ts'

/** What stages take out of an entry, by name. null: looked for and not there, which differs from never looked for. */
export type Extracted = string | number | boolean | null

/**
 * An entry on its way through a pipeline; stages change it in place. Text may hold lone surrogates: U+DC80..U+DCFF stand
 * for bytes that are no UTF-8, as a template can make them.
 */
export type WorkEntry = {
  readonly labels: LabelMap
  readonly extracted: Map<string, Extracted>
  /** Nanoseconds since 1970. */
  timestampNs: bigint
  line: string
  metadata: readonly (readonly [name: string, value: string])[]
}

/** One step; false: the entry is dropped. Never throws on what an event says. */
export type Stage = (entry: WorkEntry) => boolean

/** What a stage may know and change besides the entry. */
export type StageWorld = {
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>
  readonly metrics: StageMetrics
  /** Asks that no further entry be given to the pipeline before this time of the monotonic clock. */
  readonly hold: (untilMs: number) => void
  /** Sees stages at work. */
  readonly inspect?: Inspect | undefined
}

/** Given a stage, or a rule, and what to call it, answers what is to run in its place. */
export type Inspect = (name: string, stage: Stage) => Stage

/** A stage as configured; built once for each pipeline, with a state of its own. */
export type StagePlan = {
  /** As in the file. */
  readonly name: string
  readonly build: (world: StageWorld) => Stage
}

/** A stage at work. */
export const builtStage = (plan: StagePlan, world: StageWorld): Stage => {
  const stage = plan.build(world)
  return world.inspect?.(`${plan.name} stage`, stage) ?? stage
}

/** A stage without state. */
export const pure = (name: string, stage: Stage): StagePlan => ({ name, build: () => stage })
