import { formatSize, parseSize } from './byte-size.ts'
import { closest } from './closest.ts'
import { formed, nameRule, scalar, wrong, type Decoder, type NameRule, type Parsed } from './decoder.ts'
import { durationForm, INTEGER, SIZE, textForm, YAML_11_BOOLEAN, type Form } from './form.ts'
import { formatDuration, parseDuration } from './go-duration.ts'

const withAbsent = (form: Form, absent: string): Form => (absent === '' ? form : { ...form, absent })

/** Any text. Plain `on`, `0123` or `5` is the text as written, because text is expected. */
export const text = (absent = ''): Decoder<string> =>
  formed(
    scalar(absent, 'text', (value) => ({ value })),
    withAbsent(textForm(), absent),
  )

/** Text that `check` finds nothing wrong with. */
export const checkedText = (expected: string, check: NameRule, absent = ''): Decoder<string> =>
  formed(
    scalar(absent, expected, (value) => {
      const bad = check(value)
      return bad === null ? { value } : { wrong: bad }
    }),
    withAbsent(textForm(check.pattern), absent),
  )

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/

/** A YAML 1.1 boolean: true, yes, on, y and their opposites, in three spellings of case; quoted only `true` and `false`. */
export const flag = (absent: boolean): Decoder<boolean> =>
  formed(
    scalar(absent, 'true or false', (value, quoted) => {
      if (quoted ? value === 'true' : TRUE.test(value)) return { value: true }
      if (quoted ? value === 'false' : FALSE.test(value)) return { value: false }
      return wrong('BAD_TYPE', 'true or false')
    }),
    {
      type: 'boolean',
      schema: { type: ['boolean', 'string'], pattern: `^(?:${YAML_11_BOOLEAN}|true|false)$` },
      absent,
    },
  )

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

const boundsForm = ({ min, max }: Bounds): object =>
  max === undefined ? { minimum: min } : { minimum: min, maximum: max }

const within = (value: number, { min, max = Infinity }: Bounds): boolean => value >= min && value <= max

/** A whole number within bounds. */
export const integer = (absent: number, bounds: Bounds): Decoder<number> => {
  const expected = `a whole number${boundsText(bounds, String)}`
  const decoder = scalar(absent, expected, (value) => {
    const number = parseInteger(value)
    if (number === null) return wrong('BAD_TYPE', expected)
    return within(number, bounds) ? { value: number } : wrong('BAD_VALUE', expected)
  })
  const schema = { type: ['integer', 'string'], ...boundsForm(bounds), pattern: `^${INTEGER}$` }
  return formed(decoder, { type: 'number', schema, absent })
}

/** A number above 0, with or without a fraction. */
export const decimalNumber = (absent: number): Decoder<number> => {
  const expected = 'a number above 0'
  const decoder = scalar(absent, expected, (value) => {
    const number = /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(value) ? Number(value) : parseInteger(value)
    if (number === null) return wrong('BAD_TYPE', expected)
    return number > 0 && Number.isFinite(number) ? { value: number } : wrong('BAD_VALUE', expected)
  })
  return formed(decoder, { type: 'number', schema: { type: ['number', 'string'], exclusiveMinimum: 0 }, absent })
}

const bareNumber = 'a bare number has no unit; Promtail would take it as nanoseconds'

/** Milliseconds of a duration in Go's syntax, within bounds given in milliseconds. */
export const duration = (absentMs: number, bounds: Bounds = { min: 0 }): Decoder<number> => {
  const limits = bounds.min === 0 && bounds.max === undefined ? '' : boundsText(bounds, formatDuration)
  const expected = `a duration such as 300ms, 10s or 1h30m${limits}`
  const decoder = scalar(absentMs, expected, (value): Parsed<number> => {
    const ms = parseDuration(value)
    if (ms === null) return wrong('BAD_DURATION', expected, /^[\d._]+$/.test(value) ? bareNumber : undefined)
    return within(ms, bounds) ? { value: ms } : wrong('BAD_DURATION', expected)
  })
  return formed(decoder, { ...durationForm(bounds.min === 0), absent: formatDuration(absentMs) })
}

/** Bytes: a whole number, or text such as 256KB (1024 bytes to the KB), within bounds. */
export const size = (absentBytes: number, bounds: Bounds): Decoder<number> => {
  const expected = `a size in bytes such as 1048576, 256KB or 1MB${boundsText(bounds, formatSize)}`
  const decoder = scalar(absentBytes, expected, (value) => {
    const bytes = parseInteger(value) ?? parseSize(value)
    if (bytes !== null) return within(bytes, bounds) ? { value: bytes } : wrong('BAD_SIZE', expected)
    return wrong('BAD_SIZE', expected, /[kmgtp]ib?$/i.test(value) ? '1KB is 1024 bytes here' : undefined)
  })
  const schema = { type: ['integer', 'string'], ...boundsForm(bounds), pattern: `^(?:${SIZE}|${INTEGER})$` }
  return formed(decoder, { type: 'size', schema, absent: formatSize(absentBytes) })
}

/** One of a few words. */
export const oneOf = <T extends string>(words: readonly T[], absent: T): Decoder<T> => {
  const expected = `one of ${words.join(', ')}`
  const decoder = scalar(absent, expected, (value) => {
    const found = words.find((word) => word === value)
    if (found !== undefined) return { value: found }
    const meant = closest(value, words)
    return wrong('BAD_VALUE', expected, meant === null ? undefined : `did you mean \`${meant}\`?`)
  })
  return formed(decoder, withAbsent({ type: words.join(', '), schema: { enum: words } }, absent))
}

/** A label name that Loki takes in a stream's label text: letters, digits and underscores, no digit first. */
export const labelName = nameRule('^[a-zA-Z_][a-zA-Z0-9_]*$', {
  code: 'BAD_LABEL',
  expected: 'a label name of letters, digits and underscores',
})
