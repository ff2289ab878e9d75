/** Names longer than this are not compared. */
const MAX_LENGTH = 64

/** Insertions, deletions, substitutions and swaps of neighbours that turn one name into the other. */
const distance = (left: string, right: string): number => {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1]
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      row[j] = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforePrevious[j - 2] ?? 0) + 1 : Infinity,
      )
    }
    beforePrevious = previous
    previous = row
  }
  return previous[right.length] ?? 0
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[_\-. ]/g, '')

/** Slips that a name cut short, or one with something added, counts as. */
const SLIPS_OF_BEGINNING = 2

const begins = (one: string, other: string): boolean =>
  Math.min(one.length, other.length) > 3 && (one.startsWith(other) || other.startsWith(one))

/**
 * The known name that `name` was probably meant to be, or null. One slip per three letters is forgiven, and so is a
 * beginning of the name or something added to it; case, dashes and underscores do not count.
 */
export const closest = (name: string, known: Iterable<string>): string | null => {
  if (name.length > MAX_LENGTH) return null
  const wanted = plain(name)
  let best: string | null = null
  let bestSlips = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const other = plain(candidate)
    const exact = distance(wanted, other)
    const slips = begins(wanted, other) ? Math.min(exact, SLIPS_OF_BEGINNING) : exact
    if (slips < bestSlips) {
      best = candidate
      bestSlips = slips
    }
  }
  return best
}
