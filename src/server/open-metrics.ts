/** The versions of OpenMetrics that client_golang negotiates (expfmt.NegotiateIncludingOpenMetrics). */
export type OpenMetricsVersion = '1.0.0' | '0.0.1'

type Range = { readonly type: string; readonly version: string; readonly q: number }

const rangeOf = (item: string): Range => {
  const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
  const parameter = (name: string): string | undefined =>
    parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
  const q = parameter('q')
  return { type, version: parameter('version') ?? '', q: q === undefined ? 1 : Number(q) || 0 }
}

/** The version that a scraper prefers to the text format; null: it wants the text format, or says nothing. */
export const openMetricsWanted = (accept: string | undefined): OpenMetricsVersion | null => {
  const ranges = (accept ?? '').split(',').map(rangeOf)
  // The order of the list decides between equals.
  for (const { type, version } of ranges.filter(({ q }) => q > 0).sort((a, b) => b.q - a.q)) {
    if (type === 'text/plain' && (version === '' || version === '0.0.4')) return null
    if (type !== 'application/openmetrics-text') continue
    if (version === '1.0.0') return '1.0.0'
    if (version === '' || version === '0.0.1') return '0.0.1'
  }
  return null
}

export const openMetricsType = (version: OpenMetricsVersion): string =>
  `application/openmetrics-text; version=${version}; charset=utf-8`

const FAMILY = /^# (HELP|TYPE) (\S+) (.*)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(.*)$/
const WHOLE_BOUND = /(?<=[{,]le=")(-?\d+)(?=")/

/** Families of the text format that are counters. */
const countersIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name = '']) => name))

/**
 * OpenMetrics 1.0 of a text in Prometheus' format: counters are families without `_total` and samples with it, quotes in
 * help texts are escaped, whole bounds of buckets have a fraction, and the end is marked. The library has a mode of its
 * own for it, but that changes the names of the metrics for good.
 */
export const toOpenMetrics = (text: string): string => {
  const counters = countersIn(text)
  const lines = text.split('\n').flatMap((line) => {
    if (line === '') return []
    const [, keyword, family = '', rest = ''] = FAMILY.exec(line) ?? []
    if (keyword !== undefined) {
      const name = counters.has(family) ? family.replace(/_total$/, '') : family
      return [`# ${keyword} ${name} ${keyword === 'HELP' ? rest.replaceAll('"', '\\"') : rest}`]
    }
    const [, name = '', behind = ''] = SAMPLE.exec(line) ?? []
    const isBare = counters.has(name) && !name.endsWith('_total')
    return [`${name}${isBare ? '_total' : ''}${behind.replace(WHOLE_BOUND, '$1.0')}`]
  })
  return [...lines, '# EOF', ''].join('\n')
}
