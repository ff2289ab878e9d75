import { type Frame, lines, PROMETHEUS, stat, type steps } from './panels.ts'
import { promInstant, promRange } from './targets.ts'

type Size = readonly [width: number, height: number]

/** What every selector of the agent's dashboard has. */
const OF_AGENT = 'job=~"$job", instance=~"$instance"'

/** Series of the agent: `eventail_watch_up`, with further matchers. */
export const series = (name: string, ...matchers: readonly string[]): string =>
  `${name}{${[OF_AGENT, ...matchers].join(', ')}}`

/** How much a counter goes up each second. */
export const rateOf = (by: string, name: string, ...matchers: readonly string[]): string =>
  `sum by (${by}) (rate(${series(name, ...matchers)}[$__rate_interval]))`

/** How much a counter went up within the time range, from all agents. */
export const totalOf = (name: string): string => `sum(increase(${series(name)}[$__range]))`

/** A quantile of a histogram. */
export const quantileOf = (quantile: number, by: string, name: string): string =>
  `histogram_quantile(${quantile}, ${rateOf(`le, ${by}`, `${name}_bucket`)})`

const frame = (title: string, description: string, unit: string, [width, height]: Size): Frame => ({
  title,
  description,
  unit,
  width,
  height,
  source: PROMETHEUS,
})

type Curve = readonly [expr: string, legend: string]

const REF_IDS = 'ABCDEFGH'

/** Curves of several queries; `size` in columns and rows of the grid. */
export const curves = (
  [title, description]: readonly [title: string, description: string],
  unit: string,
  queries: readonly Curve[],
  size: Size = [12, 8],
): ReturnType<typeof lines> =>
  queries.reduce(
    (panel, [expr, legend], index) => panel.withTarget(promRange(expr, legend, REF_IDS[index])),
    lines(frame(title, description, unit, size)),
  )

/** One number of all agents. */
export const figure = (
  [title, description]: readonly [title: string, description: string],
  unit: string,
  expr: string,
  thresholds: ReturnType<typeof steps>,
): ReturnType<typeof stat> =>
  stat(frame(title, description, unit, [4, 4]), 'no data', thresholds).withTarget(promInstant(expr, title))
