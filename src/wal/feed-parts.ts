import type { LokiClient } from '../loki/loki-client.ts'
import type { LogReader } from './log-reader.ts'
import type { ReadingPlace, Restart } from './scan-state.ts'
import type { SegmentLog } from './segment-log.ts'
import type { Tail } from './tail.ts'

/** What a feed works with. */
export type FeedParts = {
  readonly client: LokiClient
  /** The source and the segments wait for it. */
  readonly required: boolean
  /**
   * Nothing is handed on before it is durable. For entries that could not be made again as they were: what was not
   * durable at a crash was seen by nobody.
   */
  readonly isDurableFirst: boolean
  readonly log: SegmentLog
  readonly tail: Tail
  readonly start: ReadingPlace
  readonly restarts: readonly Restart[]
  /** Reads the segments, from `start` on. */
  readonly reader: LogReader
  /** The settled prefix grew. */
  readonly onSettled: () => void
  /** What is on disk cannot be read any more: the log must be opened again. */
  readonly onDamaged: (why: string) => void
}
