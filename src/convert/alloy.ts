import { clientsOf } from './alloy-client.ts'
import { rulesOf, stagesOf } from './alloy-stages.ts'
import { parseAlloy, type Block, type Expression } from './alloy-syntax.ts'
import { attributesOf } from './alloy-values.ts'
import type { Conversion } from './finding.ts'
import { NewFile } from './new-file.ts'

export type AlloyOptions = {
  /** The `loki.write` that the file is for, with or without its component's name; '' = where the first way leads. */
  readonly receiver: string
}

/** From a source over relabelling and processing to the places where its entries end. */
type Way = { readonly source: Block; readonly steps: readonly Block[]; readonly writes: readonly Block[] }

const SOURCE = 'loki.source.kubernetes_events'
const WRITE = 'loki.write'
const STEPS = ['loki.process', 'loki.relabel']

/** Longer ways are a circle. */
const MAX_STEPS = 30
const MAX_WAYS = 1000

const idOf = ({ name, label }: Block): string => `${name}.${label}`

const referencesIn = (expression: Expression | undefined): readonly string[] => {
  if (expression?.kind === 'list') return expression.items.flatMap(referencesIn)
  return expression?.kind === 'reference' ? [expression.path.replace(/\.receiver$/, '')] : []
}

/** The components of a file by their ids. */
type Components = ReadonlyMap<string, Block>

const waysFrom = (source: Block, steps: readonly Block[], components: Components): readonly Way[] => {
  if (steps.length > MAX_STEPS) return []
  const last = steps.at(-1) ?? source
  const next = referencesIn(last.attributes.get('forward_to')).flatMap((id) => components.get(id) ?? [])
  const writes = next.filter(({ name }) => name === WRITE)
  const here = writes.length === 0 ? [] : [{ source, steps, writes }]
  const further = next.filter(({ name }) => STEPS.includes(name))
  return [...here, ...further.flatMap((step) => waysFrom(source, [...steps, step], components))].slice(0, MAX_WAYS)
}

const isNamed = (write: Block, receiver: string): boolean => [write.label, idOf(write)].includes(receiver)

const ELSEWHERE =
  'it goes to another loki.write, and every client gets every entry: convert again with -receiver for a file of its own'

/** Every client gets every entry, so only ways with the same end can be in one file. */
const chosenWays = (ways: readonly Way[], { receiver }: AlloyOptions, file: NewFile): readonly Way[] => {
  const narrowed = ways.map((way) =>
    receiver === '' ? way : { ...way, writes: way.writes.filter((write) => isNamed(write, receiver)) },
  )
  const wanted = narrowed.filter(({ writes }) => writes.length > 0)
  const endOf = ({ writes }: Way): string => writes.map(idOf).sort().join()
  const [first] = wanted
  const chosen = wanted.filter((way) => first !== undefined && endOf(way) === endOf(first))
  const kept = new Set(chosen.flatMap(({ writes }) => writes))
  for (const write of new Set(ways.flatMap(({ writes }) => writes))) {
    if (!kept.has(write)) file.report({ line: write.line, where: idOf(write), what: ELSEWHERE, leftOut: true })
  }
  return chosen
}

const SOURCE_KEYS = ['forward_to', 'job_name', 'namespaces', 'log_format']

const eventsOf = (source: Block, file: NewFile): Readonly<Record<string, unknown>> => {
  const { job_name: job, namespaces, log_format: format, ...rest } = attributesOf(source, file.report, ['forward_to'])
  for (const key of Object.keys(rest)) {
    if (!SOURCE_KEYS.includes(key))
      file.report({ line: source.line, where: `${idOf(source)}: ${key}`, what: 'it has no equivalent', leftOut: true })
  }
  const kubeconfigs = source.blocks.flatMap((block) => {
    const { kubeconfig_file: kubeconfig, ...others } = block.name === 'client' ? attributesOf(block, file.report) : {}
    const isKnown = block.name === 'client' && block.blocks.length === 0 && Object.keys(others).length === 0
    if (!isKnown)
      file.report({
        line: block.line,
        where: `${idOf(source)}: ${block.name}`,
        what: 'it has no equivalent; see kubeconfig in docs/configuration.md',
        leftOut: true,
      })
    return typeof kubeconfig === 'string' ? [kubeconfig] : []
  })
  return {
    ...(Array.isArray(namespaces) && namespaces.length > 0 && { namespaces }),
    format: format === 'json' ? 'json' : 'alloy',
    ...(job !== undefined ? { job } : format === 'json' && { job: SOURCE }),
    labels: { instance: idOf(source) },
    ...(kubeconfigs[0] !== undefined && { kubeconfig: kubeconfigs[0] }),
  }
}

const OTHER_JSON = 'the keys of the line are those of the format json of this agent, with more labels'

const scrapeConfig = (way: Way, jobName: string, file: NewFile): unknown => {
  const rules: unknown[] = []
  const stages: unknown[] = []
  for (const step of way.steps) {
    if (step.name === 'loki.process') stages.push(...stagesOf(step, file))
    else (stages.length > 0 ? stages : rules).push(...rulesOf(step, file, stages.length > 0))
  }
  const events = eventsOf(way.source, file)
  if (events['format'] === 'json')
    file.report({ line: way.source.line, where: `${idOf(way.source)}: log_format`, what: OTHER_JSON, leftOut: true })
  return file.node(way.source.line, {
    job_name: jobName,
    kubernetes_events: events,
    ...(rules.length > 0 && { relabel_configs: rules }),
    ...(stages.length > 0 && { pipeline_stages: stages }),
  })
}

const jobNames = (ways: readonly Way[]): readonly string[] => {
  const names: string[] = []
  for (const { source, steps } of ways) {
    const plain = [source, ...(ways.length > 1 ? steps : [])].map(({ label }) => label).join('-')
    const repeats = names.filter((name) => name === plain || name.startsWith(`${plain}#`)).length
    names.push(repeats === 0 ? plain : `${plain}#${repeats + 1}`)
  }
  return names
}

const serverOf = (blocks: readonly Block[], file: NewFile): Readonly<Record<string, unknown>> | null => {
  const logging = blocks.find(({ name }) => name === 'logging')
  if (logging === undefined) return null
  const { level, format } = attributesOf(logging, file.report, ['write_to'])
  return { ...(level !== undefined && { log_level: level }), ...(format !== undefined && { log_format: format }) }
}

const UNUSED = 'it has no part in the way of events to Loki'

/** A file of Alloy: what lies between `loki.source.kubernetes_events` and `loki.write`. */
export const convertAlloy = (text: string, options: AlloyOptions): Conversion => {
  const parsed = parseAlloy(text)
  if (parsed.kind === 'wrong') return { kind: 'unreadable', line: parsed.line, why: parsed.why }
  const { blocks } = parsed
  const components: Components = new Map(blocks.map((block) => [idOf(block), block]))
  const file = new NewFile()
  const sources = blocks.filter(({ name }) => name === SOURCE)
  const all = sources.flatMap((source) => waysFrom(source, [], components))
  const ways = chosenWays(all, options, file)
  if (ways.length === 0)
    return { kind: 'unreadable', line: 0, why: `no way from a ${SOURCE} to a ${WRITE} ${options.receiver}`.trim() }
  const files = new Map(
    blocks.flatMap((block) => {
      const filename = block.name === 'local.file' ? attributesOf(block, file.report)['filename'] : undefined
      return typeof filename === 'string' ? [[`${idOf(block)}.content`, filename] as const] : []
    }),
  )
  const used = new Set(all.flatMap(({ source, steps, writes }) => [source, ...steps, ...writes]))
  for (const block of blocks) {
    if (used.has(block) || ['logging', 'local.file'].includes(block.name)) continue
    file.report({ line: block.line, where: block.label === '' ? block.name : idOf(block), what: UNUSED, leftOut: true })
  }
  const server = serverOf(blocks, file)
  if (server !== null && Object.keys(server).length > 0) file.document.set('server', file.node(1, server))
  const writes = [...new Set(ways.flatMap((way) => way.writes))]
  file.document.set(
    'clients',
    file.node(
      1,
      writes.flatMap((write) => clientsOf(write, file, files)),
    ),
  )
  const names = jobNames(ways)
  file.document.set(
    'scrape_configs',
    file.node(
      1,
      ways.map((way, index) => scrapeConfig(way, names[index] ?? '', file)),
    ),
  )
  return file.finish()
}
