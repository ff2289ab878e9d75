import { formatGoTime } from '../gotime/format.ts'
import type { TimeValue } from './values.ts'

/** Go's Time.String. */
export const timeText = (time: TimeValue): string =>
  formatGoTime('2006-01-02 15:04:05.999999999 -0700 MST', time.ns, time.zone)
