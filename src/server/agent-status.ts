/** One watched scope of a scrape config. */
export type TargetStatus = {
  readonly job: string
  /** A namespace, or '*'. */
  readonly scope: string
  /** What its machine is doing: `stream` when all is well. */
  readonly state: string
  /** resourceVersion up to which it has watched; '' before the first. */
  readonly watched: string
  /** Gaps that are still being filled. */
  readonly owedIntervals: number
  /** Wall clock of the last sign of life, milliseconds since 1970; null: none yet. */
  readonly lastActivityMs: number | null
  /** '' when the last attempt succeeded. */
  readonly lastError: string
}

/** One item of `clients:`. */
export type ClientStatus = {
  readonly name: string
  /** Entries that wait or are in flight. */
  readonly queued: number
  readonly ready: boolean
  /** '' when ready. */
  readonly why: string
}

/** What the HTTP pages show: plain values, no secret in any of them. */
export type AgentStatus = {
  readonly ready: boolean
  /** Why not, one text for each reason. */
  readonly reasons: readonly string[]
  /** The configuration in effect, secrets masked. */
  readonly configYaml: string
  readonly targets: readonly TargetStatus[]
  readonly clients: readonly ClientStatus[]
}
