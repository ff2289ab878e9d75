import type { Entry } from '../entry/entry.ts'
import type { ClientOptions } from '../loki/client-options.ts'
import type { LokiClient, Settle } from '../loki/loki-client.ts'
import { createStreamResolver } from '../loki/stream-labels.ts'
import type { Output } from './output.ts'

const NANOS_PER_SECOND = 1_000_000_000n

/** `2026-11-23T22:00:00.057000001Z`: RFC 3339 with as many digits of the second as there are. */
export const formatTimestamp = (timestampNs: bigint): string => {
  const nanos = ((timestampNs % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND
  const wholeMs = Number((timestampNs - nanos) / 1_000_000n)
  const fraction = String(nanos).padStart(9, '0').replace(/0+$/, '')
  return `${new Date(wholeMs).toISOString().slice(0, -5)}${fraction === '' ? '' : `.${fraction}`}Z`
}

const metadataText = (metadata: Entry['metadata']): string =>
  metadata.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ')

/**
 * Stands in for a client in a dry run: prints what would be pushed, a line for each entry (time, stream, structured
 * metadata, line, separated by tabs), and settles it at once.
 */
export const createPrintingClient = (options: ClientOptions, settle: Settle, output: Output): LokiClient => {
  const resolve = createStreamResolver(options)
  return {
    name: options.name,
    required: options.required,
    offer: (entry, sequence) => {
      const resolved = resolve(entry.labels)
      const stream = resolved.kind === 'stream' ? resolved.stream.labels : `refused: ${resolved.reason}`
      const fields = [formatTimestamp(entry.timestampNs), stream, metadataText(entry.metadata), entry.line]
      output.out(`${fields.join('\t')}\n`)
      settle(sequence, resolved.kind === 'stream' ? 'sent' : 'rejected')
    },
    hasRoom: () => true,
    room: () => Promise.resolve(),
    start: () => undefined,
    pushAlone: () => Promise.resolve({ kind: 'sent' }),
    drain: () => Promise.resolve(0),
    queued: () => 0,
    readiness: () => ({ ready: true, why: '' }),
  }
}
