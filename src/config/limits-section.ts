import { documented, ignored, record } from './decoder.ts'
import { size } from './scalars.ts'

const NO_RATE = 'events are not limited in lines per second; pushes are paced by the clients'

/** `limits_config`: the longest line in bytes; 0 = not said here. */
export const limitsSection = record(
  {
    max_line_size: documented(size(0, { min: 0, max: 64 * 1024 * 1024 }), {
      says: 'For scrape configs that set none. 0: the default.',
      example: '128KB',
      default: '256KB',
    }),
    max_line_size_truncate: ignored('a line that is too long is always cut'),
    max_streams: ignored('Promtail counts streams per batch; see max_streams of kubernetes_events'),
    readline_rate: ignored(NO_RATE),
    readline_burst: ignored(NO_RATE),
    readline_rate_enabled: ignored(NO_RATE),
    readline_rate_drop: ignored(NO_RATE),
  },
  (values): number => values.max_line_size,
)
