import protobuf from 'protobufjs/minimal.js'
import type { Batch, StreamBatch } from './batch.ts'
import type { QueuedEntry } from './queued-entry.ts'
import { compress } from './snappy.ts'

/** Keys of push.proto, (field number << 3) | wire type; 2 is length-delimited, 0 a varint. */
const STREAMS = (1 << 3) | 2
const LABELS = (1 << 3) | 2
const ENTRIES = (2 << 3) | 2
const TIMESTAMP = (1 << 3) | 2
const LINE = (2 << 3) | 2
const STRUCTURED_METADATA = (3 << 3) | 2
const SECONDS = 1 << 3
const NANOS = 2 << 3
const NAME = (1 << 3) | 2
const VALUE = (2 << 3) | 2

// Written field by field rather than through messages of push.generated.js, which would cost an object for each entry
// and pair. The tests hold the bytes to what the generated code makes. Zero and '' are left out, as proto3 does.

const writeTimestamp = (writer: protobuf.Writer, { seconds, nanos }: QueuedEntry): void => {
  writer.uint32(TIMESTAMP).fork()
  if (seconds !== 0) writer.uint32(SECONDS).int64(seconds)
  if (nanos !== 0) writer.uint32(NANOS).int32(nanos)
  writer.ldelim()
}

const writeEntry = (writer: protobuf.Writer, entry: QueuedEntry): void => {
  writer.uint32(ENTRIES).fork()
  writeTimestamp(writer, entry)
  if (entry.line !== '') writer.uint32(LINE).string(entry.line)
  for (const [name, value] of entry.metadata) {
    writer.uint32(STRUCTURED_METADATA).fork().uint32(NAME).string(name).uint32(VALUE).string(value).ldelim()
  }
  writer.ldelim()
}

const writeStream = (writer: protobuf.Writer, { stream, entries }: StreamBatch): void => {
  writer.uint32(STREAMS).fork().uint32(LABELS).string(stream.labels)
  for (const entry of entries) writeEntry(writer, entry)
  writer.ldelim()
}

/** The protobuf message (push.proto), not compressed. The same batch gives the same bytes. */
export const encodePushRequest = (batch: Batch): Uint8Array => {
  const writer = protobuf.Writer.create()
  for (const stream of batch.streams) writeStream(writer, stream)
  return writer.finish()
}

/** The body of `POST /loki/api/v1/push`: protobuf, then snappy's block format. */
export const toPushBody = (batch: Batch): Uint8Array => compress(encodePushRequest(batch))
