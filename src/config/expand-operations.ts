import { characterAt, charactersOf, fromBytes, toBytes, wellFormed, type Bytes } from './bytes.ts'
import { shellPattern } from './shell-pattern.ts'

/** null: Promtail crashes on it, so it is refused. */
export type Operation = (value: Bytes, args: readonly Bytes[]) => Bytes | null

/** Go's case mapping goes character by character: 'ß' stays, 'İ' becomes 'i', a final sigma is no special case. */
const mapCase = (character: Bytes, to: (text: string) => string): Bytes => {
  const text = fromBytes(wellFormed(character))
  const mapped = to(text)
  if (charactersOf(toBytes(mapped)).length === 1) return toBytes(mapped)
  if (text === '\u0130') return 'i'
  return toBytes(text)
}

const lower = (character: Bytes): Bytes => mapCase(character, (text) => text.toLowerCase())
const upper = (character: Bytes): Bytes => mapCase(character, (text) => text.toUpperCase())

const first = (value: Bytes, to: (character: Bytes) => Bytes): Bytes => {
  if (value === '') return ''
  const character = characterAt(value, 0)
  return to(character) + value.slice(character.length)
}

const all = (value: Bytes, to: (character: Bytes) => Bytes): Bytes => charactersOf(value).map(to).join('')

/** Go's `strconv.Atoi`; null where that fails. */
const integer = (text: Bytes): bigint | null => {
  if (!/^[+-]?\d+$/.test(text)) return null
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(64, value) === value ? value : null
}

const substring: Operation = (value, [from = '', count]) => {
  const length = BigInt(value.length)
  const position = integer(from)
  if (position === null) return value
  const fromEnd = position + length
  const start = position >= 0n ? position : fromEnd > 0n ? fromEnd : 0n
  if (count === undefined) return value.slice(Number(start < length ? start : length))
  const wanted = integer(count)
  if (wanted === null) return value
  const end = BigInt.asIntN(64, start + wanted)
  if (end >= length) return value.slice(Number(start < length ? start : length))
  return end < start ? null : value.slice(Number(start), Number(end))
}

const replaceFirst: Operation = (value, [old = '', replacement = '']) => {
  const at = value.indexOf(old)
  return at < 0 ? value : value.slice(0, at) + replacement + value.slice(at + old.length)
}

const replaceAll: Operation = (value, [old = '', replacement = '']) =>
  old === ''
    ? [...charactersOf(value), ''].map((character) => replacement + character).join('')
    : value.split(old).join(replacement)

const replacePrefix: Operation = (value, args) => {
  const [old, replacement] = args
  if (old === undefined || replacement === undefined || !value.startsWith(old)) return value
  return replacement + value.slice(old.length)
}

const replaceSuffix: Operation = (value, args) => {
  const [old, replacement] = args
  if (old === undefined || replacement === undefined || !value.endsWith(old)) return value
  return value.slice(0, value.length - old.length) + replacement
}

/** Cuts the longest or shortest beginning (of at least one byte) that the pattern matches; all of it is tried. */
const trim = (value: Bytes, pattern: Bytes, length: 'longest' | 'shortest'): Bytes => {
  const match = shellPattern(pattern)
  let cut = 0
  for (let end = value.length; end > 0; end -= 1) {
    const verdict = match(value.slice(0, end))
    if (verdict === 'bad') return value
    if (verdict === 'no match') continue
    cut = end
    if (length === 'longest') break
  }
  return value.slice(cut)
}

const reverse = (value: Bytes): Bytes => charactersOf(value).map(wellFormed).reverse().join('')

/** A suffix pattern is reversed as text, brackets and all; that is Promtail's way. */
const trimEnd = (value: Bytes, pattern: Bytes, length: 'longest' | 'shortest'): Bytes =>
  reverse(trim(reverse(value), reverse(pattern), length))

const orDefault: Operation = (value, args) => (value === '' ? args.join('') : value)

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [',', (value) => first(value, lower)],
  [',,', (value) => all(value, lower)],
  ['^', (value) => first(value, upper)],
  ['^^', (value) => all(value, upper)],
  ['length', (value) => String(value.length)],
  ['#', (value, [pattern = '']) => trim(value, pattern, 'shortest')],
  ['##', (value, [pattern = '']) => trim(value, pattern, 'longest')],
  ['%', (value, [pattern = '']) => trimEnd(value, pattern, 'shortest')],
  ['%%', (value, [pattern = '']) => trimEnd(value, pattern, 'longest')],
  [':', substring],
  ['/', replaceFirst],
  ['//', replaceAll],
  ['/#', replacePrefix],
  ['/%', replaceSuffix],
])

/** What stands behind the name in `${name…}`. Any other sign (`:-`, `:=`, `:?`, `:+`, `=`, none) means a default. */
export const operation = (sign: string): Operation => OPERATIONS.get(sign) ?? orDefault
