import { parseSize } from './byte-size.ts'
import { listOf, wrong, type Decoder, type Parsed } from './decoder.ts'
import { parseGoFloat } from '../logql/go-float.ts'
import { parseDuration } from './go-duration.ts'
import { described, isAbsent, report, scalarOf, type Place } from './place.ts'
import { parseInteger } from './scalars.ts'
import { decimal, yamlKind, type YamlKind } from './yaml-kind.ts'

/** A value whose kind YAML has decided. `parse` gets its text, numbers in decimal; null when the kind does not do. */
const typed = <T>(
  absent: T,
  expected: string,
  parse: (text: string, kind: YamlKind) => Parsed<T> | null,
): Decoder<T> => ({
  read: (place) => {
    if (isAbsent(place)) return absent
    const kind = yamlKind(place.node)
    const found = scalarOf(place)
    const parsed = found === null ? null : parse(decimal(found.text, kind), kind)
    if (parsed !== null && 'value' in parsed) return parsed.value
    const quote = kind === 'text' ? '' : ` (a ${kind}; quote it if it is text)`
    const { code, expected: wanted, hint } = parsed?.wrong ?? { code: 'BAD_TYPE' as const, expected, hint: undefined }
    const why = parsed === null && found !== null ? quote : hint === undefined ? '' : ` (${hint})`
    report(place, code, `expected ${wanted}, got ${described(place)}${why}`)
    return absent
  },
})

/** Text, and nothing that YAML takes for a number or a boolean: those Promtail refuses. */
export const strictText = (absent = ''): Decoder<string> =>
  typed(absent, 'text', (value, kind) => (kind === 'text' ? { value } : null))

/** Text that `check` accepts; else `check` tells what was expected and why. */
export const checkedStrictText = (
  expected: string,
  check: (value: string) => string | null,
  absent = '',
): Decoder<string> =>
  typed(absent, expected, (value, kind) => {
    if (kind !== 'text') return null
    const why = check(value)
    return why === null ? { value } : wrong('BAD_VALUE', expected, why)
  })

/** Text, or what is written as text: a boolean is 1 or 0, a number its decimal digits. */
export const weakText = (absent = ''): Decoder<string> =>
  typed(absent, 'text', (value, kind) => ({
    value: kind === 'boolean' ? (isTrue(value) ? '1' : '0') : value,
  }))

const TRUE = /^(?:y|yes|on|true)$/i

/** Of a plain boolean of YAML 1.1. */
export const isTrue = (text: string): boolean => TRUE.test(text)

/** A plain boolean of YAML 1.1. */
export const strictFlag = (absent: boolean): Decoder<boolean> =>
  typed(absent, 'true or false', (value, kind) => (kind === 'boolean' ? { value: isTrue(value) } : null))

/** Go's strconv.ParseBool; empty text is false. */
const parseBoolText = (value: string): boolean | null => {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true
  return /^(?:|0|f|F|FALSE|false|False)$/.test(value) ? false : null
}

/** A boolean, a number that is zero or not, or text such as true, t or 1. */
export const weakFlag = (absent: boolean): Decoder<boolean> =>
  typed(absent, 'true or false', (value, kind) => {
    if (kind === 'boolean') return { value: isTrue(value) }
    if (kind !== 'text') return { value: Number(value) !== 0 }
    const flag = parseBoolText(value)
    return flag === null ? wrong('BAD_TYPE', 'true or false') : { value: flag }
  })

const numberOf = (text: string): number | null => {
  const parsed = parseGoFloat(text)
  return parsed.kind === 'ok' ? parsed.value : null
}

/** A number, and no text that looks like one. */
export const strictNumber = (absent: number): Decoder<number> =>
  typed(absent, 'a number', (value, kind) =>
    kind === 'number' || kind === 'whole number' ? { value: numberOf(value) ?? absent } : null,
  )

/** A number, a boolean (1 or 0), or text that is a number; empty text is 0. */
export const weakNumber = (absent: number): Decoder<number> =>
  typed(absent, 'a number', (value, kind) => {
    if (kind === 'boolean') return { value: isTrue(value) ? 1 : 0 }
    const number = numberOf(value || '0')
    return number === null ? wrong('BAD_TYPE', 'a number') : { value: number }
  })

/** A number without its fraction, a boolean (1 or 0), or text that is a whole number in any of Go's bases. */
export const weakInteger = (absent: number): Decoder<number> =>
  typed(absent, 'a whole number', (value, kind) => {
    if (kind === 'boolean') return { value: isTrue(value) ? 1 : 0 }
    const number = kind === 'text' ? parseInteger(value || '0') : Math.trunc(numberOf(value) ?? 0)
    return number === null ? wrong('BAD_TYPE', 'a whole number') : { value: number }
  })

/** Milliseconds of a duration in Go's syntax; null when absent. */
export const weakDuration: Decoder<number | null> = typed<number | null>(null, 'a duration', (value) => {
  const ms = parseDuration(value)
  return ms === null ? wrong('BAD_DURATION', 'a duration such as 300ms, 10s or 1h30m') : { value: ms }
})

/** Bytes of a size such as 8kb (8192); null when absent. */
export const weakSize: Decoder<number | null> = typed<number | null>(null, 'a size', (value) => {
  const bytes = parseSize(value)
  return bytes === null ? wrong('BAD_SIZE', 'a size in bytes such as 1048576, 256KB or 1MB') : { value: bytes }
})

/** One of a few words. */
export const strictWord = <T extends string>(words: readonly T[], absent: T): Decoder<T> =>
  typed(absent, `one of ${words.join(', ')}`, (value, kind) => {
    if (kind !== 'text') return null
    const found = words.find((word) => word === value)
    return found === undefined ? wrong('BAD_VALUE', `one of ${words.join(', ')}`) : { value: found }
  })

/** A list of texts. */
export const strictTexts: Decoder<readonly string[]> = listOf(strictText())

/** A list of texts, or a single one. */
export const weakTexts: Decoder<readonly string[]> = {
  read: (place: Place) => (scalarOf(place) === null ? listOf(weakText()).read(place) : [weakText().read(place)]),
}
