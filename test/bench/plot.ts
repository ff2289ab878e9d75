const BARS = '▁▂▃▄▅▆▇█'

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Values as one line of bars, the lowest and the highest at its ends; each column the mean of its share. */
export const plot = (values: readonly number[], columns: number): string => {
  const width = Math.min(columns, values.length)
  const shares = Array.from({ length: width }, (_, at) =>
    mean(values.slice(Math.floor((at * values.length) / width), Math.floor(((at + 1) * values.length) / width))),
  )
  const [low, high] = [Math.min(...shares), Math.max(...shares)]
  const scale = high === low ? 0 : (BARS.length - 1) / (high - low)
  return shares.map((value) => BARS[Math.round((value - low) * scale)]).join('')
}

/** The slope of the line through the points that has the least squares of distances. */
export const slope = (points: readonly (readonly [x: number, y: number])[]): number => {
  const [x, y] = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  const under = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  return over / under
}

/** The quantile of a Prometheus histogram's increase between two scrapes, as `histogram_quantile` estimates it; 0: none. */
export const histogramQuantile = (
  quantile: number,
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number => {
  const bounds = [...after.keys()].sort((a, b) => a - b)
  const increase = (bound: number): number => (after.get(bound) ?? 0) - (before.get(bound) ?? 0)
  const wanted = quantile * increase(Infinity)
  if (wanted === 0) return 0
  let below = { bound: 0, count: 0 }
  for (const bound of bounds) {
    const count = increase(bound)
    if (count < wanted || count === below.count) {
      below = { bound, count }
      continue
    }
    if (bound === Infinity) return below.bound
    return below.bound + ((bound - below.bound) * (wanted - below.count)) / (count - below.count)
  }
  return below.bound
}
