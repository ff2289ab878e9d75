import type { Entry } from '../entry/entry.ts'
import { createPairHeads } from './pair-heads.ts'
import { fieldText, varintText } from './varint-text.ts'

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

/** Keys of push.proto, (field number << 3) | wire type; 0 is a varint, 2 is length-delimited. */
const TIMESTAMP = '\x0a'
const SECONDS = '\x08'
const NANOS = '\x10'
const LINE = '\x12'
const METADATA = '\x1a'
const VALUE = '\x12'

/** Most entries fit; a longer one is made flat in a buffer of its own. */
const SCRATCH_BYTES = 65_536
const scratch = Buffer.allocUnsafe(SCRATCH_BYTES)
const pairHeads = createPairHeads()

/** A field at its default is not written: proto3. */
const numberField = (key: string, value: number): string => (value === 0 ? '' : key + varintText(value))

/** UTF-8, one character for each byte. A lone surrogate would be three bytes that are no UTF-8. */
const utf8Text = (text: string, sizeBytes: number): string =>
  sizeBytes === text.length ? text : Buffer.from(text.toWellFormed()).toString('latin1')

/** One text without parts: of parts it would be held, and sent, at several times the cost. */
const flat = (text: string): string => {
  const { length } = text
  const into = length <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafe(length)
  into.write(text, 0, 'latin1')
  return into.toString('latin1', 0, length)
}

/**
 * Encodes the entry once, when it is offered: a push is then put together by copying. As one flat string it costs the
 * least while it waits: no objects inside, moved and freed by the collector like any other text, and unlike a part of
 * a larger buffer it keeps nothing else alive. Put together as text, because text of ASCII is its own UTF-8; the tests
 * hold it to what the generated code makes. Metadata that Loki cannot take, and empty values, are left out.
 */
export const packEntry = ({ line, metadata }: Entry, timestamp: Timestamp): PackedEntry => {
  const lineBytes = Buffer.byteLength(line)
  let sizeBytes = lineBytes
  let leftOutBytes = 0
  const time = numberField(SECONDS, timestamp.seconds) + numberField(NANOS, timestamp.nanos)
  let bytes = fieldText(TIMESTAMP, time)
  if (line !== '') bytes += LINE + varintText(lineBytes) + utf8Text(line, lineBytes)
  for (const [name, value] of metadata) {
    if (value === '') continue
    const head = pairHeads(name)
    const valueBytes = Buffer.byteLength(value)
    if (head.usable) {
      sizeBytes += head.nameBytes + valueBytes
      bytes += fieldText(METADATA, head.field + VALUE + varintText(valueBytes) + utf8Text(value, valueBytes))
    } else leftOutBytes += head.nameBytes + valueBytes
  }
  return { bytes: flat(bytes), sizeBytes, leftOutBytes }
}
