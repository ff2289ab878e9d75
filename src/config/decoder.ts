import type { ConfigErrorCode } from './config-error.ts'
import {
  childrenOf,
  described,
  isAbsent,
  items,
  joined,
  keyPlace,
  report,
  scalarOf,
  textsBelow,
  warn,
  type Place,
} from './place.ts'
import { isMap, isSeq } from 'yaml'
import { closest } from './closest.ts'
import type { About, Form } from './form.ts'

/** Reads the value at a place. What is wrong is reported there, and a harmless value of the right type is answered. */
export type Decoder<T> = {
  readonly read: (place: Place) => T
  /** Must not be absent. */
  readonly required?: boolean
  readonly secret?: boolean
  /** The keys of a mapping. */
  readonly fields?: Fields
  /** One of the keys at most. */
  readonly single?: true
  /** The items of a list. */
  readonly item?: Decoder<unknown>
  /** The values of a mapping with any keys, and a pattern for the keys. */
  readonly named?: { readonly value: Decoder<unknown>; readonly pattern?: string }
  /** Why a value has no effect, is refused unless it is empty, or may not even be written. */
  readonly effect?: { readonly kind: 'ignored' | 'unsupported' | 'forbidden'; readonly why: string }
  /** What it takes: told by scalars, and where fields, items and names do not tell it. */
  readonly form?: Form
  readonly about?: About
  /** The name under which a schema has it once, because it is inside itself. */
  readonly definition?: string
}

export type Fields = Readonly<Record<string, Decoder<unknown>>>
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Decoder<infer T> ? T : never }

/** A mapping as its builder sees it: for checks that look at several keys. */
export type Section = {
  readonly place: Place
  /** Whether the key has a value. */
  has: (key: string) => boolean
  /** Whether the key is written, be it without a value. */
  names: (key: string) => boolean
  /** Reports at the value of a key, or at the mapping when the key is absent. */
  report: (key: string, code: ConfigErrorCode, message: string) => void
  /** Reports at the key itself. */
  reportKey: (key: string, code: ConfigErrorCode, message: string) => void
  warn: (key: string, message: string) => void
}

/** A mistake in the text of a scalar. */
export type Wrong = { readonly code: ConfigErrorCode; readonly expected: string; readonly hint?: string }
export const wrong = (code: ConfigErrorCode, expected: string, hint?: string): { readonly wrong: Wrong } => ({
  wrong: hint === undefined ? { code, expected } : { code, expected, hint },
})

export type Parsed<T> = { readonly value: T } | { readonly wrong: Wrong }

/** A scalar that `parse` understands; `absent` when the key is missing. */
export const scalar = <T>(
  absent: T,
  expected: string,
  parse: (text: string, quoted: boolean) => Parsed<T>,
): Decoder<T> => ({
  read: (place) => {
    if (isAbsent(place)) return absent
    const found = scalarOf(place)
    if (found === null) {
      report(place, 'BAD_TYPE', `expected ${expected}, got ${described(place)}`)
      return absent
    }
    const parsed = parse(found.text, found.quoted)
    if ('value' in parsed) return parsed.value
    const hint = parsed.wrong.hint === undefined ? '' : ` (${parsed.wrong.hint})`
    report(place, parsed.wrong.code, `expected ${parsed.wrong.expected}, got ${described(place)}${hint}`)
    return absent
  },
})

export const required = <T>(decoder: Decoder<T>): Decoder<T> => ({ ...decoder, required: true })

/** Tells what a decoder takes. */
export const formed = <T>(decoder: Decoder<T>, form: Form): Decoder<T> => ({ ...decoder, form })

/** Tells what a key is for: the one source of the reference and of the schema for editors. */
export const documented = <T>(decoder: Decoder<T>, about: About): Decoder<T> => ({ ...decoder, about })

/** null when the key is absent. */
export const optional = <T>(decoder: Decoder<T>): Decoder<T | null> => ({
  ...decoder,
  read: (place) => (isAbsent(place) ? null : decoder.read(place)),
})

/** Its value is shown in no message, and masked in the file's lines. */
export const secret = <T>(decoder: Decoder<T>): Decoder<T> => ({
  ...decoder,
  secret: true,
  read: (place) => {
    for (const text of textsBelow(place)) place.walk.findings.secret(text)
    return decoder.read({ ...place, secret: true })
  },
})

/** A mapping that holds secrets: text in its place is taken for one. */
export const holdingSecrets = <T>(decoder: Decoder<T>): Decoder<T> => ({
  ...decoder,
  read: (place) => (scalarOf(place) === null ? decoder : secret(decoder)).read(place),
})

/** A list; `repeated` tells what is wrong with an item that repeats an earlier one, or null. */
export const listOf = <T>(
  item: Decoder<T>,
  repeated: (item: T, earlier: readonly T[]) => string | null = () => null,
): Decoder<readonly T[]> => ({
  item,
  read: (place) => {
    if (isAbsent(place)) return []
    if (!isSeq(place.node)) report(place, 'BAD_TYPE', `expected a list, got ${described(place)}`)
    const values: T[] = []
    for (const child of items(place)) {
      const value = item.read(child)
      const again = repeated(value, values)
      if (again !== null) report(child, 'DUPLICATE_NAME', again)
      values.push(value)
    }
    return values
  },
})

/** A rule for names; `pattern` tells it to a schema. */
export type NameRule = ((name: string) => Wrong | null) & { readonly pattern?: string }

export const nameRule = (pattern: string, wrongName: Wrong): NameRule => {
  const regexp = new RegExp(pattern)
  return Object.assign((name: string) => (regexp.test(name) ? null : wrongName), { pattern })
}

/** For a decoder that reads a mapping with any keys. */
export const namedForm = (value: Decoder<unknown>, { pattern }: NameRule): Required<Decoder<unknown>>['named'] =>
  pattern === undefined ? { value } : { value, pattern }

/** A mapping with any keys; `check` judges each of them and answers what is wrong with it, or null. */
export const mapOf = <T>(value: Decoder<T>, check: NameRule): Decoder<Readonly<Record<string, T>>> => ({
  named: namedForm(value, check),
  read: (place) => {
    if (!isAbsent(place) && !isMap(place.node) && place.overlay === null) {
      report(place, 'BAD_TYPE', `expected a mapping, got ${described(place)}`)
    }
    const entries: [string, T][] = []
    for (const [key, child] of childrenOf(place)) {
      const bad = check(key)
      if (bad === null) entries.push([key, value.read(child)])
      else report(keyPlace(child), bad.code, `expected ${bad.expected}, got the name ${JSON.stringify(key)}`)
    }
    // fromEntries defines own properties, so a key such as __proto__ is only a key.
    return Object.fromEntries(entries)
  },
})

/** Accepted for the sake of existing files, and without effect: said once at start when present. */
export const ignored = (why: string): Decoder<null> => ({
  effect: { kind: 'ignored', why },
  read: (place) => {
    if (place.node !== null) warn(place, `accepted, without effect: ${why}`)
    else if (place.overlay !== null) for (const child of childrenOf(place).values()) ignored(why).read(child)
    return null
  },
})

/** Refused unless absent or empty. */
export const unsupported = (why: string): Decoder<null> => ({
  effect: { kind: 'unsupported', why },
  read: (place) => {
    const empty = isAbsent(place) || (scalarOf(place) === null && items(place).length + childrenOf(place).size === 0)
    if (!empty) report(items(place)[0] ?? place, 'UNSUPPORTED', why)
    return null
  },
})

const reportUnknown = (place: Place, key: string, child: Place, known: Fields): void => {
  // Looking for what was meant costs time, and a file may hold any number of keys.
  if (place.walk.findings.full()) return
  const meant = closest(key, Object.keys(known))
  if (meant !== null && known[meant]?.secret === true) {
    for (const text of textsBelow(child)) place.walk.findings.secret(text)
  }
  const hint = meant === null ? '' : `; did you mean \`${meant}\`?`
  report(keyPlace(child), 'UNKNOWN_KEY', `expected a known key, got an unknown one${hint}`)
}

const sectionOf = (place: Place, children: ReadonlyMap<string, Place>): Section => ({
  place,
  has: (key) => {
    const child = children.get(key)
    return child !== undefined && !isAbsent(child)
  },
  names: (key) => children.has(key),
  report: (key, code, message) => {
    report(children.get(key) ?? { ...place, path: joined(place.path, key) }, code, message)
  },
  reportKey: (key, code, message) => {
    report(keyPlace(children.get(key) ?? place), code, message)
  },
  warn: (key, message) => {
    warn(children.get(key) ?? place, message)
  },
})

/** Which value belongs to which known key of a mapping; reports the keys that are none. */
export type KeyRule = (place: Place, children: ReadonlyMap<string, Place>, fields: Fields) => ReadonlyMap<string, Place>

const exactKeys: KeyRule = (place, children, fields) => {
  for (const [key, child] of children) if (!Object.hasOwn(fields, key)) reportUnknown(place, key, child, fields)
  return children
}

/**
 * A mapping with exactly these keys, made into something else by `build`, which may report what does not fit together.
 * Unknown, repeated and missing keys are reported; when it is no mapping at all, nothing else is.
 */
export const record = <F extends Fields, T>(
  fields: F,
  build: (values: Values<F>, section: Section) => T,
  keyRule: KeyRule = exactKeys,
): Decoder<T> => ({
  fields,
  read: (found) => {
    const mapping = isMap(found.node) || isAbsent(found) || found.overlay !== null
    if (!mapping) report(found, 'BAD_TYPE', `expected a mapping, got ${described(found)}`)
    const place = mapping ? found : { ...found, node: null, silent: true }
    const children = keyRule(place, childrenOf(place), fields)
    const absent: Place = { ...place, node: null, overlay: null }
    const values: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(fields)) {
      const child = children.get(key) ?? { ...absent, path: joined(place.path, key) }
      if (field.required === true && isAbsent(child)) {
        report({ ...child, offset: place.offset }, 'MISSING_KEY', 'expected a value, got nothing: this key is required')
      }
      values[key] = field.read(child)
    }
    return build(values as Values<F>, sectionOf(place, children))
  },
})
