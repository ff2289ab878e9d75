/** The samples of a series inside one window: `from` <= index < `to`, sorted by time, never none. */
export type Window = {
  readonly values: readonly number[]
  readonly timesNs: readonly bigint[]
  readonly from: number
  readonly to: number
  readonly endNs: bigint
  readonly rangeNs: bigint
}

/** One number out of a window. Loki pkg/logql/range_vector.go. */
export type WindowValue = (window: Window) => number

const NS_PER_SECOND = 1e9

export const secondsOf = (ns: bigint): number => Number(ns) / NS_PER_SECOND

const valueAt = (window: Window, index: number): number => window.values[index] ?? NaN

export const sumOf: WindowValue = (window) => {
  let sum = 0
  for (let i = window.from; i < window.to; i += 1) sum += valueAt(window, i)
  return sum
}

export const countOf: WindowValue = ({ from, to }) => to - from

export const minOf: WindowValue = (window) => {
  let least = valueAt(window, window.from)
  for (let i = window.from; i < window.to; i += 1) {
    const value = valueAt(window, i)
    if (value < least || Number.isNaN(least)) least = value
  }
  return least
}

export const maxOf: WindowValue = (window) => {
  let most = valueAt(window, window.from)
  for (let i = window.from; i < window.to; i += 1) {
    const value = valueAt(window, i)
    if (value > most || Number.isNaN(most)) most = value
  }
  return most
}

const isInfinite = (value: number): boolean => value === Infinity || value === -Infinity

/** Whether an infinite mean stays as it is: no finite value and no infinity of its own sign can change it. */
export const meanStays = (mean: number, value: number): boolean =>
  isInfinite(mean) && !Number.isNaN(value) && (!isInfinite(value) || mean > 0 === value > 0)

export const averageOf: WindowValue = (window) => {
  let mean = 0
  let count = 0
  for (let i = window.from; i < window.to; i += 1) {
    const value = valueAt(window, i)
    count += 1
    if (!meanStays(mean, value)) mean += value / count - mean / count
  }
  return mean
}

/** Welford's algorithm. */
export const varianceOf: WindowValue = (window) => {
  let squares = 0
  let mean = 0
  let count = 0
  for (let i = window.from; i < window.to; i += 1) {
    const value = valueAt(window, i)
    count += 1
    const delta = value - mean
    mean += delta / count
    squares += delta * (value - mean)
  }
  return squares / count
}

/** NaN counts as the least. */
const ascending = (a: number, b: number): number => {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  return Number.isNaN(b) ? 1 : a - b
}

/** Between two samples a weighted mean of them. */
export const quantileOf =
  (quantile: number): WindowValue =>
  ({ values, from, to }) => {
    if (quantile < 0) return -Infinity
    if (quantile > 1) return Infinity
    const sorted = values.slice(from, to).sort(ascending)
    const rank = quantile * (sorted.length - 1)
    const lower = Math.max(0, Math.floor(rank))
    const upper = Math.min(sorted.length - 1, lower + 1)
    const weight = rank - Math.floor(rank)
    return (sorted[lower] ?? NaN) * (1 - weight) + (sorted[upper] ?? NaN) * weight
  }

export const firstOf: WindowValue = (window) => valueAt(window, window.from)

export const lastOf: WindowValue = (window) => valueAt(window, window.to - 1)

/** What the counter rose by, a fall being a reset to 0. */
const increaseOf = (window: Window): number => {
  let increase = lastOf(window) - firstOf(window)
  let last = 0
  for (let i = window.from; i < window.to; i += 1) {
    const value = valueAt(window, i)
    if (value < last) increase += last
    last = value
  }
  return increase
}

/** Prometheus' extrapolated rate of a counter; 0 of a single sample. */
export const counterRateOf: WindowValue = (window) => {
  const { from, to, timesNs, endNs, rangeNs } = window
  const firstNs = timesNs[from]
  const lastNs = timesNs[to - 1]
  if (to - from < 2 || firstNs === undefined || lastNs === undefined) return 0
  const increase = increaseOf(window)
  const sampled = secondsOf(lastNs - firstNs)
  const spacing = sampled / (to - from - 1)
  const nearNs = spacing * 1.1
  let toStart = secondsOf(firstNs - (endNs - rangeNs))
  if (toStart >= nearNs) toStart = spacing / 2
  const first = firstOf(window)
  // A counter is never negative: the series may not reach further back than to its zero.
  if (increase > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / increase))
  let toEnd = secondsOf(endNs - lastNs)
  if (toEnd >= nearNs) toEnd = spacing / 2
  return (increase * ((sampled + toStart + toEnd) / sampled)) / secondsOf(rangeNs)
}
