import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import type { ScrapeConfig } from '../../src/config/config.ts'
import { formatConfigErrors } from '../../src/config/config-error.ts'
import { expandEnv, type Environment } from '../../src/config/expand-env.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { createRelabeler } from '../../src/relabel/relabel.ts'
import { Pipeline, type PipelineOutput } from '../../src/stages/pipeline.ts'
import { noMetrics } from '../../src/stages/stage-metrics.ts'
import { systemClock } from '../../src/clock.ts'

/** What Promtail 3.6.15 really did with each input; other cases of this form may be put in their place. */
const folder = process.env['PROMTAIL_CASES'] ?? resolve(import.meta.dirname, '../fixtures/conformance/promtail')
const readCases = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'))

type Refusal = { readonly error?: string; readonly crash?: string }
type Named = { readonly id: string; readonly title: string; readonly config: string }
type RelabelCase = Named & {
  readonly labels: Readonly<Record<string, string>>
  readonly expected: Refusal & { readonly keep?: boolean; readonly labels?: Readonly<Record<string, string>> }
}

/** The scrape config that has this text under `key`, or what is wrong with it. */
const scrapeConfig = (key: string, config: string): ScrapeConfig | string => {
  const value = config.replaceAll(/^(?=.)/gm, '      ')
  const text = `clients: [{url: http://loki}]\nscrape_configs:\n  - job_name: a\n    kubernetes_events: {}\n    ${key}:\n${value}`
  const parsed = parseConfig(text, 'case.yaml')
  if (parsed.kind === 'invalid') return formatConfigErrors(parsed.errors)
  return parsed.config.scrapeConfigs[0] ?? 'no scrape config'
}

const isRefusal = ({ error, crash }: Refusal): boolean => error !== undefined || crash !== undefined

const sorted = (labels: Iterable<readonly [string, unknown]>): (readonly [string, unknown])[] =>
  [...labels].sort(([a], [b]) => (a < b ? -1 : 1))

t.test('labels are rewritten as by Promtail', (t) => {
  for (const { id, title, config, labels, expected } of readCases('relabel.json') as readonly RelabelCase[]) {
    const name = `${id}: ${title}`
    const found = scrapeConfig('relabel_configs', config)
    if (typeof found === 'string' || isRefusal(expected)) {
      if (typeof found !== 'string') t.fail(`${name}: refused`, { expected })
      else if (isRefusal(expected)) t.pass(name)
      else t.fail(name, { found })
      continue
    }
    const after = new Map(Object.entries(labels))
    const keep = createRelabeler(found.relabel)(after)
    const got = keep ? { keep, labels: sorted(after) } : { keep }
    const wanted = expected.labels === undefined ? {} : { labels: sorted(Object.entries(expected.labels)) }
    t.strictSame(got, { keep: expected.keep, ...wanted }, name)
  }
  t.end()
})

/** Text, or bytes that are no text; numbers that JSON has not. */
type Special = { readonly base64: string } | { readonly number: string }
type Value = string | number | boolean | null | Special
type Output = {
  readonly input: number
  readonly labels: Readonly<Record<string, Value>>
  readonly ts?: string
  readonly ts_without_year?: string
  readonly line: Value
  readonly structured_metadata: readonly { readonly name: string; readonly value: Value }[]
  readonly extracted: Readonly<Record<string, Value>>
}
type PipelineCase = Named & {
  readonly entries?: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly ts: string
    readonly line: string
    readonly structured_metadata?: Readonly<Record<string, string>>
  }[]
  readonly expected: Refusal & { readonly outputs?: readonly Output[]; readonly dropped?: readonly number[] }
}

const bytesIn = (text: string | { readonly base64: string }): Buffer =>
  typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.base64, 'base64')

/** Bytes that are no UTF-8 stand as lone surrogates U+DC80..U+DCFF in our text. */
const bytesOf = (text: string): Buffer =>
  Buffer.concat(
    Array.from(text, (char) => {
      const code = char.charCodeAt(0)
      return char.length === 1 && code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char)
    }),
  )

const textOf = (value: Value): unknown => {
  if (typeof value === 'string') return bytesOf(value).toString('latin1')
  if (typeof value === 'number')
    return Object.is(value, -0) || !Number.isFinite(value) ? `number ${shownNumber(value)}` : value
  if (typeof value !== 'object' || value === null) return value
  return 'base64' in value ? Buffer.from(value.base64, 'base64').toString('latin1') : `number ${value.number}`
}

const shownNumber = (value: number): string => {
  if (Object.is(value, -0)) return '-0'
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

const plain = (values: Iterable<readonly [string, Value]>): unknown =>
  sorted([...values].map(([name, value]) => [name, textOf(value)]))

const pairs = (values: Iterable<readonly [string, Value]>): string =>
  [...values]
    .map(([name, value]) => JSON.stringify([name, textOf(value)]))
    .sort()
    .join()

const nanoseconds = (ts: string): bigint => {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(ts) ?? []
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

const withoutYear = (timestampNs: bigint): string => {
  const ms = timestampNs / 1_000_000n
  const fraction = String(timestampNs % 1_000_000_000n).padStart(9, '0')
  return `${new Date(Number(ms)).toISOString().slice(5, 19)}.${fraction}Z`
}

const gotOf = (input: number, output: PipelineOutput, yearless: boolean): unknown => ({
  input,
  labels: plain(output.labels),
  ts: yearless ? withoutYear(output.timestampNs) : String(output.timestampNs),
  line: textOf(output.line),
  metadata: pairs(output.metadata),
  extracted: plain(output.extracted),
})

const wantedOf = (output: Output): unknown => ({
  input: output.input,
  labels: plain(Object.entries(output.labels)),
  ts: output.ts_without_year ?? output.ts,
  line: textOf(output.line),
  metadata: pairs(output.structured_metadata.map(({ name, value }) => [name, value])),
  extracted: plain(Object.entries(output.extracted)),
})

const isNewYear = [0, 11].includes(new Date(systemClock.now()).getUTCMonth())

const runPipeline = (config: ScrapeConfig, { entries = [], expected }: PipelineCase): unknown => {
  const pipeline = new Pipeline(config.stages, { clock: systemClock, metrics: noMetrics })
  const dropped: number[] = []
  const outputs = entries.flatMap(({ labels, ts, line, structured_metadata: metadata = {} }, input) => {
    const output = pipeline.process({
      labels: new Map(Object.entries(labels)),
      timestampNs: nanoseconds(ts),
      line,
      metadata: Object.entries(metadata),
    })
    if (output === null) dropped.push(input)
    return output === null ? [] : [gotOf(input, output, expected.outputs?.[0]?.ts === undefined)]
  })
  return { outputs, dropped }
}

t.test('entries go through pipelines as through those of Promtail', (t) => {
  for (const one of readCases('pipeline.json') as readonly PipelineCase[]) {
    const { id, title, config, expected } = one
    const name = `${id}: ${title}`
    const found = scrapeConfig('pipeline_stages', config)
    if (isRefusal(expected)) {
      if (typeof found === 'string') t.pass(name)
      else t.fail(`${name}: refused`, { expected })
    } else if (typeof found === 'string') t.fail(name, { found })
    else if (isNewYear && expected.outputs?.some((output) => output.ts === undefined) === true) {
      t.pass(`${name}: says nothing at the turn of a year`)
    } else {
      const wanted = { outputs: expected.outputs?.map(wantedOf), dropped: expected.dropped }
      t.strictSame(runPipeline(found, one), wanted, name)
    }
  }
  t.end()
})

type ExpandCase = Omit<Named, 'config'> & {
  readonly text: string
  readonly env: Environment
  readonly expected: Refusal & { readonly text?: string | { readonly base64: string } }
}

t.test('texts are expanded as by Promtail', (t) => {
  for (const { id, title, text, env, expected } of readCases('expand-env.json') as readonly ExpandCase[]) {
    const name = `${id}: ${title}`
    const result = expandEnv(text, env)
    if (expected.text === undefined) t.equal(result.kind, 'refused', name)
    else if (result.kind === 'refused') t.fail(name, result)
    else t.equal(Buffer.from(result.bytes).toString('latin1'), bytesIn(expected.text).toString('latin1'), name)
  }
  t.end()
})
