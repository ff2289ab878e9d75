import { crc32c } from './crc32c.ts'

const TWO_31 = 2 ** 31
const TWO_63 = 2n ** 63n

/** Bytes that are appended to, in memory that grows and is used again after `clear`. */
export class ByteBuffer {
  #bytes: Buffer
  #length = 0

  constructor(capacityBytes = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes)
  }

  get length(): number {
    return this.#length
  }

  /** What was appended; valid until the next append or `clear`. */
  view(from = 0, to: number = this.#length): Buffer {
    return this.#bytes.subarray(from, to)
  }

  /** Forgets everything, and gives back memory beyond `keepBytes`. */
  clear(keepBytes: number): void {
    this.#length = 0
    if (this.#bytes.length > keepBytes) this.#bytes = Buffer.allocUnsafe(keepBytes)
  }

  u8(value: number): void {
    this.#ensure(1)
    this.#bytes[this.#length++] = value
  }

  u32(value: number): void {
    this.#ensure(4)
    this.#bytes.writeUInt32LE(value, this.#length)
    this.#length += 4
  }

  /** A whole number from 0 to 2^53 - 1 in groups of seven bits, the lowest first. */
  varint(value: number): void {
    this.#ensure(8)
    let rest = value
    for (; rest >= TWO_31; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 128
    for (; rest >= 128; rest >>>= 7) this.#bytes[this.#length++] = (rest & 127) | 128
    this.#bytes[this.#length++] = rest
  }

  /** A signed number below 2^95, 12 bytes. */
  i96(value: bigint): void {
    this.#ensure(12)
    const isShort = value >= 0n && value < TWO_63
    this.#bytes.writeBigUInt64LE(isShort ? value : BigInt.asUintN(64, value), this.#length)
    this.#bytes.writeInt32LE(isShort ? 0 : Number(value >> 64n), this.#length + 8)
    this.#length += 12
  }

  /** UTF-8, without its length. */
  text(value: string): void {
    this.#ensure(value.length * 3)
    this.#length += this.#bytes.write(value, this.#length, 'utf8')
  }

  /** CRC-32C of what was appended from there on. */
  sum(from: number, seed: number): number {
    return crc32c(this.#bytes, from, this.#length, seed)
  }

  setU32(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at)
  }

  #ensure(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

/** Reads what a `ByteBuffer` wrote. Beyond the end everything is 0 and `isSound` is false. */
export class ByteReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  #sound = true

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
  }

  isSound(): boolean {
    return this.#sound
  }

  u8(): number {
    return this.#has(1) ? (this.#bytes[this.#at++] ?? 0) : 0
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    this.#sound = false
    return 0
  }

  i96(): bigint {
    if (!this.#has(12)) return 0n
    const low = this.#bytes.readBigUInt64LE(this.#at)
    const high = this.#bytes.readInt32LE(this.#at + 8)
    this.#at += 12
    return (BigInt(high) << 64n) | low
  }

  /** All that is left, as UTF-8. */
  rest(): string {
    const text = this.#bytes.toString('utf8', this.#at, this.#end)
    this.#at = this.#end
    return text
  }

  #has(n: number): boolean {
    if (this.#at + n > this.#end) this.#sound = false
    return this.#sound
  }
}
