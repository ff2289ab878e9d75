import type { Entry } from '../entry/entry.ts'
import { push } from './push.generated.js'

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

/**
 * Loki answers 500 to the whole push for a metadata name without a letter or digit of ASCII: its OTLP namer makes it
 * only underscores (pkg/distributor, label normalisation).
 */
const isUsableName = (name: string): boolean => /[0-9A-Za-z]/.test(name)

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/**
 * Encodes the entry once, when it is offered: a push is then put together by copying. As one flat string it costs the
 * least while it waits: no objects inside, moved and freed by the collector like any other text, and unlike a part of
 * a larger buffer it keeps nothing else alive. Metadata that Loki cannot take, and empty values, are left out.
 */
export const packEntry = (entry: Entry, timestamp: Timestamp): PackedEntry => {
  // protobufjs writes a lone surrogate as three bytes that are no UTF-8.
  const line = entry.line.toWellFormed()
  const structuredMetadata: push.LabelPairAdapter.$Properties[] = []
  let sizeBytes = Buffer.byteLength(line)
  let leftOutBytes = 0
  for (const [name, value] of entry.metadata) {
    if (value === '') continue
    const pairBytes = Buffer.byteLength(name) + Buffer.byteLength(value)
    if (isUsableName(name)) {
      sizeBytes += pairBytes
      structuredMetadata.push({ name: name.toWellFormed(), value: value.toWellFormed() })
    } else leftOutBytes += pairBytes
  }
  const encoded = push.EntryAdapter.encode({ timestamp, line, structuredMetadata }).finish()
  return { bytes: latin1(encoded), sizeBytes, leftOutBytes }
}
