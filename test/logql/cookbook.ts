import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { evaluateInstant, evaluateLines } from '../../src/logql/evaluate.ts'
import { formatGoFloat } from '../../src/logql/go-number.ts'
import { labelOf, type Vector } from '../../src/logql/metric.ts'
import type { ProcessedEntry } from '../../src/logql/pipeline.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { StreamIndex, type StreamSource } from '../../src/logql/store.ts'
import { demoEntries } from '../fixtures/demo-entries.ts'

// With UPDATE=1 the results in the document are written anew instead of being compared.

const DOCUMENT = new URL('../../docs/logql.md', import.meta.url)
/** Longer than the recording, so that all of it is there. */
const PLAYED_MINUTES = 16
const SHOWN = 5
const WIDTH = 180
const HOUR_NS = 3_600_000_000_000n
/** A heading, a text, a query and what it answers. */
const SECTION = /^## (.+)\n([^#]*?```logql\n([^`]+)\n```\n)(?:\n```text\n([\s\S]*?)\n```\n)?/gm

type Answer = { readonly found: number; readonly text: string }

const cut = (line: string): string => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line)

const shown = (rows: readonly string[], found: number): Answer => {
  const more = found > SHOWN ? [`… ${found - SHOWN} more`] : []
  return { found, text: [...rows.map((row) => cut(row.trimEnd())), ...more].join('\n') }
}

const lineRow = ({ timestampNs, line }: ProcessedEntry): string =>
  `${new Date(Number(timestampNs / 1_000_000n)).toISOString().slice(11, 19)}  ${line}`

/** Columns as wide as their widest cell; the last one is a number. */
const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  '),
  )
}

const vectorAnswer = (samples: Vector): Answer => {
  const names = [...new Set(samples.flatMap(({ metric }) => metric.pairs.map(([name]) => name)))].sort()
  const top = samples.toSorted((a, b) => b.value - a.value).slice(0, SHOWN)
  const rows = top.map(({ metric, value }) => [...names.map((name) => labelOf(metric, name)), formatGoFloat(value)])
  return shown(table([[...names, 'value'], ...rows]), samples.length)
}

const answered = (source: StreamSource, text: string, endNs: bigint): Answer => {
  const parsed = parseQuery(text)
  if (parsed.kind === 'error') throw new Error(`${text}: ${parsed.problem.message}`)
  if (parsed.query.kind === 'log') {
    const window = { startNs: endNs - HOUR_NS, endNs, limit: 5000, direction: 'backward', intervalNs: 0n } as const
    const outcome = evaluateLines(source, parsed.query, window)
    if (outcome.kind === 'error') throw new Error(outcome.message)
    return shown(outcome.entries.slice(0, SHOWN).map(lineRow), outcome.entries.length)
  }
  const outcome = evaluateInstant(source, parsed.query, { timeNs: endNs, by: 'frontend' })
  if (outcome.kind !== 'vector') throw new Error(`${text}: ${JSON.stringify(outcome)}`)
  return vectorAnswer(outcome.samples)
}

t.test('each query of docs/logql.md answers on the recording what stands below it', async (t) => {
  const { entries, endMs } = await demoEntries(PLAYED_MINUTES)
  const index = new StreamIndex()
  for (const entry of entries) index.add(entry.labels, [entry])
  const document = readFileSync(DOCUMENT, 'utf8')
  const titles = new Set<string>()
  const written = document.replace(SECTION, (...[, title = '', head = '', query = '', result]: string[]) => {
    titles.add(title)
    const { found, text } = answered(index, query, BigInt(endMs) * 1_000_000n)
    t.ok(found > 0, `${title}: it finds something`)
    if (process.env['UPDATE'] !== '1') t.equal(result, text, title)
    return `## ${title}\n${head}\n\`\`\`text\n${text}\n\`\`\`\n`
  })
  t.equal(titles.size, 30)
  t.equal(document.match(/^```logql$/gm)?.length, 30, 'none stands where it is not looked for')
  if (process.env['UPDATE'] === '1') writeFileSync(DOCUMENT, written)
})
