import type { Clock } from './clock.ts'
import type { ClientOptions } from './loki/client-options.ts'
import type { Fate, LokiClient, Settle } from './loki/loki-client.ts'
import type { Log } from './log.ts'

type SinkDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** The fence of leader election, asked right before each push; absent: there is none. */
  readonly mayPush?: () => boolean
}

/** Makes the client that one item of `clients:` describes: the real one, or one that prints. */
export type ClientFactory = (options: ClientOptions, deps: SinkDeps & { readonly settle: Settle }) => LokiClient

/** A client with the fates of the entries offered to it. */
export type Sink = {
  readonly client: LokiClient
  /** Positions wait for it. */
  readonly required: boolean
  readonly fates: Readonly<Record<Fate, number>>
}

type AllDeps = SinkDeps & {
  /** Told which client (by its place) let go of which entry. */
  readonly settle: (client: number, sequence: number) => void
  /** Every client says when its queue is full, required or not: what has no place in it waits on disk. */
  readonly spooled: boolean
}

/** Builds every client. */
export const createSinks = (
  options: readonly ClientOptions[],
  factory: ClientFactory,
  { settle: settled, spooled, ...deps }: AllDeps,
): readonly Sink[] =>
  options.map((one, place) => {
    const fates: Record<Fate, number> = { sent: 0, rejected: 0, dropped: 0 }
    const settle: Settle = (sequence, fate) => {
      fates[fate] += 1
      settled(place, sequence)
    }
    const log = deps.log.with({ component: 'loki', client: one.name, host: one.host })
    const asked = spooled ? { ...one, required: true } : one
    return { client: factory(asked, { ...deps, log, settle }), required: one.required, fates }
  })
