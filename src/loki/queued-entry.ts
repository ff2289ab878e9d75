import type { Entry } from '../entry/entry.ts'
import { packEntry } from './packed-entry.ts'
import type { Stream } from './stream-labels.ts'

/** An entry on its way, with what the queue, the batch and the encoder need to know of it, worked out once. */
export type QueuedEntry = {
  readonly sequence: number
  readonly stream: Stream
  /** The entry as it stands in a push; see `PackedEntry`. */
  readonly bytes: string
  /** Timestamp as protobuf wants it; `nanos` in [0, 1e9). */
  readonly seconds: number
  readonly nanos: number
  /** The same, rounded down. */
  readonly timestampMs: number
  /** UTF-8 bytes of line and metadata: what Loki counts for its rates, and `batchsize` here. */
  readonly sizeBytes: number
  /** UTF-8 bytes of metadata left out, because its name would make Loki refuse the whole push. */
  readonly leftOutBytes: number
  /** Monotonic time of its arrival. */
  readonly arrivedMs: number
}

const NANOS = 1_000_000_000n
/** 0001-01-01 and 9999-12-31T23:59:59 in seconds: outside, Go cannot unmarshal the whole push (protobuf Timestamp). */
const MIN_SECONDS = -62_135_596_800
const MAX_SECONDS = 253_402_300_799
/** Objects around the bytes and the position kept for each entry. Measured: about 270 bytes. */
const MEMORY_OVERHEAD_BYTES = 300

/** Key and length of an entry in its stream. */
const MAX_FIELD_OVERHEAD_BYTES = 6

/** Upper bound of its bytes inside an encoded push, labels apart. */
export const encodedBytesOf = ({ bytes }: QueuedEntry): number => bytes.length + MAX_FIELD_OVERHEAD_BYTES

/** What an entry costs while it waits. */
export const memoryBytesOf = ({ bytes }: QueuedEntry): number => bytes.length + MEMORY_OVERHEAD_BYTES

/** Whole seconds, rounded down, and the rest in nanoseconds. */
const splitTimestamp = (timestampNs: bigint): { readonly seconds: number; readonly nanos: number } => {
  const seconds = Number(timestampNs / NANOS)
  const nanos = Number(timestampNs % NANOS)
  return nanos < 0 ? { seconds: seconds - 1, nanos: nanos + 1e9 } : { seconds, nanos }
}

/** `undefined`: a timestamp outside the years 1 to 9999. */
export const toQueuedEntry = (
  entry: Entry,
  at: { readonly sequence: number; readonly stream: Stream; readonly arrivedMs: number },
): QueuedEntry | undefined => {
  const timestamp = splitTimestamp(entry.timestampNs)
  const { seconds, nanos } = timestamp
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return undefined
  const { bytes, sizeBytes, leftOutBytes } = packEntry(entry, timestamp)
  // Field by field: a spread here costs more than all the rest.
  return {
    sequence: at.sequence,
    stream: at.stream,
    arrivedMs: at.arrivedMs,
    bytes,
    seconds,
    nanos,
    timestampMs: seconds * 1000 + Math.floor(nanos / 1_000_000),
    sizeBytes,
    leftOutBytes,
  }
}
