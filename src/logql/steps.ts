import type { Vector } from './metric.ts'
import type { StreamSource } from './store.ts'

/** A run of a metric query: its data and the times at which it is evaluated, ascending. */
export type Run = { readonly source: StreamSource; readonly timesNs: readonly bigint[] }

/** The vector of the next step; called once for each time of the run, in their order. */
export type Steps = () => Vector
