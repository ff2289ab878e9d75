/** Castagnoli's polynomial, bits reversed (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78
const SLICES = 8

/** What a byte does to the sum when it is the last one. */
const firstTable = (): Int32Array =>
  Int32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1
    return sum
  })

const T0 = firstTable()

/** The same with one byte more behind it. */
const oneFurther = (table: Int32Array): Int32Array => table.map((sum) => (sum >>> 8) ^ (T0[sum & 255] ?? 0))

const T1 = oneFurther(T0)
const T2 = oneFurther(T1)
const T3 = oneFurther(T2)
const T4 = oneFurther(T3)
const T5 = oneFurther(T4)
const T6 = oneFurther(T5)
const T7 = oneFurther(T6)

/**
 * CRC-32C of `b[from, to)` as an unsigned number, eight bytes at a time. `seed` is the sum of what stands before, so
 * that `crc32c(b, 0, n)` is `crc32c(b, k, n, crc32c(b, 0, k))`.
 */
export const crc32c = (b: Uint8Array, from: number, to: number, seed = 0): number => {
  const words = new DataView(b.buffer, b.byteOffset, b.byteLength)
  let sum = ~seed
  let at = from
  for (; at + SLICES <= to; at += SLICES) {
    const low = sum ^ words.getInt32(at, true)
    const high = words.getInt32(at + 4, true)
    sum =
      (T7[low & 255] ?? 0) ^
      (T6[(low >>> 8) & 255] ?? 0) ^
      (T5[(low >>> 16) & 255] ?? 0) ^
      (T4[low >>> 24] ?? 0) ^
      (T3[high & 255] ?? 0) ^
      (T2[(high >>> 8) & 255] ?? 0) ^
      (T1[(high >>> 16) & 255] ?? 0) ^
      (T0[high >>> 24] ?? 0)
  }
  for (; at < to; at += 1) sum = (sum >>> 8) ^ (T0[(sum ^ (b[at] ?? 0)) & 255] ?? 0)
  return ~sum >>> 0
}
