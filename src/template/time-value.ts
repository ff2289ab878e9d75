import { formatGoTime } from '../gotime/format.ts'
import { TemplateFailure } from './functions.ts'
import type { TimeValue } from './values.ts'

/** What finding the offset and the name of a zone costs, next to copying a character. */
export const TIME_STEPS = 512

/** Longer layouts are none. */
const MAX_LAYOUT = 1000

/** A layout that may be used; its price is paid. @throws TemplateFailure for one that is too long */
export const checkedLayout = (layout: string, spend: (steps: number) => void): string => {
  if (layout.length > MAX_LAYOUT) throw new TemplateFailure(`layout longer than ${MAX_LAYOUT} characters`)
  spend(TIME_STEPS + layout.length * 16)
  return layout
}

/** Go's Time.String. */
export const timeText = (time: TimeValue): string =>
  formatGoTime('2006-01-02 15:04:05.999999999 -0700 MST', time.ns, time.zone)
