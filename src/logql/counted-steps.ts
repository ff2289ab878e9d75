import type { Series } from './extract-samples.ts'

/** What is added to a count of entries, and to the total of their values, from a step on. */
export type Change = { entries: number; total: number }

const change = (series: Series, step: number, entries: number, total: number): void => {
  const known = series.changes.get(step)
  if (known === undefined) {
    series.changes.set(step, { entries, total })
    return
  }
  known.entries += entries
  known.total += total
}

/**
 * Counts whole numbers for windows that slide, without keeping the samples: an entry is added at the first step whose
 * window holds it and taken away at the first one behind that. Whole numbers make this exact.
 *
 * @param endsNs ends of the windows, ascending
 * @returns for the entries of one stream, in the order of their times
 */
export const countBySteps = (
  endsNs: readonly bigint[],
  rangeNs: bigint,
): ((series: Series, value: number, timeNs: bigint) => void) => {
  let [first, behind] = [0, 0]
  return (series, value, timeNs) => {
    while (first < endsNs.length && (endsNs[first] ?? 0n) < timeNs) first += 1
    while (behind < endsNs.length && (endsNs[behind] ?? 0n) - rangeNs < timeNs) behind += 1
    // Where steps are longer than windows, an entry may lie in none.
    if (first >= behind) return
    change(series, first, 1, value)
    if (behind < endsNs.length) change(series, behind, -1, -value)
  }
}
