/** More lines than this are told as removed and added, all of them. */
const MAX_LINES = 2000

/** Lengths of the longest common subsequences of all ends of two lists of lines. */
const commonLengths = (before: readonly string[], after: readonly string[]): readonly (readonly number[])[] => {
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = table[i] ?? []
      const below = table[i + 1] ?? []
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  return table
}

/** The lines of both texts that the other has not, `- ` and `+ ` in front, with the lines between as they are. */
export const lineDiff = (before: string, after: string): readonly string[] => {
  const [old, now] = [before.split('\n'), after.split('\n')]
  if (Math.max(old.length, now.length) > MAX_LINES)
    return [...old.map((one) => `- ${one}`), ...now.map((one) => `+ ${one}`)]
  const table = commonLengths(old, now)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(`  ${old[i] ?? ''}`)
      i += 1
      j += 1
    } else if (j >= now.length || (i < old.length && (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0))) {
      lines.push(`- ${old[i] ?? ''}`)
      i += 1
    } else {
      lines.push(`+ ${now[j] ?? ''}`)
      j += 1
    }
  }
  return lines
}

/** Lines of a diff with what changes and a little around it. */
export const changedLines = (lines: readonly string[], around: number): readonly string[] => {
  const isNear = (at: number): boolean =>
    lines.slice(Math.max(0, at - around), at + around + 1).some((line) => !line.startsWith('  '))
  return lines.filter((_, at) => isNear(at))
}
