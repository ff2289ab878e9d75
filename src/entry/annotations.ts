import { capped } from './bounded-text.ts'

/** Annotations of one event that fit in a line. */
export type ShownAnnotations = {
  /** Sorted by name. */
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** How many more there are. */
  readonly leftOut: number
}

/** Events hardly have annotations; more than this in a line serves nobody. */
const MAX_SHOWN = 16
const MAX_NAME_BYTES = 128
const MAX_VALUE_BYTES = 256
/** A copy of the object that `kubectl apply` leaves; never of interest in an event. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const NOTHING: ShownAnnotations = { pairs: [], leftOut: 0 }

/**
 * The first sixteen annotations by name, names and values bounded. None at all when `fieldBytes` is below the size of
 * a value: then the line lacks room for more important things.
 */
export const shownAnnotations = (
  annotations: Readonly<Record<string, string>>,
  fieldBytes: number,
): ShownAnnotations => {
  const names = Object.keys(annotations)
  if (names.length === 0) return NOTHING
  if (fieldBytes < MAX_VALUE_BYTES) return { pairs: [], leftOut: names.length }
  const wanted = names.filter((name) => name !== LAST_APPLIED).sort()
  const pairs = wanted
    .slice(0, MAX_SHOWN)
    .map((name) => [capped(name, MAX_NAME_BYTES), capped(annotations[name] ?? '', MAX_VALUE_BYTES)] as const)
  return { pairs, leftOut: names.length - pairs.length }
}
