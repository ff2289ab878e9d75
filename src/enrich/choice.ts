import { toBytes } from '../config/bytes.ts'
import { shellPattern } from '../config/shell-pattern.ts'
import { capped } from '../entry/bounded-text.ts'
import { metadataNameOf, sanitisedName } from '../entry/enrichment.ts'
import { remembered } from '../regexp/memo.ts'

/** A label or annotation: its name in metadata, its bounded value, and its name at the end of a label for relabelling. */
export type ChosenOne = readonly [name: string, value: string, meta: string]
export type Chosen = readonly ChosenOne[]

/** Picks what is wanted of an object's labels or annotations. */
export type Choice = (from: unknown) => Chosen

const NOTHING: Chosen = []
/** A copy of the whole object, which `kubectl apply` leaves; wanted only by its full name. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const MANY_NAMES = 2000

const matcherOf = (patterns: readonly string[]): ((name: string) => boolean) => {
  const exact = new Set(patterns)
  const globs = patterns.filter((pattern) => /[*?[\\]/.test(pattern)).map((pattern) => shellPattern(toBytes(pattern)))
  return remembered(
    (name) => exact.has(name) || (name !== LAST_APPLIED && globs.some((glob) => glob(toBytes(name)) === 'match')),
    MANY_NAMES,
  )
}

/** The text of an object's own member; others than texts are none. */
const ownText = (from: object, name: string): string => {
  const value: unknown = (from as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' ? value : ''
}

/**
 * @param patterns names or globs.
 * @returns a choice of at most `maxNames` in the order of their names; of two that look the same in metadata, the first.
 */
export const createChoice = (
  patterns: readonly string[],
  { maxNames, maxValueBytes }: { readonly maxNames: number; readonly maxValueBytes: number },
): Choice => {
  if (patterns.length === 0) return () => NOTHING
  const isWanted = matcherOf(patterns)
  const nameOf = remembered(metadataNameOf, MANY_NAMES)
  const metaOf = remembered(sanitisedName, MANY_NAMES)
  return (from) => {
    if (typeof from !== 'object' || from === null) return NOTHING
    const chosen = new Map<string, ChosenOne>()
    for (const name of Object.keys(from).filter(isWanted).sort()) {
      const [shown, value] = [nameOf(name), ownText(from, name)]
      if (shown === null || value === '' || chosen.has(shown)) continue
      if (chosen.size === maxNames) break
      chosen.set(shown, [shown, capped(value, maxValueBytes), metaOf(name)])
    }
    return chosen.size === 0 ? NOTHING : [...chosen.values()]
  }
}
