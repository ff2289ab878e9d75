import type { Entry, Labels } from '../entry/entry.ts'
import { type CursorReader, readPosition } from '../kube/cursor-reader.ts'
import { isResourceVersion } from '../kube/resource-version.ts'
import { ByteReader } from './byte-buffer.ts'
import { CHANGES, KINDS, type LaneHead, type PositionChange, type SegmentHead, type WalRecord } from './record.ts'

type Fields = Readonly<Record<string, unknown>>

/** Distinct label sets kept as one object each, so that a client's look-ups by identity find them. */
const MAX_LABEL_SETS = 10_000
const MAX_METADATA = 10_000
const MAX_LANES = 100_000

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const isTextMap = (value: unknown): value is Labels =>
  isFields(value) && Object.values(value).every((item) => typeof item === 'string')

const isLists = (value: unknown): value is Readonly<Record<string, readonly string[]>> =>
  isFields(value) && Object.values(value).every(isTexts)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const laneHead = (value: unknown, reader: CursorReader): LaneHead | null => {
  if (!isFields(value)) return null
  const { job, scope, cluster, selection, position, begins, listed = [] } = value
  if (![job, scope, cluster, selection].every((text) => typeof text === 'string')) return null
  if (!isTexts(listed)) return null
  if (begins !== null && begins !== 'settled' && begins !== 'before_hole') return null
  return {
    job: String(job),
    scope: String(scope),
    cluster: String(cluster),
    selection: String(selection),
    position: position === null ? null : readPosition(reader, position, 'position'),
    begins,
    ...(listed.length > 0 && { listed }),
  }
}

const segmentHead = (value: unknown): SegmentHead | null => {
  if (!isFields(value)) return null
  const { index, createdAtMs, lanes, streams } = value
  if (!isCount(index) || !isCount(createdAtMs) || !Array.isArray(lanes)) return null
  if (!isFields(streams) || !Object.values(streams).every(isLists)) return null
  const reader: CursorReader = { problem: null }
  const read = lanes.map((lane) => laneHead(lane, reader)).filter((lane) => lane !== null)
  if (read.length !== lanes.length || reader.problem !== null) return null
  return { index, createdAtMs, lanes: read, streams: streams as SegmentHead['streams'] }
}

const streamsRecord = (value: unknown): WalRecord | null => {
  if (!isFields(value)) return null
  const { job, from, added } = value
  if (typeof job !== 'string' || !isLists(added)) return null
  if (!isFields(from) || !Object.values(from).every(isCount)) return null
  return { kind: 'streams', job, from: from as Readonly<Record<string, number>>, added }
}

const positionChange = (kind: (typeof CHANGES)[number] | undefined, text: string): PositionChange | null => {
  switch (kind) {
    case 'same':
      return text === '' ? { kind } : null
    case 'watched':
      return isResourceVersion(text) ? { kind, watched: text } : null
    case 'whole': {
      const reader: CursorReader = { problem: null }
      const position = readPosition(reader, parseJson(text), 'position')
      return reader.problem === null ? { kind, position } : null
    }
    case undefined:
      return null
  }
}

/** Makes records of payloads. */
export class RecordReader {
  readonly #labelSets = new Map<string, Labels>()

  /** Null: its checksum was right, and yet it makes no sense; it was written by something else. Never throws. */
  read(bytes: Buffer, from: number, to: number): WalRecord | null {
    const reader = new ByteReader(bytes, from, to)
    const kind = KINDS[reader.u8()]
    if (kind === undefined || !reader.isSound()) return null
    if (kind === 'streams') return streamsRecord(parseJson(reader.rest()))
    if (kind === 'head') {
      const head = segmentHead(parseJson(reader.rest()))
      return head === null ? null : { kind, head }
    }
    const index = reader.varint()
    const lane = reader.varint()
    const changeKind = CHANGES[reader.u8()]
    if (!reader.isSound() || lane >= MAX_LANES) return null
    if (kind !== 'moved') return this.#entry(reader, { index, lane, changeKind, isListed: kind === 'listed' })
    const change = positionChange(changeKind, reader.rest())
    return change === null ? null : { kind, index, lane, change }
  }

  #entry(
    reader: ByteReader,
    front: {
      readonly index: number
      readonly lane: number
      readonly changeKind: (typeof CHANGES)[number] | undefined
      readonly isListed: boolean
    },
  ): WalRecord | null {
    const listedLength = front.isListed ? reader.varint() : 0
    const timestampNs = reader.i96()
    const lengths = [listedLength, reader.varint(), reader.varint(), reader.varint()]
    const pairs = reader.varint()
    if (!reader.isSound() || pairs > MAX_METADATA) return null
    for (let i = 0; i < pairs * 2; i += 1) lengths.push(reader.varint())
    if (!reader.isSound()) return null
    const texts = cut(reader.rest(), lengths)
    if (texts === null) return null
    const [listed = '', position = '', labelsText = '', line = '', ...flat] = texts
    const change = positionChange(front.changeKind, position)
    const labels = this.#labels(labelsText)
    if (change === null || labels === null || (front.isListed && !isResourceVersion(listed))) return null
    const metadata: Entry['metadata'] = Array.from({ length: pairs }, (_, at) => [
      flat[at * 2] ?? '',
      flat[at * 2 + 1] ?? '',
    ])
    return {
      kind: 'entry',
      index: front.index,
      lane: front.lane,
      change,
      entry: { labels, timestampNs, line, metadata },
      ...(front.isListed && { listed }),
    }
  }

  #labels(text: string): Labels | null {
    const known = this.#labelSets.get(text)
    if (known !== undefined) return known
    const labels = parseJson(text)
    if (!isTextMap(labels)) return null
    if (this.#labelSets.size >= MAX_LABEL_SETS) this.#labelSets.clear()
    this.#labelSets.set(text, labels)
    return labels
  }
}

/** The text in parts of these lengths; null when they do not add up to it. */
const cut = (text: string, lengths: readonly number[]): string[] | null => {
  const parts: string[] = []
  let at = 0
  for (const length of lengths) {
    parts.push(text.slice(at, at + length))
    at += length
  }
  return at === text.length ? parts : null
}
