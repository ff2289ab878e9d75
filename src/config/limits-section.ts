import type { LineRate } from '../stages/limit.ts'
import { documented, ignored, record } from './decoder.ts'
import { decimalNumber, flag, integer, size } from './scalars.ts'

export type LimitsOptions = {
  /** The longest line in bytes; 0 = not said here. */
  readonly maxLineBytes: number
  /** Null: lines per second are not limited. */
  readonly lineRate: LineRate | null
}

/** `limits_config` (clients/pkg/promtail/limit/config.go). */
export const limitsSection = record(
  {
    max_line_size: documented(size(0, { min: 0, max: 64 * 1024 * 1024 }), {
      says: 'For scrape configs that set none. 0: the default.',
      example: '128KB',
      default: '256KB',
    }),
    max_line_size_truncate: documented(flag(true), {
      says: 'A line that is too long is cut; `false` is accepted and changes nothing: no event is dropped for its length.',
      example: 'true',
    }),
    max_streams: ignored('Promtail counts streams per batch; see max_streams of kubernetes_events'),
    readline_rate: documented(decimalNumber(10_000), { says: 'Entries per second.', example: '500' }),
    readline_burst: documented(integer(10_000, { min: 1, max: 1_000_000_000 }), {
      says: 'Entries at once.',
      example: '1000',
    }),
    readline_rate_enabled: documented(flag(false), {
      says: 'Limits entries per second behind the pipelines of all scrape configs together.',
      example: 'true',
    }),
    readline_rate_drop: documented(flag(true), {
      says: 'What is too much is dropped, and counted in `logentry_dropped_lines_total` as `global_rate_limiter_drop`; `false`: the source waits, and the API server keeps the events.',
      example: 'false',
    }),
  },
  (values, section): LimitsOptions => {
    if (!values.max_line_size_truncate) {
      section.warn('max_line_size_truncate', 'accepted, without effect: a line that is too long is cut, never dropped')
    }
    const { readline_rate: perSecond, readline_burst: burst, readline_rate_drop: drop } = values
    if (!values.readline_rate_enabled) return { maxLineBytes: values.max_line_size, lineRate: null }
    if (drop) {
      const why = 'drops by the time events arrive: one that is read again after a restart may fare otherwise'
      section.warn('readline_rate_enabled', why)
    }
    return { maxLineBytes: values.max_line_size, lineRate: { perSecond, burst, drop } }
  },
)
