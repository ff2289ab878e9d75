import { type Decoder, documented } from '../config/decoder.ts'
import { report, type Place } from '../config/place.ts'
import { namedOptions, stageOptions } from '../config/stage-options.ts'
import { strictFlag, strictText } from '../config/stage-scalars.ts'
import { parseJmespath, type Search } from '../jmespath/jmespath.ts'
import { jsonText, type Json, type JsonObject } from '../jmespath/json-text.ts'
import { optionalSource } from './options.ts'
import { pure, type Extracted, type StagePlan } from './stage.ts'
import { sourceText } from './text-of.ts'

const expression: Decoder<{ readonly text: string; readonly place: Place }> = {
  ...strictText(),
  read: (place) => ({ text: strictText().read(place), place }),
}

/** What to search for, by the name to extract it under; an empty expression is the name itself. */
const searchesOf = (
  expressions: ReadonlyMap<string, { readonly text: string; readonly place: Place }>,
): readonly (readonly [string, Search])[] =>
  [...expressions].flatMap(([name, { text, place }]) => {
    const parsed = parseJmespath(text === '' ? name : text)
    if (parsed.kind === 'ok') return [[name, parsed.search] as const]
    report(place, 'BAD_VALUE', `could not compile JMES expression: ${parsed.why}`)
    return []
  })

/** Numbers so large may be infinite here, and are refused there. */
const LARGE_NUMBER = /\d[eE]\+?\d{3}|\d{300}/

const hasInfinity = (text: string): boolean => {
  let found = false
  JSON.parse(text, (_, value: unknown) => {
    if (value === Infinity || value === -Infinity) found = true
    return value
  })
  return found
}

const STRING_WITH_ESCAPE = /"((?:[^"\\])*)(\\(?:[^"\\]|\\.)*)"|"[^"\\]*"/gs
const CONTROL = /[\0-\x1f]/g

/** What stands behind the first escape of a string is not looked at by Promtail's reader: it may be a line break. */
const withoutLateControls = (text: string): string =>
  text.replaceAll(STRING_WITH_ESCAPE, (whole: string, before: string | undefined, behind: string | undefined) => {
    if (before === undefined || behind === undefined) return whole
    const escaped = behind.replaceAll(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    return `"${before}${escaped}"`
  })

/** Stands for a line that is `null`. */
const NO_OBJECT: JsonObject = {}

/** The object that the text holds; null when it holds none. */
const objectOf = (text: string): JsonObject | null => {
  const value = jsonOf(text)
  if (value !== undefined || !text.includes('\\') || text.search(CONTROL) < 0) return value ?? null
  return jsonOf(withoutLateControls(text)) ?? null
}

/** An object, or null for anything else; undefined when it is no JSON. */
const jsonOf = (text: string): JsonObject | null | undefined => {
  try {
    const value = JSON.parse(text) as Json
    if (value === null) return NO_OBJECT
    if (typeof value !== 'object' || Array.isArray(value)) return null
    return LARGE_NUMBER.test(text) && hasInfinity(text) ? null : (value as JsonObject)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

/** What is extracted for a value; undefined: nothing. */
const extractedOf = (value: Json): Extracted | undefined => {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  return value === NO_OBJECT ? 'null' : (jsonText(value) ?? undefined)
}

/** `json`: values of a JSON object by JMESPath expressions. */
export const jsonStage: Decoder<StagePlan> = stageOptions(
  {
    expressions: documented(
      namedOptions(expression, () => null),
      {
        says: 'JMESPath by the name to extract under; an empty one is the name itself.',
        example: '{ pod: involvedObject.name }',
        type: 'mapping',
        default: 'required',
      },
    ),
    source: optionalSource,
    drop_malformed: documented(strictFlag(false), {
      says: '`true`: entries that are no JSON object are dropped.',
      example: 'true',
    }),
  },
  ({ expressions, source, drop_malformed: dropMalformed }, section) => {
    if (expressions.size === 0) section.report('expressions', 'MISSING_KEY', 'JMES expression is required')
    const searches = searchesOf(expressions)
    return pure('json', (entry) => {
      const text = sourceText(entry, source)
      if (text === null) return true
      const object = objectOf(text)
      if (object === null) return !dropMalformed
      for (const [name, search] of searches) {
        const outcome = search(object)
        const value = outcome.kind === 'found' ? extractedOf(outcome.value) : undefined
        if (value !== undefined) entry.extracted.set(name, value)
      }
      return true
    })
  },
)
