/** Bytes of an integer from 0 to 2^53 as a protobuf varint. */
export const varintBytes = (value: number): number => {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}

/** Writes an integer from 0 to 2^53 as a protobuf varint. @returns where it ends. */
export const writeVarint = (into: Uint8Array, start: number, value: number): number => {
  let at = start
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) into[at++] = (rest % 128) | 128
  into[at++] = rest
  return at
}

/** Writes an int64 as a protobuf varint: below zero the ten bytes of its two's complement. @returns where it ends. */
export const writeInt64 = (into: Uint8Array, start: number, value: number): number => {
  if (value >= 0) return writeVarint(into, start, value)
  let at = start
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) into[at++] = Number(rest & 127n) | 128
  into[at++] = Number(rest)
  return at
}
