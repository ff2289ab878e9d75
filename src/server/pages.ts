import type { ServerOptions } from '../config/config.ts'
import { wantsJson } from './accept.ts'
import type { AgentStatus, ClientStatus, LeadershipStatus, TargetStatus } from './agent-status.ts'
import { openMetricsType, openMetricsWanted, toOpenMetrics } from './open-metrics.ts'
import { escapeHtml, htmlPage, htmlTable, jsonPage, textPage, type Page } from './page.ts'

/** What the pages are made from. */
export type PageSources = {
  readonly options: ServerOptions
  /** Text in Prometheus' format. */
  readonly metrics: () => Promise<string>
  readonly status: () => AgentStatus
}

/** A page for a request with this `Accept` header. */
export type PageMaker = (sources: PageSources, accept: string | undefined) => Page | Promise<Page>

const NOT_READY = 'Not ready: '

/** Ready, or why not: one reason on each line. As with Promtail, `health_check_target: false` makes it always ready. */
const ready: PageMaker = ({ options, status }) => {
  if (!options.healthCheckTarget) return textPage(200, 'Ready')
  const { ready: isReady, reasons, leadership } = status()
  if (isReady) return textPage(200, leadership?.role === 'standby' ? 'Ready: standing by' : 'Ready')
  const [first = 'starting', ...more] = reasons.map((reason) => reason.replaceAll(/\s+/g, ' '))
  return textPage(500, `${[`${NOT_READY}${first}`, ...more].join('\n')}\n`)
}

const time = (ms: number | null): string => (ms === null ? 'never' : new Date(ms).toISOString())

const targetRow = (target: TargetStatus): readonly string[] => [
  target.job,
  target.scope === '*' ? 'all namespaces' : target.scope,
  target.state,
  target.watched,
  String(target.owedIntervals),
  time(target.lastActivityMs),
  target.lastError,
]
const TARGET_HEAD = ['job', 'scope', 'state', 'watched up to', 'gaps being filled', 'last sign of life', 'last error']

const clientRow = (client: ClientStatus): readonly string[] => [
  client.name,
  String(client.queued),
  client.ready ? 'ready' : 'not ready',
  client.why,
]
const CLIENT_HEAD = ['client', 'queued entries', 'state', 'why']

const leadershipLine = (leadership: LeadershipStatus): string => {
  const { role, identity, holder, why } = leadership
  const state = {
    leader: 'This replica leads.',
    standby: `This replica stands by; ${holder === '' ? 'nobody leads' : `${holder} leads`}.`,
    ended: 'This replica leads no more.',
  }[role]
  return `<p>${escapeHtml([state, why, `Its identity: ${identity}`].filter(Boolean).join(' '))}</p>`
}

const targets: PageMaker = ({ options, status }, accept) => {
  const { ready: isReady, reasons, leadership = null, targets: all, clients } = status()
  if (wantsJson(accept))
    return jsonPage({ ready: isReady, reasons, ...(leadership && { leadership }), targets: all, clients })
  const why = reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')
  const head = isReady ? '<p>Ready.</p>' : `<p class="bad">Not ready:</p><ul>${why}</ul>`
  const tables = [htmlTable(TARGET_HEAD, all.map(targetRow)), htmlTable(CLIENT_HEAD, clients.map(clientRow))]
  const election = leadership === null ? [] : [leadershipLine(leadership)]
  return htmlPage('Targets', options.httpPathPrefix, [head, ...election, ...tables].join('\n'))
}

/** Which scopes each scrape config watches. */
const discovery: PageMaker = ({ options, status }, accept) => {
  const jobs = new Map<string, string[]>()
  for (const { job, scope } of status().targets) jobs.set(job, [...(jobs.get(job) ?? []), scope])
  if (wantsJson(accept)) return jsonPage([...jobs].map(([job, scopes]) => ({ job, scopes })))
  const rows = [...jobs].map(([job, scopes]) => [job, scopes.join(', ')])
  return htmlPage('Service discovery', options.httpPathPrefix, htmlTable(['job', 'scopes'], rows))
}

const config: PageMaker = ({ options, status }, accept) => {
  const { configYaml } = status()
  if (wantsJson(accept)) return jsonPage({ yaml: configYaml })
  return htmlPage('Configuration', options.httpPathPrefix, `<pre>${escapeHtml(configYaml)}</pre>`)
}

/** As in Promtail, `register_instrumentation: false` takes the page away. */
const metrics: PageMaker = async ({ options, metrics: read }, accept) => {
  if (!options.registerInstrumentation) return textPage(404, 'not found\n')
  const text = await read()
  const version = openMetricsWanted(accept)
  return version === null
    ? { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: text }
    : { status: 200, contentType: openMetricsType(version), body: toOpenMetrics(text) }
}

/** The process answers, so it lives: nothing outside of it is asked. */
const healthy: PageMaker = () => textPage(200, 'OK')

const root: PageMaker = ({ options }) => ({
  ...textPage(303, 'See Other'),
  headers: { location: `${options.httpPathPrefix}/targets` },
})

/** Not among the pages, because it does something; only with `enable_runtime_reload`. */
export const RELOAD_PATH = '/reload'

/** Every page by its path below the prefix. All of them only read. */
export const PAGES: ReadonlyMap<string, PageMaker> = new Map([
  ['/', root],
  ['/metrics', metrics],
  ['/ready', ready],
  ['/-/ready', ready],
  ['/healthz', healthy],
  ['/-/healthy', healthy],
  ['/config', config],
  ['/targets', targets],
  ['/service-discovery', discovery],
])
