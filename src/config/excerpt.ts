/** Longer lines are cut to this many characters around the place. */
const WIDTH = 100

/** A line of a file and a caret under column `col` (from 1); control characters are shown as spaces. */
export const excerpt = (line: string, col: number): string => {
  const at = Math.min(col - 1, line.length)
  const from = at < WIDTH - 10 ? 0 : at - WIDTH / 2
  const shown = line.slice(from, from + WIDTH).replaceAll(/\p{Cc}/gu, ' ')
  const [before, after] = [from > 0 ? '…' : '', from + WIDTH < line.length ? '…' : '']
  return `    ${before}${shown}${after}\n    ${' '.repeat(before.length + at - from)}^`
}
