import { compress as pack, uncompress as unpack } from 'snappyjs'

/** A plain view, because snappyjs is compiled for one kind of array only if it never sees a Buffer. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Snappy's block format (not the framed one), as Loki's push wants it. */
export const compress = (bytes: Uint8Array): Uint8Array => pack(plain(bytes))

/** The inverse. Throws on what is no snappy block or would be longer than `maxBytes`. */
export const uncompress = (bytes: Uint8Array, maxBytes: number): Uint8Array => unpack(plain(bytes), maxBytes)
