import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { push } from '../loki/push.generated.js'
import { uncompress } from '../loki/snappy.ts'
import { decodeJsonPush, PushJsonError } from './push-json.ts'

export type PushedEntry = {
  readonly timestampNs: bigint
  readonly line: string
  readonly metadata: readonly (readonly [name: string, value: string])[]
}

/** `labels` as pushed: a text that may not parse. */
export type PushedStream = { readonly labels: string; readonly entries: readonly PushedEntry[] }

export type PushDecoded =
  | { readonly kind: 'ok'; readonly streams: readonly PushedStream[] }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly text: string }

/** A body must not unpack to more than this. */
const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024
/** What a missing timestamp decodes to: year 1. */
const YEAR_ONE_NS = -62_135_596_800_000_000_000n

const refused = (text: string): PushDecoded => ({ kind: 'refused', status: 400, text })

const entryOf = (entry: push.EntryAdapter.$Properties): PushedEntry => {
  const { seconds, nanos } = entry.timestamp ?? {}
  const timestampNs =
    entry.timestamp === undefined || entry.timestamp === null
      ? YEAR_ONE_NS
      : BigInt(seconds ?? 0) * 1_000_000_000n + BigInt(nanos ?? 0)
  const metadata = (entry.structuredMetadata ?? []).map(({ name, value }) => [name ?? '', value ?? ''] as const)
  return { timestampNs, line: entry.line ?? '', metadata }
}

const decodeProtobuf = (body: Buffer): PushDecoded => {
  let message: Uint8Array
  try {
    message = uncompress(body, MAX_DECOMPRESSED_BYTES)
  } catch {
    return refused('snappy: corrupt input')
  }
  try {
    const { streams } = push.PushRequest.decode(message)
    return {
      kind: 'ok',
      streams: streams.map(({ labels, entries }) => ({ labels: labels ?? '', entries: (entries ?? []).map(entryOf) })),
    }
  } catch {
    return refused('proto: illegal wireType')
  }
}

const unpack = async (body: Buffer, encoding: string): Promise<Buffer | PushDecoded> => {
  if (encoding === '' || encoding === 'snappy') return body
  const options = { maxOutputLength: MAX_DECOMPRESSED_BYTES }
  try {
    if (encoding === 'gzip') return await promisify(gunzip)(body, options)
    if (encoding === 'deflate') return await promisify(inflate)(body, options)
  } catch {
    return refused(`${encoding}: invalid header`)
  }
  return refused(`Content-Encoding ${JSON.stringify(encoding)} not supported`)
}

/** Decodes the body of a push by its headers: JSON if they say so, snappy and protobuf for every other media type. */
export const decodePush = async (headers: IncomingHttpHeaders, body: Buffer): Promise<PushDecoded> => {
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (mediaType === '') return refused('mime: no media type')
  const plain = await unpack(body, headers['content-encoding'] ?? '')
  if (!Buffer.isBuffer(plain)) return plain
  if (mediaType !== 'application/json') return decodeProtobuf(plain)
  try {
    return { kind: 'ok', streams: decodeJsonPush(plain.toString('utf8')) }
  } catch (error) {
    if (error instanceof PushJsonError) return refused(error.message)
    throw error
  }
}
