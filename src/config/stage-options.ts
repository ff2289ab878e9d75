import { isMap, type Node } from 'yaml'
import { closest } from './closest.ts'
import {
  namedForm,
  record,
  type Decoder,
  type NameRule,
  type Fields,
  type KeyRule,
  type Section,
  type Values,
} from './decoder.ts'
import { childrenOf, described, isAbsent, keyPlace, report, warn, type Place } from './place.ts'
import { yamlKind } from './yaml-kind.ts'

/**
 * Promtail reads the options of a stage whatever the case of their keys, and passes over keys it does not know. A key
 * that looks like a known one is a mistake here; any other is accepted with a warning.
 */
const optionKeys: KeyRule = (place, children, fields) => {
  const known = new Map<string, Place>()
  const rest: [string, Place][] = []
  for (const [key, child] of children) {
    if (Object.hasOwn(fields, key)) known.set(key, child)
    else rest.push([key, child])
  }
  for (const [key, child] of rest) {
    const folded = Object.keys(fields).find((name) => name.toLowerCase() === key.toLowerCase())
    if (folded !== undefined && !known.has(folded)) {
      known.set(folded, child)
      continue
    }
    const isAgain = folded !== undefined
    const meant = isAgain || place.walk.findings.full() ? null : closest(key, Object.keys(fields))
    if (isAgain) warn(child, `accepted, without effect: ${folded} is there already`)
    else if (meant === null) warn(child, 'accepted, without effect: this stage has no such option')
    else report(keyPlace(child), 'UNKNOWN_KEY', `expected a known key, got an unknown one; did you mean \`${meant}\`?`)
  }
  return known
}

/** The options of a pipeline stage. */
export const stageOptions = <F extends Fields, T>(
  fields: F,
  build: (values: Values<F>, section: Section) => T,
): Decoder<T> => record(fields, build, optionKeys)

/** Keys that YAML takes for something else than text, as `y` or `5`. */
const reportOddKeys = (place: Place): void => {
  if (!isMap<Node, Node | null>(place.node)) return
  for (const { key } of place.node.items) {
    const kind = yamlKind(key)
    if (kind === 'text' || kind === 'nothing') continue
    const offset = key.range?.[0] ?? place.offset
    report({ ...place, offset }, 'BAD_TYPE', `expected names that are text, got a ${kind} (quote it)`)
  }
}

/** A mapping from names to values, in the order of the file. */
export const namedOptions = <T>(value: Decoder<T>, check: NameRule): Decoder<ReadonlyMap<string, T>> => ({
  named: namedForm(value, check),
  read: (place) => {
    if (!isAbsent(place) && !isMap(place.node)) {
      report(place, 'BAD_TYPE', `expected a mapping, got ${described(place)}`)
    }
    reportOddKeys(place)
    const entries = new Map<string, T>()
    for (const [name, child] of childrenOf(place)) {
      const bad = check(name)
      if (bad === null) entries.set(name, value.read(child))
      else report(keyPlace(child), bad.code, `expected ${bad.expected}, got the name ${JSON.stringify(name)}`)
    }
    return entries
  },
})
