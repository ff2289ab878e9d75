import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import type { Conversion } from './finding.ts'
import { NewFile, rememberLines } from './new-file.ts'
import { parsedYaml } from './parsed-yaml.ts'

export type PromtailOptions = {
  /** Of several scrape configs, the one whose stages and rules are for the events; '' = find out. */
  readonly job: string
}

/** Keys of a scrape config that say what is done with entries; all others say where they come from. */
const KEPT_KEYS = ['job_name', 'kubernetes_events', 'pipeline_stages', 'relabel_configs', 'encoding', 'decompression']

/** Labels of discovery that events do not have. */
const FOREIGN_META = /^__(?!meta_kubernetes_event_|meta_kubernetes_namespace$|tmp|tenant_id__$)/

const NO_EVENTS = 'it reads no Kubernetes events'
const MANY = 'it is unknown which of several scrape configs has the stages for events: name it with -job'

type Item = YAMLMap

const textAt = (item: Item, path: readonly unknown[]): string => {
  const found = item.getIn(path)
  return typeof found === 'string' ? found : ''
}

const hasEvents = (item: Item): boolean => item.has('kubernetes_events')

/** The scrape config that is for events: the one that is named, the only one, or the only one with a name of events. */
const chosen = (items: readonly Item[], { job }: PromtailOptions): Item | null => {
  if (job !== '') return items.find((item) => textAt(item, ['job_name']) === job) ?? null
  if (items.length === 1) return items[0] ?? null
  const named = items.filter((item) => /event/i.test(textAt(item, ['job_name'])))
  return named.length === 1 ? (named[0] ?? null) : null
}

/** Labels that `static_configs` puts on each line. */
const staticLabels = (item: Item): readonly (readonly [name: string, value: string])[] => {
  const labels = item.getIn(['static_configs', 0, 'labels'])
  if (!isMap(labels)) return []
  return labels.items.flatMap(({ key, value }) =>
    isScalar<string>(key) && isScalar<string>(value) && !key.value.startsWith('__')
      ? [[key.value, value.value] as const]
      : [],
  )
}

/** Rules on labels that events have not would drop everything, or do nothing. */
const dropForeignRules = (file: NewFile, item: Item): void => {
  const rules = item.get('relabel_configs')
  if (!isSeq(rules)) return
  const list = rules
  const isForeign = (rule: unknown): boolean => {
    const sources = isMap(rule) ? rule.get('source_labels') : null
    return isSeq(sources) && sources.items.some((source) => isScalar<string>(source) && FOREIGN_META.test(source.value))
  }
  const foreign = list.items.filter(isForeign)
  for (const rule of foreign) {
    const what = 'events have no such labels; see __meta_kubernetes_event_* in docs/configuration.md'
    file.report({ line: file.lineOf(rule), where: 'relabel_configs', what, leftOut: true })
  }
  list.items = list.items.filter((rule) => !isForeign(rule))
  if (list.items.length === 0) item.delete('relabel_configs')
}

/** Gives a scrape config of files, journals and so on the events for its source. */
const retarget = (file: NewFile, item: Item): void => {
  const name = textAt(item, ['job_name'])
  const labels = staticLabels(item)
  for (const pair of [...item.items]) {
    const key = isScalar<string>(pair.key) ? pair.key.value : ''
    if (KEPT_KEYS.includes(key)) continue
    const what = `${NO_EVENTS}; the scrape config now reads events, with the stages and rules it had`
    file.report({ line: file.lineOf(pair.value), where: `scrape config ${name}: ${key}`, what, leftOut: true })
    item.delete(key)
  }
  const events: Record<string, unknown> = {}
  const job = labels.find(([label]) => label === 'job')?.[1]
  const others = labels.filter(([label]) => label !== 'job')
  if (job !== undefined) events['job'] = job
  if (others.length > 0) events['labels'] = Object.fromEntries(others)
  item.set('kubernetes_events', file.document.createNode(events))
}

const eventJob = (file: NewFile): unknown =>
  file.document.createNode({ job_name: 'kubernetes-events', kubernetes_events: {} })

const convertJobs = (file: NewFile, options: PromtailOptions): void => {
  const { document } = file
  const list = document.get('scrape_configs')
  const items = isSeq(list) ? list.items.filter((item): item is Item => isMap(item)) : []
  const own = items.filter(hasEvents)
  const target = own.length > 0 && options.job === '' ? null : chosen(items, options)
  for (const item of items) {
    if (hasEvents(item) || item === target) continue
    const what = own.length === 0 && target === null ? `${NO_EVENTS}; ${MANY}` : NO_EVENTS
    file.report({ line: file.lineOf(item), where: `scrape config ${textAt(item, ['job_name'])}`, what, leftOut: true })
  }
  if (target !== null && !hasEvents(target)) retarget(file, target)
  const kept = items.filter((item) => hasEvents(item))
  for (const item of kept) dropForeignRules(file, item)
  if (isSeq(list) && kept.length > 0) list.items = kept
  else document.set('scrape_configs', document.createNode([eventJob(file)]))
}

const PUSH_URL = 'http://loki:3100/loki/api/v1/push'

const requireClient = (file: NewFile): void => {
  const { document } = file
  if (document.has('clients') || document.has('client')) return
  file.report({
    line: 0,
    where: 'clients',
    what: `there are none in the file: ${PUSH_URL} is written, put yours there`,
    leftOut: true,
  })
  document.set('clients', document.createNode([{ url: PUSH_URL }]))
}

/**
 * A file of Promtail. Clients, positions, limits and server stay as they are written, comments included. Of the scrape
 * configs, those that read events stay; else one of the others gets events for its source, and keeps what is done with
 * entries.
 */
export const convertPromtail = (text: string, options: PromtailOptions): Conversion => {
  const parsed = parsedYaml(text)
  if (parsed.kind === 'wrong') return { kind: 'unreadable', line: parsed.line, why: parsed.why }
  const file = new NewFile(parsed.document)
  rememberLines(file, text)
  if (options.job !== '' && !hasJob(file, options.job))
    return { kind: 'unreadable', line: 0, why: `there is no scrape config ${options.job}` }
  convertJobs(file, options)
  requireClient(file)
  return file.finish()
}

const hasJob = ({ document }: NewFile, job: string): boolean => {
  const list = document.get('scrape_configs')
  return isSeq(list) && list.items.some((item) => isMap(item) && item.get('job_name') === job)
}
