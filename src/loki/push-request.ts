import type { Batch, StreamBatch } from './batch.ts'
import { compress } from './snappy.ts'
import { varintBytes, writeVarint } from './varint.ts'

/** Keys of push.proto, (field number << 3) | wire type; 2 is length-delimited. */
const STREAMS = (1 << 3) | 2
const LABELS = (1 << 3) | 2
const ENTRIES = (2 << 3) | 2

/** Key, length and content. */
const fieldBytes = (contentBytes: number): number => 1 + varintBytes(contentBytes) + contentBytes

const streamBytes = ({ stream, entries }: StreamBatch): number => {
  let sizeBytes = fieldBytes(stream.labelsBytes)
  for (const { bytes } of entries) sizeBytes += fieldBytes(bytes.length)
  return sizeBytes
}

const openField = (into: Buffer, at: number, key: number, contentBytes: number): number => {
  into[at] = key
  return writeVarint(into, at + 1, contentBytes)
}

const writeStream = (into: Buffer, start: number, batch: StreamBatch, sizeBytes: number): number => {
  const { stream, entries } = batch
  let at = openField(into, start, STREAMS, sizeBytes)
  at = openField(into, at, LABELS, stream.labelsBytes)
  at += into.write(stream.labels, at)
  for (const { bytes } of entries) {
    at = openField(into, at, ENTRIES, bytes.length)
    at += into.write(bytes, at, 'latin1')
  }
  return at
}

/**
 * The protobuf message (push.proto), not compressed. The same batch gives the same bytes, which the tests hold to what
 * the generated code makes.
 */
export const encodePushRequest = (batch: Batch): Uint8Array => {
  const sizes = batch.streams.map(streamBytes)
  const into = Buffer.allocUnsafe(sizes.reduce((sum, sizeBytes) => sum + fieldBytes(sizeBytes), 0))
  let at = 0
  batch.streams.forEach((stream, i) => {
    at = writeStream(into, at, stream, sizes[i] ?? 0)
  })
  return into
}

/** The body of `POST /loki/api/v1/push`: protobuf, then snappy's block format. */
export const toPushBody = (batch: Batch): Uint8Array => compress(encodePushRequest(batch))
