import { labelValuesPath, LOKI_PATHS, type LokiAnswer, type LokiReader } from './loki-reader.ts'
import { readAlerts, readLabelSets, readTexts } from './read-answer.ts'
import type { PageFile, ShippedDashboard } from './shipped-files.ts'

/** What the page is told about where it is. */
export type PageStatus = {
  /** Where Loki is, without credentials. */
  readonly loki: string
  readonly version: string
  /** Such as `now-30m`; '': what the dashboard says. */
  readonly from: string
  /** Such as `10s`; '': what the dashboard says. */
  readonly refresh: string
}

export type RouteSources = {
  readonly loki: LokiReader
  readonly files: ReadonlyMap<string, PageFile>
  readonly dashboards: readonly ShippedDashboard[]
  readonly status: PageStatus
}

export type RouteAnswer = { readonly status: number; readonly contentType: string; readonly body: string | Buffer }

const json = (value: unknown, status = 200): RouteAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
})

/** The page shows `error` where the answer should be. */
const failed = (answer: Exclude<LokiAnswer, { kind: 'json' }>): RouteAnswer =>
  json({ error: answer.kind === 'refused' ? `${answer.status}: ${answer.text}` : answer.why }, 502)

const notFound: RouteAnswer = { status: 404, contentType: 'text/plain; charset=utf-8', body: 'not found\n' }

/** The time range of a request for labels, in nanoseconds as Loki takes them; none: Loki's own. */
const rangeOf = (query: URLSearchParams): Readonly<Record<string, string>> => {
  const [start, end] = [query.get('start') ?? '', query.get('end') ?? '']
  return /^\d{1,16}$/.test(start) && /^\d{1,16}$/.test(end) ? { start: `${start}000000`, end: `${end}000000` } : {}
}

/** `label`: whose values; `stream`: of which streams, '' for all. Both as the variables of a dashboard name them. */
const values = async ({ loki }: RouteSources, query: URLSearchParams, stop: AbortSignal): Promise<RouteAnswer> => {
  const [label, stream] = [query.get('label') ?? '', query.get('stream') ?? '']
  if (!/^[A-Za-z_]\w{0,200}$/.test(label)) return json({ error: 'no name of a label' }, 400)
  const range = rangeOf(query)
  const found = await loki.ask(labelValuesPath(label), { ...range, ...(stream !== '' && { query: stream }) }, stop)
  if (found.kind === 'json') return json({ values: readTexts(found.json) })
  if (found.kind === 'failed' || stream === '') return failed(found)
  // Before Loki 2.9 values could not be asked for by stream.
  const series = await loki.ask(LOKI_PATHS.series, { ...range, 'match[]': stream }, stop)
  if (series.kind !== 'json') return failed(series)
  const all = readLabelSets(series.json).map((labels) => labels[label] ?? '')
  return json({ values: [...new Set(all)].filter((value) => value !== '').sort() })
}

/** Those of the ruler; `absent`: there is none. */
const alerts = async ({ loki }: RouteSources, stop: AbortSignal): Promise<RouteAnswer> => {
  const found = await loki.ask(LOKI_PATHS.alerts, {}, stop)
  if (found.kind === 'json') return json({ alerts: readAlerts(found.json) })
  return found.kind === 'refused' && found.status === 404 ? json({ alerts: [], absent: true }) : failed(found)
}

const dashboard = ({ dashboards }: RouteSources, uid: string): RouteAnswer => {
  const found = dashboards.find((one) => one.uid === uid)
  return found === undefined ? notFound : { ...json(null), body: found.text }
}

const DASHBOARD = '/api/dashboards/'

/** Answers a GET for something that the page asks for. */
export const answerRoute = async (sources: RouteSources, url: URL, stop: AbortSignal): Promise<RouteAnswer> => {
  const path = url.pathname
  const file = sources.files.get(path)
  if (file !== undefined) return { status: 200, ...file }
  if (path.startsWith(DASHBOARD)) return dashboard(sources, path.slice(DASHBOARD.length))
  switch (path) {
    case '/api/dashboards':
      return json(sources.dashboards.map(({ uid, title }) => ({ uid, title })))
    case '/api/status':
      return json(sources.status)
    case '/api/values':
      return values(sources, url.searchParams, stop)
    case '/api/alerts':
      return alerts(sources, stop)
    default:
      return notFound
  }
}
