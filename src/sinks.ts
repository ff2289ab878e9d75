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
export type Sink = { readonly client: LokiClient; readonly fates: Readonly<Record<Fate, number>> }

/** Builds every client. Fates of a client that is not required move no position. */
export const createSinks = (
  options: readonly ClientOptions[],
  factory: ClientFactory,
  deps: SinkDeps & { readonly settle: (sequence: number) => void },
): readonly Sink[] =>
  options.map((one) => {
    const fates: Record<Fate, number> = { sent: 0, rejected: 0, dropped: 0 }
    const settle: Settle = (sequence, fate) => {
      fates[fate] += 1
      if (one.required) deps.settle(sequence)
    }
    const log = deps.log.with({ component: 'loki', client: one.name, host: one.host })
    return { client: factory(one, { ...deps, log, settle }), fates }
  })
