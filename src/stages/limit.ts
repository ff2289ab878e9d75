import { type Decoder, documented } from '../config/decoder.ts'
import { warn } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { weakFlag, weakInteger, weakNumber, weakText } from '../config/stage-scalars.ts'
import type { Stage, StagePlan, StageWorld } from './stage.ts'
import { TokenBucket } from './token-bucket.ts'

const REASON = 'ratelimit_drop_stage'
const INVALID = 'limit stage failed to parse rate or burst'

/** Promtail's least number of label values that have a bucket of their own. */
const MIN_DISTINCT = 10_000

/** As many buckets as asked for; when there are more, those unused since the last such time are forgotten. */
class Buckets {
  readonly #create: () => TokenBucket
  readonly #max: number
  #young = new Map<string, TokenBucket>()
  #old = new Map<string, TokenBucket>()

  constructor(max: number, create: () => TokenBucket) {
    this.#max = max
    this.#create = create
  }

  of(value: string): TokenBucket {
    const bucket = this.#young.get(value) ?? this.#old.get(value) ?? this.#create()
    if (this.#young.size >= this.#max && !this.#young.has(value)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(value, bucket)
    return bucket
  }
}

type Options = {
  readonly rate: number
  readonly burst: number
  readonly drop: boolean
  readonly by_label_name: string
  readonly max_distinct_labels: number
}

const byLabel = (options: Options, { clock, metrics }: StageWorld): Stage => {
  const { rate, burst, by_label_name: name } = options
  const max = Math.max(MIN_DISTINCT, options.max_distinct_labels)
  const buckets = new Buckets(max, () => new TokenBucket(rate, burst, clock.monotonicMs()))
  const count = metrics.dropped(REASON)
  return ({ labels }) => {
    const value = labels.get(name)
    if (value === undefined || buckets.of(value).allow(clock.monotonicMs())) return true
    count()
    metrics.droppedByLabel(name, value)
    return false
  }
}

/** Takes a token for each entry; what finds none is counted and dropped, or (`reason` null) the source is held back. */
const bounded = (bucket: TokenBucket, reason: string | null, { clock, metrics, hold }: StageWorld): Stage => {
  const count = reason === null ? null : metrics.dropped(reason)
  return () => {
    const nowMs = clock.monotonicMs()
    if (count === null) {
      const owedMs = bucket.reserveMs(nowMs)
      if (owedMs > 0) hold(nowMs + owedMs)
      return true
    }
    if (bucket.allow(nowMs)) return true
    count()
    return false
  }
}

const overall = ({ rate, burst, drop }: Options, world: StageWorld): Stage =>
  bounded(new TokenBucket(rate, burst, world.clock.monotonicMs()), drop ? REASON : null, world)

/** What limits_config says of lines, for all pipelines of the process together. */
export type LineRate = { readonly perSecond: number; readonly burst: number; readonly drop: boolean }

/** `limits_config.readline_*`: a last stage that all pipelines share, as in Promtail. */
export const lineRatePlan = ({ perSecond, burst, drop }: LineRate): StagePlan => {
  let shared: TokenBucket | null = null
  return {
    name: 'limits_config.readline_rate',
    build: (world) => {
      shared ??= new TokenBucket(perSecond, burst, world.clock.monotonicMs())
      return bounded(shared, drop ? 'global_rate_limiter_drop' : null, world)
    },
  }
}

/**
 * `limit`: entries per second, in all or for each value of a label. What is too much is dropped, or (without `drop`) the
 * source is held back until the bucket has refilled.
 */
export const limitStage: Decoder<StagePlan> = stageOptions(
  {
    rate: documented(weakNumber(0), { says: 'Entries per second.', example: '10', default: 'required' }),
    burst: documented(weakInteger(0), { says: 'Entries at once.', example: '100', default: 'required' }),
    drop: documented(weakFlag(false), {
      says: '`true`: what is too much is dropped. `false`: the source waits, and the API server keeps the events.',
      example: 'true',
    }),
    by_label_name: documented(weakText(), {
      says: 'A bucket for each value of this label; with `drop` only.',
      example: 'namespace',
      default: 'one bucket for all',
    }),
    max_distinct_labels: documented(weakInteger(0), {
      says: 'Buckets that are remembered.',
      example: '20000',
      default: '10000',
    }),
  },
  (options, section) => {
    const { rate, burst, drop, by_label_name: label } = options
    if (!(rate > 0)) section.report('rate', 'BAD_VALUE', `${INVALID}: expected a rate above 0`)
    if (!(burst > 0)) section.report('burst', 'BAD_VALUE', `${INVALID}: expected a burst of at least 1`)
    if (label !== '' && !drop) {
      section.report('drop', 'CONFLICT', 'When ratelimiting by label, drop must be true')
    }
    if (drop) {
      warn(
        section.place,
        'limit drops by the time entries arrive: an event read again after a restart may fare otherwise',
      )
    }
    return {
      name: 'limit',
      build: (world) => (label === '' ? overall : byLabel)(options, world),
    }
  },
)
