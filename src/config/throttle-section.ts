import type { ThrottleOptions } from '../throttle/throttle-options.ts'
import { documented, record } from './decoder.ts'
import { duration, integer } from './scalars.ts'

const SHORTEST_WINDOW_MS = 1000
const LONGEST_WINDOW_MS = 24 * 3_600_000
const window = { min: SHORTEST_WINDOW_MS, max: LONGEST_WINDOW_MS }

/** `throttle:`; null when nothing in it limits anything. */
export const throttleSection = record(
  {
    lines: documented(integer(0, { min: 0, max: 1_000_000 }), {
      says: "Lines of one object and reason in each `window`, by the events' own times, and one more that tells how many were suppressed, once as many were; 0: no limit.",
      example: '10',
    }),
    window: documented(duration(600_000, window), { says: 'For `lines`.', example: '5m' }),
    namespace_lines: documented(integer(0, { min: 0, max: 1_000_000_000 }), {
      says: "Lines of one namespace in each `namespace_window`, by the events' own times; 0: no limit.",
      example: '600',
    }),
    namespace_window: documented(duration(60_000, window), { says: 'For `namespace_lines`.', example: '10m' }),
  },
  (values, section): ThrottleOptions | null => {
    const { lines, namespace_lines: namespaceLines } = values
    if (lines + namespaceLines === 0) {
      const isEmpty = !section.names('lines') && !section.names('namespace_lines')
      if (isEmpty) section.warn('lines', 'limits nothing without lines or namespace_lines')
      return null
    }
    return { lines, windowMs: values.window, namespaceLines, namespaceWindowMs: values.namespace_window }
  },
)
