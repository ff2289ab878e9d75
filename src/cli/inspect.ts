import type { Extracted, Inspect, Stage, WorkEntry } from '../stages/stage.ts'
import { printable } from './printable.ts'

/** An entry as it was. */
type Snapshot = {
  readonly labels: ReadonlyMap<string, string>
  readonly extracted: ReadonlyMap<string, Extracted>
  readonly metadata: WorkEntry['metadata']
  readonly line: string
  readonly timestampNs: bigint
}

type Change = { readonly sign: '+' | '~' | '-'; readonly text: string }

export type InspectOptions = {
  readonly write: (text: string) => void
  readonly coloured: boolean
}

const COLOURS = { '+': 32, '~': 33, '-': 31 } as const

/** Longer values are shown by their beginning. */
const MAX_SHOWN = 300

/** Anyone in the cluster may have written it: what a terminal would obey is shown as in JSON. */
const shown = (value: unknown): string => {
  const safe = printable(typeof value === 'bigint' ? String(value) : JSON.stringify(value))
  return safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN).toWellFormed()}…` : safe
}

const snapshot = (entry: WorkEntry): Snapshot => ({
  ...entry,
  labels: new Map(entry.labels),
  extracted: new Map(entry.extracted),
})

const changesOf = (
  what: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): readonly Change[] => {
  const changes: Change[] = []
  for (const [name, value] of after) {
    const where = `${what} ${shown(name).slice(1, -1)}`
    if (!before.has(name)) changes.push({ sign: '+', text: `${where}: ${shown(value)}` })
    else if (!Object.is(before.get(name), value)) {
      changes.push({ sign: '~', text: `${where}: ${shown(before.get(name))} -> ${shown(value)}` })
    }
  }
  for (const [name, value] of before) {
    if (!after.has(name)) changes.push({ sign: '-', text: `${what} ${shown(name).slice(1, -1)}: ${shown(value)}` })
  }
  return changes
}

const scalarChange = (what: string, before: unknown, after: unknown): readonly Change[] =>
  before === after ? [] : [{ sign: '~', text: `${what}: ${shown(before)} -> ${shown(after)}` }]

const differences = (before: Snapshot, after: Snapshot): readonly Change[] => [
  ...scalarChange('timestamp', before.timestampNs, after.timestampNs),
  ...changesOf('label', before.labels, after.labels),
  ...changesOf('structured metadata', new Map(before.metadata), new Map(after.metadata)),
  ...changesOf('extracted', before.extracted, after.extracted),
  ...scalarChange('line', before.line, after.line),
]

const DROPPED: Change = { sign: '-', text: 'dropped' }

/**
 * `-inspect`: tells after each rule and stage what it changed, those that Promtail is silent about too. The stages inside of a
 * `match` tell of themselves, before it.
 */
export const createInspect = ({ write, coloured }: InspectOptions): Inspect => {
  /** Stages that have run, to know whether any ran inside of another. */
  let ran = 0
  const painted = ({ sign, text }: Change): string =>
    coloured ? `\x1b[${COLOURS[sign]}m${sign} ${text}\x1b[0m` : `${sign} ${text}`
  return (name, stage): Stage =>
    (entry) => {
      const before = snapshot(entry)
      const already = ran
      const kept = stage(entry)
      const hasInner = ran > already
      ran += 1
      const changes = [...(hasInner ? [] : differences(before, entry)), ...(kept ? [] : [DROPPED])]
      if (hasInner && kept) return true
      const lines = changes.length === 0 ? [coloured ? '\x1b[31mnone\x1b[0m' : 'none'] : changes.map(painted)
      write(`[inspect: ${name}]:\n${lines.map((line) => `  ${line}\n`).join('')}`)
      return kept
    }
}
