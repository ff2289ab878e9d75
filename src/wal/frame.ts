import type { ByteBuffer } from './byte-buffer.ts'
import { crc32c } from './crc32c.ts'

/**
 * How a record lies in its segment:
 *
 *     FF E7  crc-32c (4 bytes)  length of the payload (4 bytes)  payload
 *
 * Numbers are little-endian. The checksum covers length and payload and begins from the segment's own seed, made of the
 * log's random id: text of an event that looks like a record is never taken for one. The first byte occurs in no UTF-8,
 * so that the next record behind a damage is found quickly.
 */
export const MARKER = Buffer.from([0xff, 0xe7])
const CRC_AT = 2
const LENGTH_AT = 6
export const FRAME_HEAD_BYTES = 10
/** A longer record is never written: far above the longest line. */
export const MAX_PAYLOAD_BYTES = 512 * 1024 * 1024

/** The seed of all checksums of one segment. */
export const segmentSeed = (walId: string, segment: number): number => {
  const bytes = Buffer.from(`${walId}/${segment}`)
  return crc32c(bytes, 0, bytes.length)
}

/** Appends a frame around what `writePayload` appends. */
export const writeFrame = (into: ByteBuffer, seed: number, writePayload: (into: ByteBuffer) => void): void => {
  const start = into.length
  into.u8(0xff)
  into.u8(0xe7)
  into.u32(0)
  into.u32(0)
  writePayload(into)
  into.setU32(start + LENGTH_AT, into.length - start - FRAME_HEAD_BYTES)
  into.setU32(start + CRC_AT, into.sum(start + LENGTH_AT, seed))
}

/** What stands at a place of a buffer. */
export type Framed =
  | { readonly kind: 'payload'; readonly from: number; readonly to: number }
  /** It cannot be told before the buffer reaches to `to`. */
  | { readonly kind: 'short'; readonly to: number }
  | { readonly kind: 'damage' }

/** @param available how far the segment reaches in this buffer's coordinates, beyond the buffer's end too. */
export const frameAt = (bytes: Buffer, at: number, seed: number, available: number): Framed => {
  if (at + FRAME_HEAD_BYTES > available) return { kind: 'damage' }
  if (at + FRAME_HEAD_BYTES > bytes.length) return { kind: 'short', to: at + FRAME_HEAD_BYTES }
  if (bytes[at] !== MARKER[0] || bytes[at + 1] !== MARKER[1]) return { kind: 'damage' }
  const length = bytes.readUInt32LE(at + LENGTH_AT)
  const to = at + FRAME_HEAD_BYTES + length
  if (length > MAX_PAYLOAD_BYTES || to > available) return { kind: 'damage' }
  if (to > bytes.length) return { kind: 'short', to }
  const sum = crc32c(bytes, at + LENGTH_AT, to, seed)
  return sum === bytes.readUInt32LE(at + CRC_AT)
    ? { kind: 'payload', from: at + FRAME_HEAD_BYTES, to }
    : { kind: 'damage' }
}
