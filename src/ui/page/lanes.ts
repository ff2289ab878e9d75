import type { TimeRange } from './time-range.ts'

/** One value from one moment to another, both milliseconds since 1970. */
export type Stretch = { readonly fromMs: number; readonly toMs: number; readonly value: number }

/**
 * The stretches of a lane out of its points, each of which stands for the step that it ends.
 *
 * @param spansNulls a value lasts until the next one, else only for its step
 * @param merges stretches of the same value that touch become one
 */
export const stretchesOf = (
  points: readonly (readonly [timeMs: number, value: number | null])[],
  { endMs, stepMs }: TimeRange,
  { spansNulls, merges }: { readonly spansNulls: boolean; readonly merges: boolean },
): readonly Stretch[] => {
  const known = points.filter((point): point is readonly [number, number] => point[1] !== null)
  const stretches: Stretch[] = []
  for (const [at, [timeMs, value]] of known.entries()) {
    const nextMs = known[at + 1]?.[0]
    const toMs = spansNulls ? (nextMs === undefined ? endMs : nextMs - stepMs) : timeMs
    const last = stretches.at(-1)
    if (merges && last?.value === value && last.toMs === timeMs - stepMs)
      stretches[stretches.length - 1] = { ...last, toMs }
    else stretches.push({ fromMs: timeMs - stepMs, toMs, value })
  }
  return stretches
}
