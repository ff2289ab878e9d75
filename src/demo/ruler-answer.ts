import { stringify } from 'yaml'
import { printPrometheusDuration } from '../logql/duration.ts'
import type { Alert } from '../rules/alert-state.ts'
import type { Rule } from '../rules/rule-file.ts'
import type { RuledGroup, RuledRule, Ruler } from './ruler.ts'

export type RulerAnswer = { readonly status: 200 | 400 | 404; readonly contentType: string; readonly body: string }

export type RulerRequest = { readonly path: string; readonly query: URLSearchParams; readonly tenant: string }

const RULES_PATH = '/loki/api/v1/rules'
const OLD_RULES_PATH = '/api/prom/rules'

/** Go's `time.Time` as JSON; the zero time for null. */
const goTime = (ms: number | undefined): string =>
  ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString().replace(/\.?0+Z$/, 'Z')

/** Go's `strconv.FormatFloat(value, 'e', -1, 64)`. */
const goExponent = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

const texts = (located: Rule['labels']): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(located).map(([name, { text }]) => [name, text]))

const alertJson = (alert: Alert): unknown => ({
  labels: Object.fromEntries(alert.labels.pairs),
  annotations: alert.annotations(),
  state: alert.state,
  activeAt: goTime(alert.activeAtMs),
  value: goExponent(alert.value),
})

const stateOf = ({ alerts, last }: RuledRule): string => {
  if (last === null) return 'unknown'
  if (alerts.some(({ state }) => state === 'firing')) return 'firing'
  return alerts.length > 0 ? 'pending' : 'inactive'
}

const ruleJson = (ruled: RuledRule): unknown => {
  const { rule, last, lastError, alerts } = ruled
  const evaluated = {
    health: last === null ? 'unknown' : lastError === '' ? 'ok' : 'err',
    lastError,
    type: rule.kind === 'alert' ? 'alerting' : 'recording',
    lastEvaluation: goTime(last?.atMs),
    evaluationTime: (last?.tookMs ?? 0) / 1000,
  }
  const named = { name: rule.name.text, query: rule.expr.text }
  if (rule.kind === 'record') return { ...named, labels: texts(rule.labels), ...evaluated }
  return {
    state: stateOf(ruled),
    ...named,
    duration: rule.forMs / 1000,
    labels: texts(rule.labels),
    annotations: texts(rule.annotations),
    alerts: alerts.map(alertJson),
    ...evaluated,
  }
}

const groupJson = ({ file, group, last, rules }: RuledGroup): unknown => ({
  name: group.name.text,
  file,
  rules: rules.map(ruleJson),
  interval: (group.intervalMs ?? 60_000) / 1000,
  limit: group.limit,
  lastEvaluation: goTime(last?.atMs),
  evaluationTime: (last?.tookMs ?? 0) / 1000,
})

const json = (answer: { readonly data: unknown } | { readonly error: string }): RulerAnswer => {
  const isBad = 'error' in answer
  const body = isBad
    ? { status: 'error', data: null, errorType: 'bad_data', error: answer.error }
    : { status: 'success', data: answer.data, errorType: '', error: '' }
  // Loki leaves the type of its errors to Go, which looks at the text.
  const contentType = isBad ? 'text/plain; charset=utf-8' : 'application/json'
  return { status: isBad ? 400 : 200, contentType, body: JSON.stringify(body) }
}

const among = (wanted: readonly string[], name: string): boolean => wanted.length === 0 || wanted.includes(name)

/** `type`, `rule_name`, `rule_group` and `file` choose; groups without a rule are left out. */
const prometheusRules = (groups: readonly RuledGroup[], query: URLSearchParams): RulerAnswer => {
  const type = (query.get('type') ?? '').toLowerCase()
  if (!['', 'alert', 'record'].includes(type)) return json({ error: `not supported value ${JSON.stringify(type)}` })
  const chosen = groups
    .filter(
      ({ file, group }) => among(query.getAll('file'), file) && among(query.getAll('rule_group'), group.name.text),
    )
    .map((group) => ({
      ...group,
      rules: group.rules.filter(
        ({ rule }) => (type === '' || rule.kind === type) && among(query.getAll('rule_name'), rule.name.text),
      ),
    }))
    .filter(({ rules }) => rules.length > 0)
  return json({ data: { groups: chosen.map(groupJson) } })
}

const prometheusAlerts = (groups: readonly RuledGroup[]): RulerAnswer =>
  json({ data: { alerts: groups.flatMap(({ rules }) => rules.flatMap(({ alerts }) => alerts.map(alertJson))) } })

const duration = (ms: number): string => printPrometheusDuration(BigInt(ms) * 1_000_000n)

const writtenRule = ({ kind, name, expr, forMs, labels, annotations }: Rule): unknown => ({
  [kind]: name.text,
  expr: expr.text,
  ...(forMs > 0 && { for: duration(forMs) }),
  ...(Object.keys(labels).length > 0 && { labels: texts(labels) }),
  ...(Object.keys(annotations).length > 0 && { annotations: texts(annotations) }),
})

const writtenGroup = ({ group: { name, intervalMs, limit }, rules }: RuledGroup): unknown => ({
  name: name.text,
  ...(intervalMs !== null && { interval: duration(intervalMs) }),
  ...(limit > 0 && { limit }),
  rules: rules.map(({ rule }) => writtenRule(rule)),
})

const yaml = (value: unknown): RulerAnswer => ({
  status: 200,
  contentType: 'application/yaml',
  body: stringify(value, { indent: 4, lineWidth: 0 }),
})

const missing = (text: string): RulerAnswer => ({
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

const writtenRules = (groups: readonly RuledGroup[], namespace = '', group = ''): RulerAnswer => {
  const chosen = groups.filter(({ file }) => namespace === '' || file === namespace)
  if (group !== '') {
    const one = chosen.find((candidate) => candidate.group.name.text === group)
    return one === undefined ? missing('group does not exist') : yaml(writtenGroup(one))
  }
  if (chosen.length === 0) return missing('no rule groups found')
  const files = [...new Set(chosen.map(({ file }) => file))].sort()
  const groupsIn = (name: string): unknown => chosen.filter(({ file }) => file === name).map(writtenGroup)
  return yaml(Object.fromEntries(files.map((file) => [file, groupsIn(file)])))
}

const unescaped = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (error instanceof URIError) return part
    throw error
  }
}

/**
 * Answers a read of the ruler's HTTP API (loki pkg/ruler/base/api.go): the rules as YAML, as the JSON of Prometheus, and
 * its alerts. Null: the path is not the ruler's.
 */
export const answerRuler = (ruler: Ruler, { path, query, tenant }: RulerRequest): RulerAnswer | null => {
  const groups = ruler.groups(tenant)
  if (path === '/prometheus/api/v1/rules') return prometheusRules(groups, query)
  if (path === '/prometheus/api/v1/alerts') return prometheusAlerts(groups)
  const base = [RULES_PATH, OLD_RULES_PATH].find((prefix) => path === prefix || path.startsWith(`${prefix}/`))
  if (base === undefined) return null
  const [namespace, group, ...rest] = path
    .slice(base.length + 1)
    .split('/')
    .map(unescaped)
  return rest.length > 0 ? missing('404 page not found') : writtenRules(groups, namespace, group)
}
