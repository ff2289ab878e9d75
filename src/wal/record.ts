import type { Entry, Labels } from '../entry/entry.ts'
import type { ScopePosition } from '../kube/position.ts'
import type { ByteBuffer } from './byte-buffer.ts'

/** Which lane a record belongs to: its place in the lane table of the segment's head. */
export type LaneId = number

/** How a lane's position changed since the lane's record before: usually only the watch went on. */
export type PositionChange =
  | { readonly kind: 'same' }
  | { readonly kind: 'watched'; readonly watched: string }
  | { readonly kind: 'whole'; readonly position: ScopePosition }

/** Lists that only ever grow, by name: what a stream guard admitted. */
export type StreamLists = Readonly<Record<string, readonly string[]>>

/** One lane as the head of a segment knows it. */
export type LaneHead = {
  readonly job: string
  readonly scope: string
  /** Identity of the cluster, and what is selected of it: with another, positions mean nothing. */
  readonly cluster: string
  readonly selection: string
  /** Behind all records before this segment; null: none is known. */
  readonly position: ScopePosition | null
  readonly begins: Beginning | null
  /** Revisions of the page being listed that are in the log; absent: none, or written before there were any. */
  readonly listed?: readonly string[]
}

/**
 * The source was started from the lane's position, whatever records before it say. This ends the doubt that a hole
 * before it leaves: always when everything up to there was settled; when it was the position before the hole, only
 * as long as there is no other hole before that.
 */
export type Beginning = 'settled' | 'before_hole'

/** First record of each segment: all that must be known to read on from here. */
export type SegmentHead = {
  /** Of the last record before it. */
  readonly index: number
  readonly createdAtMs: number
  readonly lanes: readonly LaneHead[]
  /** By job. */
  readonly streams: Readonly<Record<string, StreamLists>>
}

/**
 * What stands in a write-ahead log. `index` counts entries and moves from 1 at the log's birth; heads and streams have
 * none.
 */
export type WalRecord =
  | {
      readonly kind: 'entry'
      readonly index: number
      readonly lane: LaneId
      readonly change: PositionChange
      readonly entry: Entry
      /** Revision of the listed item that it was made of, where that could not make it again as it is. */
      readonly listed?: string | undefined
    }
  | { readonly kind: 'moved'; readonly index: number; readonly lane: LaneId; readonly change: PositionChange }
  /** Behind the first `from[name]` items of each list come these. */
  | {
      readonly kind: 'streams'
      readonly job: string
      readonly from: Readonly<Record<string, number>>
      readonly added: StreamLists
    }
  | { readonly kind: 'head'; readonly head: SegmentHead }

/** First byte of a payload; `listed` is an entry that tells its revision. New ones come last: older logs stay readable. */
export const KINDS = ['entry', 'moved', 'streams', 'head', 'listed'] as const
/** Byte of a position change. */
export const CHANGES = ['same', 'watched', 'whole'] as const

export const changeText = (change: PositionChange): string => {
  switch (change.kind) {
    case 'same':
      return ''
    case 'watched':
      return change.watched
    case 'whole':
      return JSON.stringify(change.position)
  }
}

/** What changed between two positions of a lane. */
export const changeOf = (before: ScopePosition | null, after: ScopePosition): PositionChange => {
  if (before === after) return { kind: 'same' }
  // By identity: the source makes a new object only of what changes.
  const onlyWatched =
    before !== null &&
    before.epoch === after.epoch &&
    before.active === after.active &&
    (before.pending === after.pending || (before.pending.length === 0 && after.pending.length === 0))
  if (!onlyWatched) return { kind: 'whole', position: after }
  return before.watched === after.watched ? { kind: 'same' } : { kind: 'watched', watched: after.watched }
}

const labelTexts = new WeakMap<Labels, string>()

/** One object per distinct set makes this a look-up. */
const labelsText = (labels: Labels): string => {
  let text = labelTexts.get(labels)
  if (text === undefined) {
    text = JSON.stringify(labels)
    labelTexts.set(labels, text)
  }
  return text
}

const writeFront = (into: ByteBuffer, record: WalRecord & { readonly kind: 'entry' | 'moved' }): void => {
  const kind = record.kind === 'entry' && record.listed !== undefined ? 'listed' : record.kind
  into.u8(KINDS.indexOf(kind))
  into.varint(record.index)
  into.varint(record.lane)
  into.u8(CHANGES.indexOf(record.change.kind))
}

/**
 * Numbers first (lengths in UTF-16 code units), then all texts as one: a single UTF-8 conversion for each entry is what
 * makes this fast.
 */
const writeEntry = (into: ByteBuffer, record: WalRecord & { readonly kind: 'entry' }): void => {
  const { entry } = record
  const position = changeText(record.change)
  const labels = labelsText(entry.labels)
  const { listed } = record
  writeFront(into, record)
  if (listed !== undefined) into.varint(listed.length)
  into.i96(entry.timestampNs)
  into.varint(position.length)
  into.varint(labels.length)
  into.varint(entry.line.length)
  into.varint(entry.metadata.length)
  let texts = (listed ?? '') + position + labels + entry.line
  for (const [name, value] of entry.metadata) {
    into.varint(name.length)
    into.varint(value.length)
    texts += name + value
  }
  // A lone surrogate is no UTF-8; it becomes U+FFFD, of the same length, as on the way to Loki. One at the end of a text
  // must not find its other half at the start of the next.
  if (texts.isWellFormed()) into.text(texts)
  else
    for (const text of [listed ?? '', position, labels, entry.line, ...entry.metadata.flat()])
      into.text(text.toWellFormed())
}

/** Appends the record's payload. */
export const writeRecord = (into: ByteBuffer, record: WalRecord): void => {
  switch (record.kind) {
    case 'entry':
      writeEntry(into, record)
      return
    case 'moved':
      writeFront(into, record)
      into.text(changeText(record.change))
      return
    case 'streams':
      into.u8(KINDS.indexOf('streams'))
      into.text(JSON.stringify({ job: record.job, from: record.from, added: record.added }))
      return
    case 'head':
      into.u8(KINDS.indexOf('head'))
      into.text(JSON.stringify(record.head))
  }
}
