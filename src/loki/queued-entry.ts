import type { Entry } from '../entry/entry.ts'
import type { Stream } from './stream-labels.ts'

/** An entry on its way, with what the queue, the batch and the encoder need to know of it, worked out once. */
export type QueuedEntry = {
  readonly sequence: number
  readonly stream: Stream
  readonly line: string
  readonly metadata: Entry['metadata']
  /** Timestamp as protobuf wants it; `nanos` in [0, 1e9). */
  readonly seconds: number
  readonly nanos: number
  /** The same, rounded down. */
  readonly timestampMs: number
  /** UTF-8 bytes of line and metadata: what Loki counts for its rates, and `batchsize` here. */
  readonly sizeBytes: number
  /** Upper bound of its bytes inside an encoded push, labels apart. */
  readonly encodedBytes: number
  /** What it costs while it waits. */
  readonly memoryBytes: number
  /** Monotonic time of its arrival. */
  readonly arrivedMs: number
}

const NANOS = 1_000_000_000n
/** 0001-01-01 and 9999-12-31T23:59:59 in seconds: outside, Go cannot unmarshal the whole push (protobuf Timestamp). */
const MIN_SECONDS = -62_135_596_800
const MAX_SECONDS = 253_402_300_799
/** Tags, lengths and the timestamp: 3 + 5 + 18 + 6. */
const ENTRY_OVERHEAD_BYTES = 32
/** Three tags and lengths of up to 5 bytes. */
const PAIR_OVERHEAD_BYTES = 18
/** Objects around the text. Measured: about 400 bytes for an entry with four pairs. */
const MEMORY_OVERHEAD_BYTES = 400

/**
 * Loki answers 500 to the whole push for a metadata name without a letter or digit of ASCII: its OTLP namer makes it
 * only underscores (pkg/distributor, label normalisation).
 */
const isUsable = ([name, value]: readonly [string, string]): boolean => value !== '' && /[0-9A-Za-z]/.test(name)

const isWellFormed = ([name, value]: readonly [string, string]): boolean => name.isWellFormed() && value.isWellFormed()

const usable = (metadata: Entry['metadata']): Entry['metadata'] => {
  const kept = metadata.every(isUsable) ? metadata : metadata.filter(isUsable)
  if (kept.every(isWellFormed)) return kept
  return kept.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()] as const)
}

/** Whole seconds, rounded down, and the rest in nanoseconds. */
const splitTimestamp = (timestampNs: bigint): readonly [seconds: number, nanos: number] => {
  const quotient = Number(timestampNs / NANOS)
  const rest = Number(timestampNs % NANOS)
  return rest < 0 ? [quotient - 1, rest + 1e9] : [quotient, rest]
}

/** `undefined`: a timestamp outside the years 1 to 9999. */
export const toQueuedEntry = (
  entry: Entry,
  at: { readonly sequence: number; readonly stream: Stream; readonly arrivedMs: number },
): QueuedEntry | undefined => {
  const [seconds, nanos] = splitTimestamp(entry.timestampNs)
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return undefined
  const metadata = usable(entry.metadata)
  // A lone surrogate would leave the writer as broken UTF-8.
  const line = entry.line.toWellFormed()
  let sizeBytes = Buffer.byteLength(line)
  for (const [name, value] of metadata) sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  // Field by field: a spread here costs more than all the rest.
  return {
    sequence: at.sequence,
    stream: at.stream,
    arrivedMs: at.arrivedMs,
    line,
    metadata,
    seconds,
    nanos,
    timestampMs: seconds * 1000 + Math.floor(nanos / 1_000_000),
    sizeBytes,
    encodedBytes: sizeBytes + ENTRY_OVERHEAD_BYTES + metadata.length * PAIR_OVERHEAD_BYTES,
    memoryBytes: sizeBytes + MEMORY_OVERHEAD_BYTES,
  }
}
