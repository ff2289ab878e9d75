import { formatSize, parseSize } from './byte-size.ts'
import { closest } from './closest.ts'
import { scalar, wrong, type Decoder, type Parsed, type Wrong } from './decoder.ts'
import { formatDuration, parseDuration } from './go-duration.ts'

/** Any text. Plain `on`, `0123` or `5` is the text as written, because text is expected. */
export const text = (absent = ''): Decoder<string> => scalar(absent, 'text', (value) => ({ value }))

/** Text that `check` finds nothing wrong with. */
export const checkedText = (expected: string, check: (value: string) => Wrong | null, absent = ''): Decoder<string> =>
  scalar(absent, expected, (value) => {
    const bad = check(value)
    return bad === null ? { value } : { wrong: bad }
  })

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/

/** A YAML 1.1 boolean: true, yes, on, y and their opposites, in three spellings of case; quoted only `true` and `false`. */
export const flag = (absent: boolean): Decoder<boolean> =>
  scalar(absent, 'true or false', (value, quoted) => {
    if (quoted ? value === 'true' : TRUE.test(value)) return { value: true }
    if (quoted ? value === 'false' : FALSE.test(value)) return { value: false }
    return wrong('BAD_TYPE', 'true or false')
  })

/** A YAML 1.1 integer as Go reads it: `1_000`, `0x1F`, `0b10`, `0o17`, and octal `0123`. Null when it is none. */
export const parseInteger = (value: string): number | null => {
  const match = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|0[0-7_]+|0|[1-9][0-9_]*)$/.exec(value)
  if (match === null) return null
  const digits = (match[2] ?? '').replaceAll('_', '').replace(/^0(?=[0-7])/, '0o')
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number * (match[1] === '-' ? -1 : 1) + 0 : null
}

export type Bounds = { readonly min: number; readonly max?: number }

const boundsText = ({ min, max }: Bounds, show: (value: number) => string): string =>
  max === undefined ? `, at least ${show(min)}` : `, ${show(min)} to ${show(max)}`

const within = (value: number, { min, max = Infinity }: Bounds): boolean => value >= min && value <= max

/** A whole number within bounds. */
export const integer = (absent: number, bounds: Bounds): Decoder<number> => {
  const expected = `a whole number${boundsText(bounds, String)}`
  return scalar(absent, expected, (value) => {
    const number = parseInteger(value)
    if (number === null) return wrong('BAD_TYPE', expected)
    return within(number, bounds) ? { value: number } : wrong('BAD_VALUE', expected)
  })
}

/** A number above 0, with or without a fraction. */
export const decimalNumber = (absent: number): Decoder<number> => {
  const expected = 'a number above 0'
  return scalar(absent, expected, (value) => {
    const number = /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(value) ? Number(value) : parseInteger(value)
    if (number === null) return wrong('BAD_TYPE', expected)
    return number > 0 && Number.isFinite(number) ? { value: number } : wrong('BAD_VALUE', expected)
  })
}

const bareNumber = 'a bare number has no unit; Promtail would take it as nanoseconds'

/** Milliseconds of a duration in Go's syntax, within bounds given in milliseconds. */
export const duration = (absentMs: number, bounds: Bounds = { min: 0 }): Decoder<number> => {
  const limits = bounds.min === 0 && bounds.max === undefined ? '' : boundsText(bounds, formatDuration)
  const expected = `a duration such as 300ms, 10s or 1h30m${limits}`
  return scalar(absentMs, expected, (value): Parsed<number> => {
    const ms = parseDuration(value)
    if (ms === null) return wrong('BAD_DURATION', expected, /^[\d._]+$/.test(value) ? bareNumber : undefined)
    return within(ms, bounds) ? { value: ms } : wrong('BAD_DURATION', expected)
  })
}

/** Bytes: a whole number, or text such as 256KB (1024 bytes to the KB), within bounds. */
export const size = (absentBytes: number, bounds: Bounds): Decoder<number> => {
  const expected = `a size in bytes such as 1048576, 256KB or 1MB${boundsText(bounds, formatSize)}`
  return scalar(absentBytes, expected, (value) => {
    const bytes = parseInteger(value) ?? parseSize(value)
    if (bytes !== null) return within(bytes, bounds) ? { value: bytes } : wrong('BAD_SIZE', expected)
    return wrong('BAD_SIZE', expected, /[kmgtp]ib?$/i.test(value) ? '1KB is 1024 bytes here' : undefined)
  })
}

/** One of a few words. */
export const oneOf = <T extends string>(words: readonly T[], absent: T): Decoder<T> => {
  const expected = `one of ${words.join(', ')}`
  return scalar(absent, expected, (value) => {
    const found = words.find((word) => word === value)
    if (found !== undefined) return { value: found }
    const meant = closest(value, words)
    return wrong('BAD_VALUE', expected, meant === null ? undefined : `did you mean \`${meant}\`?`)
  })
}

/** A label name that Loki takes in a stream's label text: letters, digits and underscores, no digit first. */
export const labelName = (name: string): Wrong | null =>
  /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
    ? null
    : { code: 'BAD_LABEL', expected: 'a label name of letters, digits and underscores' }
