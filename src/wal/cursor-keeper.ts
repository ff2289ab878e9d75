import type { Clock } from '../clock.ts'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { Log } from '../log.ts'
import type { CurrentTimes } from './current-times.ts'
import { writeCursors } from './cursors-file.ts'
import type { Disk } from './disk.ts'
import type { Feed } from './feed.ts'
import type { SegmentLog } from './segment-log.ts'

const SAVE_MS = 1000
/** Unchanged cursors are written again this often, so that their age says how long nobody wrote. */
const REFRESH_MS = 60_000

export type CursorKeeperParts = {
  readonly disk: Disk
  readonly directory: string
  readonly id: string
  readonly clock: Clock
  readonly logger: Log
  readonly log: SegmentLog
  readonly feeds: readonly Feed[]
  readonly times: CurrentTimes
}

/** Saves every second how far the clients are. */
export class CursorKeeper {
  readonly #o: CursorKeeperParts
  readonly #stopped = new AbortController()
  #written = ''
  #writtenAtMs = -Infinity
  #running: Promise<void> = Promise.resolve()
  #saving: Promise<void> = Promise.resolve()

  constructor(parts: CursorKeeperParts) {
    this.#o = parts
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Saves once more. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
    await this.save()
  }

  /** Saves now what is not saved yet; when the disk refuses, it is tried again by and by. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save())
    return this.#saving
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#o.clock.sleep(SAVE_MS, this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      await this.save()
    }
  }

  async #save(): Promise<void> {
    const { disk, directory, id, clock, logger, log, feeds, times } = this.#o
    if (!log.maySettle) return
    const state = [log.syncedIndex, ...feeds.map((feed) => feed.settledIndex)].join(' ')
    if (state === this.#written && clock.monotonicMs() - this.#writtenAtMs < REFRESH_MS) return
    const required = feeds.filter((feed) => feed.required).map((feed) => feed.settledIndex)
    try {
      await writeCursors(disk, directory, {
        id,
        savedAtMs: Math.max(0, Math.floor(clock.now())),
        currentMs: times.now(),
        acknowledgedIndex: required.length === 0 ? log.syncedIndex : Math.min(...required),
        clients: feeds.map((feed) => ({ name: feed.name, index: feed.settledIndex, required: feed.required })),
      })
      this.#written = state
      this.#writtenAtMs = clock.monotonicMs()
    } catch (error) {
      if (codeOf(error) === '') throw error
      logger.warn('cursors of the write-ahead log not saved, trying again', { directory, why: reasonOf(error) })
    }
  }
}
