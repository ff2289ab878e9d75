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

/** This replica's part in leader election. */
export type LeadershipStatus = {
  readonly role: 'leader' | 'standby' | 'ended'
  readonly identity: string
  /** Who leads, as far as this replica knows; '' = nobody, or not known. */
  readonly holder: string
  /** Why a standby cannot read the Lease, or why leadership has ended; '' when all is well. */
  readonly why: string
}

/** What the HTTP pages show: plain values, no secret in any of them. */
export type AgentStatus = {
  readonly ready: boolean
  /** Why not, one text for each reason. */
  readonly reasons: readonly string[]
  /** The configuration in effect, secrets masked. */
  readonly configYaml: string
  /** Null or absent: there is no election. */
  readonly leadership?: LeadershipStatus | null
  readonly targets: readonly TargetStatus[]
  readonly clients: readonly ClientStatus[]
}
