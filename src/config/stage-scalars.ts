import { parseSize } from './byte-size.ts'
import { formed, listOf, wrong, type Decoder, type Parsed } from './decoder.ts'
import { anyCase, DURATION, INTEGER, SIZE, YAML_11_BOOLEAN, type Form } from './form.ts'
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

const STRICT_TEXT: Form = { type: 'text', schema: { type: 'string' } }
const WEAK_TEXT: Form = { type: 'text', schema: { type: ['string', 'number', 'boolean'] } }
const STRICT_FLAG: Form = {
  type: 'boolean',
  schema: { type: ['boolean', 'string'], pattern: `^(?:${YAML_11_BOOLEAN})$` },
}
const WEAK_FLAG: Form = {
  type: 'boolean',
  schema: {
    type: ['boolean', 'number', 'string'],
    pattern: `^(?:|[01tTfF]|true|True|TRUE|false|False|FALSE|${YAML_11_BOOLEAN})$`,
  },
}
/** As `strconv.ParseFloat` reads it, or nothing at all. */
const NUMBER =
  '|[-+]?(?:[0-9][0-9_]*\\.?[0-9_]*|\\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?' +
  '|[-+]?0[xX][0-9a-fA-F_]*\\.?[0-9a-fA-F_]*[pP][-+]?[0-9]+' +
  `|[-+]?\\.?${anyCase('inf')}(?:${anyCase('inity')})?|\\.?${anyCase('nan')}`
const WEAK_NUMBER: Form = {
  type: 'number',
  schema: { type: ['number', 'boolean', 'string'], pattern: `^(?:${NUMBER}|${INTEGER}|${YAML_11_BOOLEAN})$` },
}
const STRICT_NUMBER: Form = {
  type: 'number',
  schema: {
    type: ['number', 'string'],
    pattern: `^(?:${INTEGER}|[-+]?[0-9_]+\\.?[0-9_]*|[-+]?\\.(?:inf|Inf|INF|nan|NaN|NAN))$`,
  },
}
const WEAK_DURATION: Form = {
  type: 'duration',
  schema: { type: ['string', 'integer'], pattern: `^${DURATION}$`, minimum: 0, maximum: 0 },
}
const WEAK_SIZE: Form = { type: 'size', schema: { type: ['integer', 'string'], minimum: 0, pattern: `^(?:${SIZE})$` } }

/** Text, and nothing that YAML takes for a number or a boolean: those Promtail refuses. */
export const strictText = (absent = ''): Decoder<string> =>
  formed(
    typed(absent, 'text', (value, kind) => (kind === 'text' ? { value } : null)),
    STRICT_TEXT,
  )

/** Text that `check` accepts; else `check` tells what was expected and why. */
export const checkedStrictText = (
  expected: string,
  check: (value: string) => string | null,
  absent = '',
): Decoder<string> =>
  formed(
    typed(absent, expected, (value, kind) => {
      if (kind !== 'text') return null
      const why = check(value)
      return why === null ? { value } : wrong('BAD_VALUE', expected, why)
    }),
    STRICT_TEXT,
  )

/** Text, or what is written as text: a boolean is 1 or 0, a number its decimal digits. */
export const weakText = (absent = ''): Decoder<string> =>
  formed(
    typed(absent, 'text', (value, kind) => ({
      value: kind === 'boolean' ? (isTrue(value) ? '1' : '0') : value,
    })),
    WEAK_TEXT,
  )

const TRUE = /^(?:y|yes|on|true)$/i

/** Of a plain boolean of YAML 1.1. */
export const isTrue = (text: string): boolean => TRUE.test(text)

/** A plain boolean of YAML 1.1. */
export const strictFlag = (absent: boolean): Decoder<boolean> =>
  formed(
    typed(absent, 'true or false', (value, kind) => (kind === 'boolean' ? { value: isTrue(value) } : null)),
    { ...STRICT_FLAG, absent },
  )

/** Go's strconv.ParseBool; empty text is false. */
const parseBoolText = (value: string): boolean | null => {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true
  return /^(?:|0|f|F|FALSE|false|False)$/.test(value) ? false : null
}

/** A boolean, a number that is zero or not, or text such as true, t or 1. */
export const weakFlag = (absent: boolean): Decoder<boolean> =>
  formed(
    typed(absent, 'true or false', (value, kind) => {
      if (kind === 'boolean') return { value: isTrue(value) }
      if (kind !== 'text') return { value: Number(value) !== 0 }
      const flag = parseBoolText(value)
      return flag === null ? wrong('BAD_TYPE', 'true or false') : { value: flag }
    }),
    { ...WEAK_FLAG, absent },
  )

const numberOf = (text: string): number | null => {
  const parsed = parseGoFloat(text)
  return parsed.kind === 'ok' ? parsed.value : null
}

/** A number, and no text that looks like one. */
export const strictNumber = (absent: number): Decoder<number> =>
  formed(
    typed(absent, 'a number', (value, kind) =>
      kind === 'number' || kind === 'whole number' ? { value: numberOf(value) ?? absent } : null,
    ),
    STRICT_NUMBER,
  )

/** A number, a boolean (1 or 0), or text that is a number; empty text is 0. */
export const weakNumber = (absent: number): Decoder<number> =>
  formed(
    typed(absent, 'a number', (value, kind) => {
      if (kind === 'boolean') return { value: isTrue(value) ? 1 : 0 }
      const number = numberOf(value || '0')
      return number === null ? wrong('BAD_TYPE', 'a number') : { value: number }
    }),
    WEAK_NUMBER,
  )

/** A number without its fraction, a boolean (1 or 0), or text that is a whole number in any of Go's bases. */
export const weakInteger = (absent: number): Decoder<number> =>
  formed(
    typed(absent, 'a whole number', (value, kind) => {
      if (kind === 'boolean') return { value: isTrue(value) ? 1 : 0 }
      const number = kind === 'text' ? parseInteger(value || '0') : Math.trunc(numberOf(value) ?? 0)
      return number === null ? wrong('BAD_TYPE', 'a whole number') : { value: number }
    }),
    WEAK_NUMBER,
  )

/** Milliseconds of a duration in Go's syntax; null when absent. */
export const weakDuration: Decoder<number | null> = formed(
  typed<number | null>(null, 'a duration', (value) => {
    const ms = parseDuration(value)
    return ms === null ? wrong('BAD_DURATION', 'a duration such as 300ms, 10s or 1h30m') : { value: ms }
  }),
  WEAK_DURATION,
)

/** Bytes of a size such as 8kb (8192); null when absent. */
export const weakSize: Decoder<number | null> = formed(
  typed<number | null>(null, 'a size', (value) => {
    const bytes = parseSize(value)
    return bytes === null ? wrong('BAD_SIZE', 'a size in bytes such as 1048576, 256KB or 1MB') : { value: bytes }
  }),
  WEAK_SIZE,
)

/** One of a few words. */
export const strictWord = <T extends string>(words: readonly T[], absent: T): Decoder<T> =>
  formed(
    typed(absent, `one of ${words.join(', ')}`, (value, kind) => {
      if (kind !== 'text') return null
      const found = words.find((word) => word === value)
      return found === undefined ? wrong('BAD_VALUE', `one of ${words.join(', ')}`) : { value: found }
    }),
    { type: words.join(', '), schema: { enum: words }, absent },
  )

/** A list of texts. */
export const strictTexts: Decoder<readonly string[]> = listOf(strictText())

/** A text, or a list of texts. */
export const TEXTS_FORM: Form = {
  type: 'text or list',
  schema: { type: ['string', 'number', 'boolean', 'array'], items: { type: ['string', 'number', 'boolean', 'null'] } },
}

/** A list of texts, or a single one. */
export const weakTexts: Decoder<readonly string[]> = {
  form: TEXTS_FORM,
  read: (place: Place) => (scalarOf(place) === null ? listOf(weakText()).read(place) : [weakText().read(place)]),
}
