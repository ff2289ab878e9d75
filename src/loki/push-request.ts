import type { Batch, StreamBatch } from './batch.ts'
import { push } from './push.generated.js'
import type { QueuedEntry } from './queued-entry.ts'
import { compress } from './snappy.ts'

type EntryMessage = push.EntryAdapter.$Properties

const toEntryMessage = (entry: QueuedEntry): EntryMessage => ({
  timestamp: { seconds: entry.seconds, nanos: entry.nanos },
  line: entry.line,
  structuredMetadata: entry.metadata.map(([name, value]) => ({ name, value })),
})

const toStreamMessage = (batch: StreamBatch): push.StreamAdapter.$Properties => ({
  labels: batch.stream.labels,
  entries: batch.entries.map(toEntryMessage),
})

/** The protobuf message, not compressed. The same batch gives the same bytes. */
export const encodePushRequest = (batch: Batch): Uint8Array =>
  push.PushRequest.encode({ streams: batch.streams.map(toStreamMessage) }).finish()

/** The body of `POST /loki/api/v1/push`: protobuf, then snappy's block format. */
export const toPushBody = (batch: Batch): Uint8Array => compress(encodePushRequest(batch))
