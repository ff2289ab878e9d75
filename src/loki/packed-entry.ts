import type { Entry } from '../entry/entry.ts'
import { varintBytes, writeInt64, writeVarint } from './varint.ts'

/** Time as protobuf wants it; `nanos` in [0, 1e9). */
export type Timestamp = { readonly seconds: number; readonly nanos: number }

/** An entry as it stands in a push, and what Loki counts of it. */
export type PackedEntry = {
  /** The encoded EntryAdapter of push.proto, one character (U+0000 to U+00FF) for each byte. */
  readonly bytes: string
  /** UTF-8 bytes of line and metadata. */
  readonly sizeBytes: number
  /** UTF-8 bytes of the metadata that was left out. */
  readonly leftOutBytes: number
}

/** Keys of push.proto, (field number << 3) | wire type; 2 is length-delimited, 0 a varint. */
const TIMESTAMP = (1 << 3) | 2
const LINE = (2 << 3) | 2
const STRUCTURED_METADATA = (3 << 3) | 2
const SECONDS = 1 << 3
const NANOS = 2 << 3
const NAME = (1 << 3) | 2
const VALUE = (2 << 3) | 2

const MAX_BYTES_PER_UNIT = 3
/** Two keys, a length, ten bytes of seconds and five of nanoseconds; key and length of the line. */
const MAX_OVERHEAD_BYTES = 32
/** Three keys and lengths. */
const MAX_PAIR_OVERHEAD_BYTES = 18
/** For shorter ones a loop is faster than a call out of JavaScript. */
const SHORT_CHARS = 40

/** Entries are written here first; a longer one gets room of its own. */
const SCRATCH = Buffer.allocUnsafeSlow(64 * 1024)

const roomFor = ({ line, metadata }: Entry): Buffer => {
  let chars = line.length
  for (const [name, value] of metadata) chars += name.length + value.length
  const maxBytes = MAX_OVERHEAD_BYTES + MAX_BYTES_PER_UNIT * chars + MAX_PAIR_OVERHEAD_BYTES * metadata.length
  return maxBytes <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafeSlow(maxBytes)
}

/** A lone surrogate becomes U+FFFD. @param sizeBytes what `Buffer.byteLength` says. */
const writeText = (into: Buffer, at: number, text: string, sizeBytes: number): number => {
  if (sizeBytes === text.length && sizeBytes <= SHORT_CHARS) {
    for (let i = 0; i < sizeBytes; i += 1) into[at + i] = text.charCodeAt(i)
  } else into.write(text, at)
  return at + sizeBytes
}

const writeTimestamp = (into: Buffer, start: number, { seconds, nanos }: Timestamp): number => {
  into[start] = TIMESTAMP
  let at = start + 2
  if (seconds !== 0) {
    into[at] = SECONDS
    at = writeInt64(into, at + 1, seconds)
  }
  if (nanos !== 0) {
    into[at] = NANOS
    at = writeVarint(into, at + 1, nanos)
  }
  into[start + 1] = at - start - 2
  return at
}

const writeLine = (into: Buffer, start: number, line: string, sizeBytes: number): number => {
  if (sizeBytes === 0) return start
  into[start] = LINE
  return writeText(into, writeVarint(into, start + 1, sizeBytes), line, sizeBytes)
}

type Pair = { readonly name: string; readonly nameBytes: number; readonly value: string; readonly valueBytes: number }

const writePair = (into: Buffer, start: number, { name, nameBytes, value, valueBytes }: Pair): number => {
  into[start] = STRUCTURED_METADATA
  const pairBytes = 2 + varintBytes(nameBytes) + nameBytes + varintBytes(valueBytes) + valueBytes
  let at = writeVarint(into, start + 1, pairBytes)
  into[at] = NAME
  at = writeText(into, writeVarint(into, at + 1, nameBytes), name, nameBytes)
  into[at] = VALUE
  return writeText(into, writeVarint(into, at + 1, valueBytes), value, valueBytes)
}

/**
 * Loki answers 500 to the whole push for a metadata name without a letter or digit of ASCII: its OTLP namer makes it
 * only underscores (pkg/distributor, label normalisation).
 */
const isUsableName = (name: string): boolean => /[0-9A-Za-z]/.test(name)

/**
 * Encodes the entry once, when it is offered: a push is then put together by copying. As one flat string it costs the
 * least while it waits: no objects inside, moved and freed by the collector like any other text, and unlike a part of
 * a larger buffer it keeps nothing else alive. Metadata that Loki cannot take, and empty values, are left out.
 */
export const packEntry = (entry: Entry, timestamp: Timestamp): PackedEntry => {
  const into = roomFor(entry)
  const lineBytes = Buffer.byteLength(entry.line)
  let sizeBytes = lineBytes
  let leftOutBytes = 0
  let at = writeLine(into, writeTimestamp(into, 0, timestamp), entry.line, lineBytes)
  for (const [name, value] of entry.metadata) {
    if (value === '') continue
    const pair = { name, nameBytes: Buffer.byteLength(name), value, valueBytes: Buffer.byteLength(value) }
    const pairBytes = pair.nameBytes + pair.valueBytes
    if (isUsableName(name)) {
      at = writePair(into, at, pair)
      sizeBytes += pairBytes
    } else leftOutBytes += pairBytes
  }
  return { bytes: into.toString('latin1', 0, at), sizeBytes, leftOutBytes }
}
