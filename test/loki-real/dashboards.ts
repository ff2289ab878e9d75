import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import type { Json } from '../../src/dashboards/json.ts'
import { modelOf } from '../../src/dashboards/model.ts'
import { rewritten } from '../../src/dashboards/without-metadata.ts'
import type { Entry } from '../../src/entry/entry.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { defaultEntries, demoEntries } from '../fixtures/demo-entries.ts'
import { INCIDENTS } from '../fixtures/incident-events.ts'
import { type Choice, sent, type Window } from '../fixtures/panel-answers.ts'
import { askReal, BothLokis, type LokiAccess } from './both-lokis.ts'

// Each query of the shipped dashboards in a real Loki, given from outside; as in real.ts:
//   LOKI_URL     such as http://127.0.0.1:3100
//   LOKI_TENANT  optional: X-Scope-OrgID

const { LOKI_URL = '', LOKI_TENANT = '' } = process.env
const access: LokiAccess = { url: LOKI_URL.replace(/\/$/, ''), tenant: LOKI_TENANT }
const given = { skip: LOKI_URL === '' ? 'set LOKI_URL' : false, timeout: 600_000 }

const PLAYED_MINUTES = 16
const STEP_SECONDS = 120
/** Half an hour is enough, and none of it is too old. */
const RANGE_MS = 1_800_000

const endMs = Math.floor(Date.now() / 1000) * 1000 - 1000
const window: Window = { startMs: endMs - RANGE_MS, endMs, stepSeconds: STEP_SECONDS }
const ns = (ms: number): string => `${ms}000000`

const CHOICES: Readonly<Record<string, Choice>> = {
  'as it opens': {},
  'several of each': {
    namespace: ['shop', 'checkout', 'default'],
    kind: ['Pod', 'Node', 'a.b'],
    type: ['Warning'],
    reason: ['BackOff', 'Failed', 'FailedMount'],
  },
  'one object': { namespace: ['shop'], kind: ['Pod'], name: 'web-0$' },
  'a word in any case': { search: 'IMAGE', name: 'w' },
}

type Row = { readonly value?: readonly unknown[]; readonly values?: readonly (readonly unknown[])[] }

/** Of which equal ones topk leaves out, and which lines of one time are the last within a limit, is not told by Loki. */
const withoutTies = (result: unknown): readonly string[] => {
  const rows = (Array.isArray(result) ? result : []) as readonly Row[]
  const points = rows.flatMap(({ value, values }) => (value === undefined ? (values ?? []) : [value]))
  return points
    .map(([time, value]) => `${String(time)} ${/^[-\d.e+]+$/.test(String(value)) ? String(value) : ''}`)
    .sort()
}

/** The jobs have other names for each run and variant, so that no other data is in the way. */
const ownJob = (expr: string, run: string): string =>
  expr.replaceAll(/job="(kubernetes-events|eventail)"/g, `job="$1-${run}"`)

/** Entries as if what they tell had ended now. */
const moved = (
  entries: readonly Entry[],
  fromMs: number,
  run: string,
): readonly { labels: Entry['labels']; entry: Entry }[] =>
  entries.map((entry) => ({
    labels: { ...entry.labels, job: `${entry.labels['job'] ?? ''}-${run}` },
    entry: { ...entry, timestampNs: entry.timestampNs + BigInt(endMs - fromMs) * 1_000_000n },
  }))

const stored = async (lokis: BothLokis, structuredMetadata: boolean, run: string): Promise<void> => {
  const toEntry = defaultEntries(`structured_metadata: ${structuredMetadata}`)
  const { entries, events, endMs: playedMs } = await demoEntries(PLAYED_MINUTES)
  const heartbeats = entries.filter(({ labels }) => labels['job'] === 'eventail')
  const all = moved([...events.map(toEntry), ...heartbeats], Math.ceil(playedMs / 1000) * 1000, run)
  const acted = INCIDENTS.map(({ event }) => toEntry(event))
  const lastMs = Math.max(...acted.map(({ timestampNs }) => Number(timestampNs / 1_000_000n)))
  const startNs = BigInt(window.startMs) * 1_000_000n
  await lokis.push([...all, ...moved(acted, lastMs, run)].filter(({ entry }) => entry.timestampNs > startNs))
}

const questionsOf = (
  file: string,
  structuredMetadata: boolean,
  choice: Choice,
): readonly { where: string; text: string; isInstant: boolean; limit: string }[] => {
  const json: unknown = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../dashboards', file), 'utf8'))
  const model = modelOf((structuredMetadata ? json : rewritten(json)) as Json)
  return [...model.panels.flatMap(({ targets }) => targets), ...model.annotations].map((target) => ({
    where: `${file}: ${target.where}`,
    text: sent(model, target, window, choice),
    isInstant: target.isInstant,
    limit: target.json['maxLines'] === undefined ? '100' : JSON.stringify(target.json['maxLines']),
  }))
}

for (const structuredMetadata of [true, false]) {
  const variant = structuredMetadata ? 'with' : 'without'
  t.test(
    `each query of each panel has the same answer in both Lokis, ${variant} structured metadata`,
    given,
    async (t) => {
      const run = `${variant}-${endMs}`
      const lokis = new BothLokis(access)
      await stored(lokis, structuredMetadata, run)
      const query = `sum(count_over_time({job="kubernetes-events-${run}"} [${RANGE_MS}ms]))`
      const { text: counted } = await askReal(
        access,
        `/loki/api/v1/query?${new URLSearchParams({ query, time: ns(endMs) }).toString()}`,
      )
      t.match(counted, /"value":\[\d+,"\d{4}"\]/, 'it has more than a thousand entries')
      for (const [what, choice] of Object.entries(CHOICES)) {
        for (const file of ['overview.json', 'timeline.json']) {
          for (const { where, text, isInstant, limit } of questionsOf(file, structuredMetadata, choice)) {
            const query = ownJob(text, run)
            const parsed = parseQuery(query)
            const isLog = parsed.kind === 'ok' && parsed.query.kind === 'log'
            const range = { query, start: ns(window.startMs), end: ns(endMs), step: `${STEP_SECONDS}s`, limit }
            const different = isInstant
              ? await lokis.difference(
                  '/loki/api/v1/query',
                  { query, time: ns(endMs) },
                  { endpoint: 'instant', tiesMaySwap: true },
                )
              : await lokis.difference('/loki/api/v1/query_range', range, {
                  endpoint: isLog ? 'log' : 'range',
                  tiesMaySwap: true,
                })
            const { found, wanted } = different ?? { found: null, wanted: null }
            const isTied = (query.includes('topk') || isLog) && Array.isArray(found)
            const [left, right] = isTied ? [withoutTies(found), withoutTies(wanted)] : [found, wanted]
            t.strictSame(left, right, `${where}, ${what}: ${query}`)
          }
        }
      }
    },
  )
}
