import type { Entry, Labels } from './entry.ts'
import { HEARTBEAT_JOB, HEARTBEAT_KEYS, HEARTBEAT_MESSAGE, type HeartbeatKey } from './names.ts'
import { logfmtValue } from './quoting.ts'

/** What a heartbeat tells of the agent and of one client. Counts are since the start of the process or its reload. */
export type Heartbeat = {
  readonly version: string
  /** How old the position is from which a restart would go on. */
  readonly positionAgeMs: number
  readonly gapSeconds: number
  readonly received: number
  readonly recovered: number
  readonly filtered: number
  readonly sent: number
  readonly rejected: number
  readonly dropped: number
  readonly queued: number
  /** `stream` when every watch is open, else the state of one that is not. */
  readonly state: string
}

const LABELS: Labels = { job: HEARTBEAT_JOB }

/** Seconds with up to three digits behind the point. */
const seconds = (value: number): string => String(Math.round(value * 1000) / 1000)

/** The line and stream of a heartbeat. It has the time of writing, unlike the entry of an event. */
export const heartbeatEntry = (beat: Heartbeat, nowMs: number): Entry => {
  const values: Readonly<Record<HeartbeatKey, string>> = {
    level: 'info',
    msg: HEARTBEAT_MESSAGE,
    version: beat.version,
    position_age: seconds(beat.positionAgeMs / 1000),
    gap_seconds: seconds(beat.gapSeconds),
    received: String(beat.received),
    recovered: String(beat.recovered),
    filtered: String(beat.filtered),
    sent: String(beat.sent),
    rejected: String(beat.rejected),
    dropped: String(beat.dropped),
    queued: String(beat.queued),
    state: beat.state,
  }
  const line = HEARTBEAT_KEYS.map((key) => `${key}=${logfmtValue(values[key])}`).join(' ')
  return { labels: LABELS, timestampNs: BigInt(Math.floor(nowMs)) * 1_000_000n, line, metadata: [] }
}
