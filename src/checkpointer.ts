import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from './clock.ts'
import type { CheckpointStore, SaveOutcome } from './kube/checkpoint.ts'
import type { Log } from './log.ts'

/** An unchanged checkpoint is written again this often, so that its age says how long the agent was away. */
const REFRESH_MS = 60_000

type CheckpointMetrics = { readonly writes: Counter<'outcome'>; readonly timestamp: Gauge }

/** @returns the metrics of the checkpoint, every outcome at zero. */
export const createCheckpointMetrics = (registry: Registry): CheckpointMetrics => {
  const writes = new Counter({
    name: 'eventail_checkpoint_writes_total',
    help: 'Writes of the checkpoint by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  for (const outcome of ['saved', 'conflict', 'failed']) writes.inc({ outcome }, 0)
  const timestamp = new Gauge({
    name: 'eventail_checkpoint_timestamp_seconds',
    help: 'When the checkpoint was last written, seconds since 1970; 0: not yet.',
    registers: [registry],
  })
  return { writes, timestamp }
}

export type CheckpointerOptions = {
  readonly store: CheckpointStore
  readonly periodMs: number
  readonly clock: Clock
  readonly log: Log
  readonly metrics: CheckpointMetrics
  /** The settled positions of all jobs as text, without the time of saving: what is compared to know of a change. */
  readonly settled: () => string
  /** The cursors to write, by key. */
  readonly cursors: () => Readonly<Record<string, string>>
  /** Another process writes the same checkpoint: this one must stop. */
  readonly onConflict: (why: string) => void
}

/** Writes the settled positions every period, when they moved. */
export class Checkpointer {
  readonly #o: CheckpointerOptions
  readonly #stopped = new AbortController()
  #written = ''
  #writtenAtMs = -Infinity
  #running: Promise<void> = Promise.resolve()

  constructor(options: CheckpointerOptions) {
    this.#o = options
  }

  start(): void {
    this.#running = this.#loop()
  }

  /** Writes at once, before anything is read: the checkpoint must know a write-ahead log before that holds anything. */
  async begin(): Promise<void> {
    await this.#save()
  }

  /** Ends the loop and writes what is settled by now. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
    await this.#save()
  }

  async #loop(): Promise<void> {
    const { clock, periodMs } = this.#o
    for (;;) {
      await clock.sleep(periodMs, this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      await this.#save()
    }
  }

  async #save(): Promise<void> {
    const { clock, settled, cursors, store } = this.#o
    const now = settled()
    if (now === this.#written && clock.monotonicMs() - this.#writtenAtMs < REFRESH_MS) return
    // Not the loop's signal: the last save happens after it.
    const outcome = await store.save(cursors(), new AbortController().signal)
    this.#note(outcome)
    if (outcome.kind !== 'saved') return
    this.#written = now
    this.#writtenAtMs = clock.monotonicMs()
  }

  #note(outcome: SaveOutcome): void {
    const { metrics, log, store, clock, onConflict } = this.#o
    metrics.writes.inc({ outcome: outcome.kind })
    switch (outcome.kind) {
      case 'saved':
        metrics.timestamp.set(clock.now() / 1000)
        return
      case 'failed':
        log.warn('checkpoint not written, trying again', { store: store.place, why: outcome.why })
        return
      case 'conflict':
        log.error('another agent writes this checkpoint', { store: store.place, why: outcome.why })
        onConflict(outcome.why)
    }
  }
}
