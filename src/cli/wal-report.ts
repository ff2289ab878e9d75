import { type Holder, type Inspection, isSound, type WaitingEntry } from '../wal/inspect.ts'
import type { SegmentFacts } from '../wal/segment-facts.ts'
import { segmentName } from '../wal/segment-file.ts'
import { formatTimestamp } from './printing-client.ts'
import { printable, printableJson } from './printable.ts'

/** Rows of one kind that are told one by one. */
const MAX_ROWS = 200
const MAX_LINE_CHARS = 2000
const NANOS_PER_MS = 1_000_000n
/** What a `Date` can tell; a log put together by hand may hold anything. */
const MAX_DATE_NS = 8_640_000_000_000_000n * NANOS_PER_MS

const timeOfNs = (ns: bigint): string =>
  ns <= MAX_DATE_NS && ns >= -MAX_DATE_NS ? formatTimestamp(ns) : `${String(ns)} ns`

const timeOfMs = (ms: number | null): string =>
  ms === null || !Number.isFinite(ms) ? '-' : timeOfNs(BigInt(Math.trunc(ms)) * NANOS_PER_MS)

const least = (numbers: readonly (number | null)[]): number | null => {
  const known = numbers.filter((number) => number !== null)
  return known.length === 0 ? null : known.reduce((a, b) => Math.min(a, b))
}

const most = (numbers: readonly (number | null)[]): number | null => {
  const known = numbers.filter((number) => number !== null)
  return known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

type Totals = {
  readonly sizeBytes: number
  readonly entries: number
  readonly oldestMs: number | null
  readonly newestMs: number | null
}

const totalsOf = (segments: readonly SegmentFacts[]): Totals => ({
  sizeBytes: sum(segments.map(({ sizeBytes }) => sizeBytes)),
  entries: sum(segments.map(({ entries }) => entries)),
  oldestMs: least(segments.map(({ oldestMs }) => oldestMs)),
  newestMs: most(segments.map(({ newestMs }) => newestMs)),
})

type Table = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }

/** Nothing for a table without rows; a blank line before any other. */
const aligned = ({ head, rows }: Table): readonly string[] => {
  if (rows.length === 0) return []
  const shown = [head, ...rows.slice(0, MAX_ROWS)].map((row) => row.map(printable))
  const widths = head.map((_, at) => Math.max(...shown.map((row) => row[at]?.length ?? 0)))
  const lines = shown.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return ['', ...lines, ...(rows.length > MAX_ROWS ? [`and ${rows.length - MAX_ROWS} more`] : [])]
}

const holderText = (holder: Holder | null): string => {
  if (holder === null) return 'nobody has it'
  const { owner, isAlive } = holder
  const who = `process ${owner.pid} on ${owner.host}`
  if (isAlive === null) return `${who} has or had it`
  return isAlive ? `${who} has it` : `${who} had it, and is gone`
}

const headLines = (inspection: Inspection): readonly string[] => {
  const { directory, id, segments, savedAtMs, cursors, holder, index } = inspection
  const { sizeBytes, entries, oldestMs, newestMs } = totalsOf(segments)
  return [
    `directory  ${directory}`,
    `id         ${id}`,
    `holder     ${holderText(holder)}`,
    `segments   ${segments.length}, ${sizeBytes} bytes, newest record ${index}`,
    `entries    ${entries}${entries === 0 ? '' : `, from ${timeOfMs(oldestMs)} to ${timeOfMs(newestMs)}`}`,
    `cursors    ${cursors === 'sound' ? `saved ${timeOfMs(savedAtMs)}` : `${cursors}: how far clients are is not known`}`,
  ].map(printable)
}

const segmentTable = (segments: readonly SegmentFacts[]): Table => ({
  head: ['SEGMENT', 'BYTES', 'ENTRIES', 'OLDEST', 'NEWEST'],
  rows: segments.map(({ segment, sizeBytes, entries, oldestMs, newestMs }) => [
    segmentName(segment),
    String(sizeBytes),
    String(entries),
    timeOfMs(oldestMs),
    timeOfMs(newestMs),
  ]),
})

const laneTable = ({ lanes }: Inspection): Table => ({
  head: ['JOB', 'SCOPE', 'SPOOLED', 'OWED', 'EPOCH', ''],
  rows: lanes.map(({ job, scope, spooled, isDoubtful }) => [
    job,
    scope,
    spooled?.watched ?? '-',
    String((spooled?.pending.length ?? 0) + (spooled?.active?.intervals.length ?? 0)),
    String(spooled?.epoch ?? '-'),
    isDoubtful ? 'in doubt: something before it is missing' : '',
  ]),
})

const clientTable = ({ clients }: Inspection): Table => ({
  head: ['CLIENT', 'REQUIRED', 'SETTLED', 'WAITING'],
  rows: clients.map(({ name, required, index, waiting }) => [
    name,
    required ? 'yes' : 'no',
    String(index),
    String(waiting),
  ]),
})

const damageLines = ({ damages, lostRecords, torn, cursors }: Inspection): readonly string[] => {
  const lines = damages.map(({ segment, from, to, why }) => `${segmentName(segment)}  bytes ${from} to ${to}  ${why}`)
  const more = lines.length > MAX_ROWS ? [`and ${lines.length - MAX_ROWS} more`] : []
  const isCut = torn === null ? [] : [`${segmentName(torn.segment)} ends at byte ${torn.from} in a record cut short`]
  return [
    ...(damages.length === 0 ? [] : ['', `damaged: ${lostRecords} records are missing`, ...lines.slice(0, MAX_ROWS)]),
    ...more,
    ...(isCut.length === 0 ? [] : ['', ...isCut]),
    ...(cursors === 'damaged' ? ['', 'damaged: cursors.json'] : []),
  ].map(printable)
}

const strangerLines = ({ setAside, foreign }: Inspection): readonly string[] =>
  [...setAside.map((name) => `set aside: ${name}`), ...foreign.map((name) => `not its own: ${name}`)]
    .slice(0, MAX_ROWS)
    .map((line, at) => `${at === 0 ? '\n' : ''}${printable(line)}`)

const cut = (line: string): string =>
  line.length <= MAX_LINE_CHARS ? line : `${line.slice(0, MAX_LINE_CHARS)}... (${line.length} characters)`

/** As a dry run prints entries: time, labels, structured metadata, line, separated by tabs. */
const entryLine = ({ entry: { timestampNs, labels, metadata, line } }: WaitingEntry): string =>
  [
    timeOfNs(timestampNs),
    `{${Object.entries(labels)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(', ')}}`,
    metadata.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' '),
    cut(line),
  ]
    .map(printable)
    .join('\t')

/** For people. */
export const walTable = (inspection: Inspection): string => {
  const waiting = inspection.waitingEntries.map(entryLine)
  const lines = [
    ...headLines(inspection),
    ...aligned(segmentTable(inspection.segments)),
    ...aligned(laneTable(inspection)),
    ...aligned(clientTable(inspection)),
    ...damageLines(inspection),
    ...strangerLines(inspection),
    ...(waiting.length === 0 ? [] : ['', ...waiting]),
  ]
  return `${lines.join('\n')}\n`
}

const entryJson = ({ index, job, entry }: WaitingEntry): object => ({
  index,
  job,
  timestamp: timeOfNs(entry.timestampNs),
  labels: entry.labels,
  metadata: entry.metadata,
  line: entry.line,
})

/** Everything, as one JSON object. */
export const walJson = (inspection: Inspection): string => {
  const { segments, savedAtMs, waitingEntries, ...rest } = inspection
  const { sizeBytes, entries, oldestMs, newestMs } = totalsOf(segments)
  return `${printableJson({
    sound: isSound(inspection),
    ...rest,
    savedAt: savedAtMs === null ? null : timeOfMs(savedAtMs),
    sizeBytes,
    entries,
    oldest: oldestMs === null ? null : timeOfMs(oldestMs),
    newest: newestMs === null ? null : timeOfMs(newestMs),
    segments: segments.map((each) => ({
      segment: each.segment,
      sizeBytes: each.sizeBytes,
      entries: each.entries,
      lastIndex: each.lastIndex,
      oldest: each.oldestMs === null ? null : timeOfMs(each.oldestMs),
      newest: each.newestMs === null ? null : timeOfMs(each.newestMs),
    })),
    waitingEntries: waitingEntries.map(entryJson),
  })}\n`
}
