const KEPT = 16_384

const written = (value: number): string => {
  let text = ''
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) text += String.fromCharCode(Number(rest & 127n) | 128)
  return text + String.fromCharCode(Number(rest))
}

/** Every length that is met often. */
const kept = Array.from({ length: KEPT }, (_, value) => written(value))

const ofPositive = (value: number): string => {
  let text = ''
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) text += String.fromCharCode((rest % 128) | 128)
  return text + String.fromCharCode(rest)
}

/**
 * A whole number as a protobuf varint, one character for each byte; a negative one as int64, in ten.
 * Source: protobuf.dev, "Encoding", base 128 varints.
 */
export const varintText = (value: number): string => kept[value] ?? (value < 0 ? written(value) : ofPositive(value))

/** A length-delimited field, all in characters of one byte. */
export const fieldText = (key: string, content: string): string => key + varintText(content.length) + content
