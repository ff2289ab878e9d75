import { isIPv4, isIPv6 } from 'node:net'

type Address = { readonly bits: 32 | 128; readonly value: bigint }

const ipv4 = (text: string): bigint => text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)

const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))

const ipv6 = (text: string): bigint => {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const tail = dotted === null ? 0n : ipv4(dotted[2] ?? '')
  const plain = dotted === null ? text : `${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
  const [head = '', rest = ''] = plain.split('::')
  const [left, right] = [groups(head), groups(rest)]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...(plain.includes('::') ? zeros : []), ...right].reduce(
    (sum, part) => (sum << 16n) | BigInt(`0x${part}`),
    0n,
  )
}

const parseAddress = (text: string): Address | null => {
  if (isIPv4(text)) return { bits: 32, value: ipv4(text) }
  return !text.includes('%') && isIPv6(text) ? { bits: 128, value: ipv6(text) } : null
}

/** First and last address. */
type Range = { readonly bits: 32 | 128; readonly first: bigint; readonly last: bigint }

const prefixRange = (text: string): Range | null => {
  const [, address = '', length = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const base = parseAddress(address)
  if (base === null || Number(length) > base.bits) return null
  const host = BigInt(base.bits - Number(length))
  const first = (base.value >> host) << host
  return { bits: base.bits, first, last: first + (1n << host) - 1n }
}

/** An address, a prefix (`10.0.0.0/8`) or a range (`10.0.0.1-10.0.0.9`); null: none of them. */
const parseRange = (text: string): Range | null => {
  const single = parseAddress(text)
  if (single !== null) return { bits: single.bits, first: single.value, last: single.value }
  if (text.includes('/')) return prefixRange(text)
  const [from = '', to = '', ...more] = text.split('-')
  const [first, last] = [parseAddress(from), parseAddress(to)]
  if (first === null || last === null || more.length > 0) return null
  return first.bits === last.bits && first.value <= last.value
    ? { bits: first.bits, first: first.value, last: last.value }
    : null
}

const V4 = /[\d.]*/y
const V6 = /[\da-fA-F:.]*/y

const isV4Start = (text: string, at: number): boolean =>
  at + 3 < text.length &&
  /\d/.test(text.charAt(at)) &&
  (text[at + 1] === '.' || text[at + 2] === '.' || text[at + 3] === '.')

const isV6Start = (text: string, at: number): boolean =>
  at + 4 < text.length && /^(?:::[\da-fA-F]|[\da-fA-F]{1,4}:)/.test(text.slice(at, at + 5))

const isIn = (range: Range, text: string): boolean => {
  const address = parseAddress(text)
  return address?.bits === range.bits && address.value >= range.first && address.value <= range.last
}

/** What is wrong with the argument of `ip()`, in Loki's words; null: nothing. */
export const ipProblem = (pattern: string): string | null =>
  parseRange(pattern) === null ? `ip: invalid pattern: ${JSON.stringify(pattern)}` : null

/** Whether a text holds an address of the range; only whole addresses count (pkg/logql/log/ip.go). */
export const ipTest = (pattern: string): ((text: string) => boolean) => {
  const range = parseRange(pattern)
  if (range === null) throw new Error(`an address range went unchecked: ${pattern}`)
  return (text) => {
    for (let at = 0; at < text.length; at += 1) {
      const isV4 = isV4Start(text, at)
      if (!isV4 && !isV6Start(text, at)) continue
      const span = isV4 ? V4 : V6
      span.lastIndex = at
      const candidate = span.exec(text)?.[0] ?? ''
      if (isIn(range, candidate)) return true
      at += candidate.length
    }
    return false
  }
}
