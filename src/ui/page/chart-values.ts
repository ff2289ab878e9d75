import type { TimeRange } from './time-range.ts'

/** The ends of all steps of a range, milliseconds since 1970. */
export const timesOf = ({ startMs, endMs, stepMs }: TimeRange): readonly number[] =>
  Array.from({ length: Math.round((endMs - startMs) / stepMs) }, (_, at) => startMs + (at + 1) * stepMs)

/** The value at each time; null: there is none. */
export const valuesAt = (
  points: readonly (readonly [timeMs: number, value: number | null])[],
  times: readonly number[],
): readonly (number | null)[] => {
  const found = new Map(points)
  return times.map((time) => found.get(time) ?? null)
}

/** Each line on top of those behind it: the first is as tall as all together, and the last one is drawn over all. */
export const stacked = (lines: readonly (readonly (number | null)[])[]): (number | null)[][] => {
  const below = new Array<number>(lines[0]?.length ?? 0).fill(0)
  return lines
    .toReversed()
    .map((values) =>
      values.map((value, at) => {
        if (value === null || value === 0) return null
        below[at] = (below[at] ?? 0) + value
        return below[at] ?? null
      }),
    )
    .toReversed()
}
