import { keepStages, namesIn, NEVER, type Condition } from './condition.ts'
import { at, readExporterFile, textAt, type Value } from './exporter-file.ts'
import { layoutStages } from './exporter-layout.ts'
import { delivered, receiversIn } from './exporter-route.ts'
import { EXPRESSIONS, rewriteTemplate } from './exporter-template.ts'
import type { Conversion, Report } from './finding.ts'
import { NewFile } from './new-file.ts'

export type ExporterOptions = {
  /** The receiver that the file is for; '' = the first of kind loki. */
  readonly receiver: string
}

type Receiver = { readonly name: string; readonly line: number; readonly loki: Value }

const ANOTHER =
  'its Loki is another one, and every client gets every entry: convert again with -receiver for a file of its own'
const NO_EFFECT = 'nothing here needs it'

/** Keys that need no equivalent. */
const NEEDLESS = ['metricsNamePrefix', 'kubeQPS', 'kubeBurst', 'cacheSize', 'omitLookup']

const tenantOf = (loki: Value): string =>
  [...at(loki, 'headers').keys].find(([name]) => /^x-scope-orgid$/i.test(name))?.[1].text ?? ''

const isTemplate = (text: string): boolean => text.includes('{{')

/** Two receivers with the same can be one client. */
const endpointOf = ({ loki }: Receiver): string => {
  const headers = [...at(loki, 'headers').keys].filter(
    ([name, { text }]) => !(/^x-scope-orgid$/i.test(name) && isTemplate(text ?? '')),
  )
  const tls = [...at(loki, 'tls').keys].map(([key, { text }]) => [key, text])
  return JSON.stringify([textAt(loki, 'url'), headers.map(([name, { text }]) => [name, text]), tls])
}

const lokiReceivers = (root: Value, report: Report): readonly Receiver[] =>
  at(root, 'receivers').items.flatMap((item) => {
    const name = textAt(item, 'name')
    const loki = item.keys.get('loki')
    if (loki !== undefined) return [{ name, line: item.line, loki }]
    const kind = [...item.keys.keys()].find((key) => key !== 'name') ?? 'nothing'
    report({
      line: item.line,
      where: `receiver ${name}`,
      what: `events go to Loki only, not to ${kind}`,
      leftOut: true,
    })
    return []
  })

const TLS_KEYS: Readonly<Record<string, string>> = {
  insecureSkipVerify: 'insecure_skip_verify',
  serverName: 'server_name',
  caFile: 'ca_file',
  certFile: 'cert_file',
  keyFile: 'key_file',
}

const clientOf = ({ loki, name }: Receiver, report: Report): Readonly<Record<string, unknown>> => {
  const headers: Record<string, string> = {}
  const client: Record<string, unknown> = { url: textAt(loki, 'url') }
  for (const [header, { text, line }] of at(loki, 'headers').keys) {
    const isTenant = /^x-scope-orgid$/i.test(header)
    if (isTenant && !isTemplate(text ?? '')) client['tenant_id'] = text
    else if (!isTemplate(text ?? '')) headers[header] = text ?? ''
    else if (!isTenant)
      report({
        line,
        where: `receiver ${name}: header ${header}`,
        what: 'a header is the same for all entries',
        leftOut: true,
      })
  }
  if (Object.keys(headers).length > 0) client['headers'] = headers
  const tls = at(loki, 'tls')
  const known = Object.entries(TLS_KEYS).flatMap(([key, to]) =>
    textAt(tls, key) === '' ? [] : [[to, textAt(tls, key)] as const],
  )
  if (known.length > 0) {
    client['tls_config'] = Object.fromEntries(
      known.map(([key, text]) => [key, key === 'insecure_skip_verify' ? text === 'true' : text]),
    )
    report({
      line: tls.line,
      where: `receiver ${name}: tls`,
      what: 'the exporter read it and did not use it; here it counts',
      leftOut: false,
    })
  }
  return client
}

/** A tenant that is a template: of each entry. */
const tenantStages = (
  { loki, name, line }: Receiver,
  cluster: string,
  report: Report,
): { stages: unknown[]; names: readonly string[] } => {
  const tenant = tenantOf(loki)
  if (!isTemplate(tenant)) return { stages: [], names: [] }
  const rewritten = rewriteTemplate(tenant, cluster)
  if (rewritten.kind === 'refused') {
    report({ line, where: `receiver ${name}: header X-Scope-OrgID`, what: rewritten.why, leftOut: true })
    return { stages: [], names: [] }
  }
  const stages = [{ template: { source: 'tenant', template: rewritten.text } }, { tenant: { source: 'tenant' } }]
  return { stages, names: rewritten.names }
}

/** What the exporter ships of a first start. */
const startOf = (root: Value): string =>
  `${textAt(root, 'maxEventAgeSeconds') || textAt(root, 'throttlePeriod') || '5'}s`

const eventsOf = (root: Value, { loki }: Receiver): Readonly<Record<string, unknown>> => {
  const labels = Object.fromEntries([...at(loki, 'streamLabels').keys].map(([name, { text }]) => [name, text ?? '']))
  const { job, ...others } = labels
  const cluster = textAt(root, 'clusterName')
  const constant = cluster === '' ? others : { cluster, ...others }
  const namespace = textAt(root, 'namespace')
  return {
    ...(namespace !== '' && { namespaces: [namespace] }),
    start: startOf(root),
    format: 'exporter',
    ...(job !== undefined && job !== '' && { job }),
    ...(Object.keys(constant).length > 0 && { labels: constant }),
  }
}

/** Labels that the line's format brings along and the exporter's streams do not have. */
const ownLabels = (root: Value, { loki }: Receiver): readonly string[] => {
  const given = at(loki, 'streamLabels').keys
  if (given.size === 0) return []
  return ['job', ...(textAt(root, 'clusterName') === '' ? [] : ['cluster'])].filter((name) => !given.has(name))
}

const scrapeConfig = (root: Value, receiver: Receiver, wanted: Condition, report: Report): unknown => {
  const cluster = textAt(root, 'clusterName')
  const layout = layoutStages(at(receiver.loki, 'layout'), cluster, report)
  const tenant = tenantStages(receiver, cluster, report)
  const names = [...new Set([...namesIn(wanted), ...layout.names, ...tenant.names])]
  const dropped = ownLabels(root, receiver)
  const stages = [
    ...(names.length === 0
      ? []
      : [{ json: { expressions: Object.fromEntries(names.map((name) => [name, EXPRESSIONS[name]])) } }]),
    ...keepStages(wanted, 'route'),
    ...tenant.stages,
    ...layout.stages,
    ...(dropped.length === 0 ? [] : [{ labeldrop: dropped }]),
  ]
  return {
    job_name: receiver.name,
    kubernetes_events: eventsOf(root, receiver),
    ...(stages.length > 0 && { pipeline_stages: stages }),
  }
}

const LEVELS: Readonly<Record<string, string>> = { trace: 'debug', warning: 'warn', fatal: 'error', panic: 'error' }

const serverOf = (root: Value): Readonly<Record<string, string>> => {
  const level = textAt(root, 'logLevel').toLowerCase()
  return {
    ...(level !== '' && { log_level: Object.hasOwn(LEVELS, level) ? (LEVELS[level] ?? level) : level }),
    ...(textAt(root, 'logFormat') === 'json' && { log_format: 'json' }),
  }
}

const noteRest = (root: Value, names: ReadonlySet<string>, report: Report): void => {
  for (const key of NEEDLESS) {
    const value = root.keys.get(key)
    if (value !== undefined) report({ line: value.line, where: key, what: NO_EFFECT, leftOut: false })
  }
  for (const [name, line] of receiversIn(at(root, 'route'))) {
    if (!names.has(name))
      report({
        line,
        where: `receiver ${name}`,
        what: 'there is none of that name, so it never got anything',
        leftOut: false,
      })
  }
  const lease = at(root, 'leaderElection', 'leaderElectionID')
  if (lease.text !== '')
    report({
      line: lease.line,
      where: 'leaderElectionID',
      what: 'the Lease is that of positions.lease',
      leftOut: false,
    })
}

/** A file of kubernetes-event-exporter: its Loki receivers, each with what its routes let through. */
export const convertExporter = (text: string, options: ExporterOptions): Conversion => {
  const read = readExporterFile(text)
  if (!('root' in read)) return { kind: 'unreadable', ...read }
  const { root } = read
  const file = new NewFile()
  const { report } = file
  const receivers = lokiReceivers(root, report)
  const first = options.receiver === '' ? receivers[0] : receivers.find(({ name }) => name === options.receiver)
  if (first === undefined)
    return {
      kind: 'unreadable',
      line: at(root, 'receivers').line,
      why: `there is no receiver ${options.receiver} of kind loki`,
    }
  const jobs: unknown[] = []
  for (const receiver of receivers) {
    const { name, line } = receiver
    if (endpointOf(receiver) !== endpointOf(first)) {
      report({ line, where: `receiver ${name}`, what: ANOTHER, leftOut: true })
      continue
    }
    const wanted = delivered(at(root, 'route'), name, report)
    if (JSON.stringify(wanted) === JSON.stringify(NEVER))
      report({ line, where: `receiver ${name}`, what: 'no event is routed to it', leftOut: false })
    else jobs.push(file.node(line, scrapeConfig(root, receiver, wanted, report)))
  }
  if (jobs.length === 0) return { kind: 'unreadable', line: first.line, why: `no event is routed to ${first.name}` }
  noteRest(root, new Set(at(root, 'receivers').items.map((item) => textAt(item, 'name'))), report)
  const server = serverOf(root)
  const { document } = file
  if (Object.keys(server).length > 0) document.set('server', file.node(1, server))
  document.set('clients', file.node(first.line, [clientOf(first, report)]))
  if (textAt(root, 'leaderElection', 'enabled') === 'true')
    document.set('leader_election', file.node(1, { enabled: true }))
  document.set('scrape_configs', file.node(1, jobs))
  return file.finish()
}
