/** A piece of JSON Schema (draft-07). */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What a decoder takes, told to editors and to readers of the reference. Never narrower than the decoder itself. */
export type Form = {
  /** In the words of docs/configuration.md: `duration`, `text`. */
  readonly type: string
  /** Of the values; null, which is the same as no key, is not among them. */
  readonly schema: JsonSchema
  /** What no key means, as it would be written; absent where there is no such value. */
  readonly absent?: string | number | boolean
}

/** What a key is for. */
export type About = {
  /** Its meaning and what follows from a value, in Markdown of one line. */
  readonly says: string
  /** A value, as YAML of one line. */
  readonly example: string
  /** In place of the form's words. */
  readonly type?: string
  /** What no key means, where that is no value. */
  readonly default?: string
  /** Of a mapping: its keys are told in one row, because they are told elsewhere. */
  readonly whole?: true
}

/** Text, also where YAML sees a number or a boolean. */
export const textForm = (pattern?: string, type = 'text'): Form => ({
  type,
  schema: { type: ['string', 'number', 'boolean'], ...(pattern === undefined ? {} : { pattern }) },
})

/** Text that starts like an http or https URL. */
export const URL_FORM: Form = { type: 'URL', schema: { type: 'string', pattern: '^[hH][tT][tT][pP][sS]?://[^/?#]' } }

/** A pattern for a word in any case. */
export const anyCase = (word: string): string =>
  word.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)

/** Booleans of YAML 1.1 that are text to YAML 1.2, which editors read. */
export const YAML_11_BOOLEAN = '[yY]|yes|Yes|YES|[nN]|no|No|NO|on|On|ON|off|Off|OFF'
export const INTEGER = '[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|0[0-7_]+|0|[1-9][0-9_]*)'
export const DURATION = '\\+?(?:0|(?:(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)'

const LARGE_UNITS = ['kilo', 'mega', 'giga', 'tera', 'peta'].map(anyCase).join('|')
export const SIZE = `\\s*[0-9]+\\s*(?:[bB]|[kmgtpKMGTP][bB]?|(?:${LARGE_UNITS})(?:${anyCase('byte')}[sS]?)?)?\\s*`

export const durationForm = (zeroAllowed: boolean): Form => ({
  type: 'duration',
  // A bare 0 is the only number.
  schema: zeroAllowed
    ? { type: ['string', 'integer'], pattern: `^${DURATION}$`, minimum: 0, maximum: 0 }
    : { type: 'string', pattern: `^${DURATION}$` },
})
