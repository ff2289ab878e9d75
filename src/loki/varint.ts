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
