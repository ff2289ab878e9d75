import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { BatchSizer } from './batch-sizer.ts'
import type { Calm } from './calm.ts'
import type { ClientMetrics } from './client-metrics.ts'
import type { ClientOptions } from './client-options.ts'
import type { Endpoint } from './endpoint.ts'
import type { Health } from './health.ts'
import type { Ledger } from './ledger.ts'
import type { Naps } from './naps.ts'
import type { NewestSent } from './newest-sent.ts'
import type { Pacer } from './pacer.ts'
import type { Slots } from './slots.ts'

/** What the lanes of one client share. */
export type LaneContext = {
  readonly options: ClientOptions
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly endpoint: Pick<Endpoint, 'push'>
  readonly metrics: ClientMetrics
  readonly ledger: Ledger
  readonly health: Health
  readonly slots: Slots
  readonly calm: Calm
  readonly pacer: Pacer
  readonly naps: Naps
  readonly newestSent: NewestSent
  readonly sizer: BatchSizer
  /** The fence of leader election, asked right before each push: false while another replica may be sending. */
  readonly mayPush: () => boolean
  /** Ends everything at once. */
  readonly stop: AbortSignal
  /** Aborted once a drain has begun: nothing waits for company any more. */
  readonly draining: AbortSignal
}
