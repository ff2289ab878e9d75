import type { ThrottleOptions } from '../throttle/throttle-options.ts'
import { record } from './decoder.ts'
import { duration, integer } from './scalars.ts'

const SHORTEST_WINDOW_MS = 1000
const LONGEST_WINDOW_MS = 24 * 3_600_000
const window = { min: SHORTEST_WINDOW_MS, max: LONGEST_WINDOW_MS }

/** `throttle:`; null when nothing in it limits anything. */
export const throttleSection = record(
  {
    /** 0: no limit for one object and reason. */
    lines: integer(0, { min: 0, max: 1_000_000 }),
    window: duration(600_000, window),
    /** 0: no limit for a namespace. */
    namespace_lines: integer(0, { min: 0, max: 1_000_000_000 }),
    namespace_window: duration(60_000, window),
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
