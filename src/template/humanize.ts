import { formatFloat } from './float-text.ts'
import { timeText } from './time-value.ts'
import type { TimeValue } from './values.ts'

/** Four significant digits: Go's `%.4g`. */
export const general = (value: number): string => formatFloat(value, 'g', 4)

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']

/** A number brought below `base` by the prefixes of one list. */
const scaledDown = (value: number, base: number, prefixes: readonly string[]): string => {
  let scaled = value
  let prefix = ''
  for (const next of prefixes) {
    if (Math.abs(scaled) < base) break
    prefix = next
    scaled /= base
  }
  return general(scaled) + prefix
}

const scaledUp = (value: number): string => {
  let scaled = value
  let prefix = ''
  for (const next of SMALL) {
    if (Math.abs(scaled) >= 1) break
    prefix = next
    scaled *= 1000
  }
  return general(scaled) + prefix
}

/** With metric prefixes: `1.235M`. */
export const humanize = (value: number): string => {
  if (value === 0 || !Number.isFinite(value)) return general(value)
  return Math.abs(value) >= 1 ? scaledDown(value, 1000, LARGE) : scaledUp(value)
}

/** With binary prefixes: `1.5Ki`. */
export const humanize1024 = (value: number): string => {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return general(value)
  const prefixes = LARGE.map((prefix) => `${prefix}i`)
  return scaledDown(value, 1024, prefixes)
}

/** Seconds as `1d 2h 3m 4s`, or with a prefix below one second. */
export const humanizeDuration = (value: number): string => {
  if (!Number.isFinite(value)) return general(value)
  if (value === 0) return `${general(value)}s`
  if (Math.abs(value) < 1) return `${scaledUp(value)}s`
  const sign = value < 0 ? '-' : ''
  const total = Math.trunc(Math.abs(value))
  const [days, hours] = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24]
  const [minutes, seconds] = [Math.floor(total / 60) % 60, total % 60]
  if (days !== 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
  if (hours !== 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
  if (minutes !== 0) return `${sign}${minutes}m ${seconds}s`
  return `${sign}${general(Math.abs(value))}s`
}

/** A ratio: `12.35%`. */
export const humanizePercentage = (value: number): string => `${general(value * 100)}%`

/** `2024-05-01 10:20:30 +0000 UTC` */
export const timestampText = (time: TimeValue): string => timeText(time)
