import type { SourceState } from './source.ts'

/** For `/ready` and `/targets`. */
export type ScopeStatus = {
  readonly scope: string
  readonly state: SourceState
  /** '' before the first probe was answered. */
  readonly watched: string
  /** The newest revision of the store that was seen; '' before the first. To be saved with the position. */
  readonly seen: string
  readonly epoch: number
  readonly owedIntervals: number
  /** Wall clock of the newest sign of life of a watch; null: none yet. */
  readonly lastActivityMs: number | null
  /** Wall clock up to which nothing was missed; null: unknown. To be saved with the position, as `lastCurrentMs`. */
  readonly currentMs: number | null
  /** '' when the newest request of the watch and of the back-fill did not fail. */
  readonly lastError: string
}
