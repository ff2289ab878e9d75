import type { Clock } from '../clock.ts'
import type { LabelMap } from '../relabel/relabel.ts'
import { runStages } from './run-stages.ts'
import { builtStage, type Extracted, type Inspect, type Stage, type StagePlan, type WorkEntry } from './stage.ts'
import type { StageMetrics } from './stage-metrics.ts'

export type PipelineParts = {
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>
  readonly metrics: StageMetrics
  readonly inspect?: Inspect | undefined
}

/** What goes into a pipeline; the labels are changed in place. */
export type PipelineInput = {
  readonly labels: LabelMap
  readonly timestampNs: bigint
  readonly line: string
  readonly metadata: readonly (readonly [name: string, value: string])[]
}

/** What comes out. Text may hold lone surrogates, and values may be empty: see `WorkEntry`. */
export type PipelineOutput = PipelineInput & { readonly extracted: ReadonlyMap<string, Extracted> }

/** `pipeline_stages` of one scrape config at work, with their state (limits, last times). Not shared between jobs. */
export class Pipeline {
  readonly #stages: readonly Stage[]
  #heldUntilMs = 0

  constructor(plans: readonly StagePlan[], { clock, metrics, inspect }: PipelineParts) {
    const hold = (untilMs: number): void => {
      this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs)
    }
    this.#stages = plans.map((plan) => builtStage(plan, { clock, metrics, hold, inspect }))
  }

  /** When the next entry may be given to it, by the monotonic clock: a limit without `drop` makes the source wait. */
  get heldUntilMs(): number {
    return this.#heldUntilMs
  }

  /** null: the entry was dropped. */
  process(input: PipelineInput): PipelineOutput | null {
    const entry: WorkEntry = { ...input, extracted: new Map() }
    return runStages(this.#stages, entry) ? entry : null
  }
}
