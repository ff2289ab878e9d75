import { runesOf, sliceBytes } from './byte-text.ts'
import { formatFloat } from './float-text.ts'
import { TemplateFailure } from './functions.ts'
import { integerOf, kindOf, typeOf, type Cell } from './go-type.ts'
import { checkDepth, sortedEntries, valueText, VALUE_STEPS, type Spend } from './print-value.ts'
import { canBackquote, hexOf, quoteRune, quoteText } from './quote.ts'

/** How wide a field and how precise a number may be asked to be: Go's own bound. */
const MAX_NUMBER = 1_000_000

/** What stands between `%` and the verb. -1: not given. */
type Flags = {
  readonly plus: boolean
  readonly minus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number
  readonly precision: number
}

const pad = (text: string, flags: Flags, zero = false): string => {
  const missing = flags.width - runesOf(text).length
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  if (!zero || !flags.zero) return ' '.repeat(missing) + text
  const signed = /^[+\- ]/.test(text) ? 1 : 0
  return text.slice(0, signed) + '0'.repeat(missing) + text.slice(signed)
}

const signOf = (negative: boolean, flags: Flags): string => (negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '')

const RADIX: Readonly<Record<string, readonly [radix: number, prefix: string]>> = {
  b: [2, '0b'],
  o: [8, '0'],
  O: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
}

/** Zeros up to the precision, or up to the width where the `0` flag asks for that. */
const digitsOf = (digits: string, value: bigint, flags: Flags): string => {
  if (flags.precision === 0 && value === 0n) return ''
  if (flags.precision >= 0) return digits.padStart(flags.precision, '0')
  if (!flags.zero || flags.minus || flags.width < 0) return digits
  const signed = value < 0n || flags.plus || flags.space ? 1 : 0
  return digits.padStart(flags.width - signed, '0')
}

const formatInteger = (value: bigint, verb: string, flags: Flags): string | null => {
  if (verb === 'c') return pad(runeText(value), flags)
  if (verb === 'q') return pad(quoteRune(Number(value), flags.plus), flags)
  if (verb === 'U') return pad(unicodeText(value, flags), flags)
  const [radix, prefix] = Object.hasOwn(RADIX, verb) ? (RADIX[verb] ?? [10, '']) : [10, '']
  if (radix === 10 && verb !== 'd' && verb !== 'v') return null
  const magnitude = (value < 0n ? -value : value).toString(radix)
  const digits = digitsOf(verb === 'X' ? magnitude.toUpperCase() : magnitude, value, flags)
  const marked = flags.sharp || verb === 'O' ? prefix : ''
  return pad(signOf(value < 0n, flags) + marked + digits, flags)
}

const runeText = (value: bigint): string =>
  value < 0n || value > 0x10ffffn || (value >= 0xd800n && value <= 0xdfffn)
    ? '\ufffd'
    : String.fromCodePoint(Number(value))

const unicodeText = (value: bigint, flags: Flags): string => {
  const name = `U+${BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(Math.max(flags.precision, 4), '0')}`
  return flags.sharp && value <= 0x10ffffn ? `${name} '${runeText(value)}'` : name
}

const formatNumber = (value: number, verb: string, flags: Flags): string | null => {
  const kinds: Readonly<Record<string, 'e' | 'f' | 'g'>> = { v: 'g', g: 'g', G: 'g', e: 'e', E: 'e', f: 'f', F: 'f' }
  const kind = Object.hasOwn(kinds, verb) ? kinds[verb] : undefined
  if (kind === undefined) return null
  const precision = flags.precision < 0 && kind !== 'g' ? 6 : flags.precision
  const bare = formatFloat(value, kind, precision).replace(/^[+-]/, '')
  const text = verb === 'E' || verb === 'G' ? bare.replace('e', 'E') : bare
  const negative = value < 0 || Object.is(value, -0)
  const plusInfinity = value === Infinity && !flags.space ? '+' : ''
  const signed = (signOf(negative, flags) || plusInfinity) + text
  const shown = value === Infinity && verb !== 'v' && !flags.plus ? `+${text}` : signed
  return pad(shown, flags, Number.isFinite(value))
}

/** `%x` of text: its bytes; a space flag parts them. */
const hexText = (text: string, verb: string, flags: Flags): string => {
  const cut = flags.precision < 0 ? text : sliceBytes(text, 0, flags.precision)
  const hex = verb === 'X' ? hexOf(cut).toUpperCase() : hexOf(cut)
  const prefix = flags.sharp ? `0${verb}` : ''
  if (!flags.space) return hex === '' ? '' : prefix + hex
  return (hex.match(/../g) ?? []).map((byte) => prefix + byte).join(' ')
}

const formatText = (text: string, verb: string, flags: Flags): string | null => {
  const characters = flags.precision < 0 ? null : Array.from(text).slice(0, flags.precision).join('')
  const cut = characters ?? text
  switch (verb) {
    case 's':
      return pad(cut, flags, true)
    case 'v':
      return pad(flags.sharp ? quoteText(cut) : cut, flags, true)
    case 'q':
      return pad(flags.sharp && canBackquote(cut) ? `\`${cut}\`` : quoteText(cut, flags.plus), flags, true)
    case 'x':
    case 'X':
      return pad(hexText(text, verb, flags), flags, true)
    default:
      return null
  }
}

/** `%!d(string=x)`. */
const badVerb = (verb: string, value: Cell, spend: Spend): string => {
  if (value === undefined || value === null) return `%!${verb}(<nil>)`
  return `%!${verb}(${typeOf(value)}=${valueText(value, spend)})`
}

/** `%#v`: as it would be written in Go. */
const goSyntax = (value: Cell, spend: Spend, depth: number): string => {
  checkDepth(depth)
  spend(VALUE_STEPS)
  if (value === undefined || value === null) return depth > 0 ? 'interface {}(nil)' : '<nil>'
  if (typeof value === 'string') return quoteText(value)
  if (typeof value !== 'object') return valueText(value, spend)
  if (value.kind === 'list')
    return `${typeOf(value)}{${value.items.map((item) => goSyntax(item, spend, depth + 1)).join(', ')}}`
  if (value.kind === 'map') {
    const pairs = sortedEntries(value).map(([key, item]) => `${quoteText(key)}:${goSyntax(item, spend, depth + 1)}`)
    return `${typeOf(value)}{${pairs.join(', ')}}`
  }
  return value.kind === 'duration' ? String(value.ns) : valueText(value, spend, depth)
}

const formatOne = (value: Cell, verb: string, flags: Flags, spend: Spend): string =>
  formatAt(value, verb, flags, { spend, depth: 0 })

type Walk = { readonly spend: Spend; readonly depth: number }

const formatAt = (value: Cell, verb: string, flags: Flags, walk: Walk): string => {
  checkDepth(walk.depth)
  walk.spend(VALUE_STEPS + Math.max(flags.width, flags.precision, 0))
  if (verb === 'T') return pad(value === undefined || value === null ? '<nil>' : typeOf(value), flags)
  if (value === undefined || value === null) return verb === 'v' ? pad('<nil>', flags) : badVerb(verb, null, walk.spend)
  if (verb === 'v' && flags.sharp && typeof value === 'object') return goSyntax(value, walk.spend, walk.depth)
  return formatKnown(value, verb, flags, walk) ?? badVerb(verb, value, walk.spend)
}

const formatKnown = (value: Cell, verb: string, flags: Flags, walk: Walk): string | null => {
  if (typeof value === 'string') return formatText(value, verb, flags)
  if (typeof value === 'number') return formatNumber(value, verb, flags)
  if (typeof value === 'boolean') return verb === 't' || verb === 'v' ? pad(String(value), flags) : null
  const stringer = value !== undefined && value !== null && typeof value === 'object' && hasText(value.kind)
  if (stringer && ['v', 's', 'q', 'x', 'X'].includes(verb)) return formatText(valueText(value, walk.spend), verb, flags)
  const integer = integerOf(value)
  if (integer !== null) return formatInteger(integer, verb, flags)
  return kindOf(value) === 'list' || kindOf(value) === 'map' ? formatMany(value, verb, flags, walk) : null
}

const hasText = (kind: string): boolean => kind === 'time' || kind === 'duration' || kind === 'struct'

/** The verb goes to every item of a list or map. */
const formatMany = (value: Cell, verb: string, flags: Flags, walk: Walk): string => {
  const inner = { ...walk, depth: walk.depth + 1 }
  if (value === undefined || value === null || typeof value !== 'object') return ''
  if (value.kind === 'list') return `[${value.items.map((item) => formatAt(item, verb, flags, inner)).join(' ')}]`
  if (value.kind !== 'map') return ''
  const pairs = sortedEntries(value).map(
    ([key, item]) => `${formatAt(key, verb, flags, inner)}:${formatAt(item, verb, flags, inner)}`,
  )
  return `map[${pairs.join(' ')}]`
}

const DIRECTIVE = /%([+\-# 0]*)(\[[^\]]*\]?)?(\*|\d+)?(?:(\.)(\[[^\]]*\]?)?(\*|\d+)?)?(\[[^\]]*\]?)?(.)?/gsu

/** One call of Sprintf: which argument comes next, and whether one was picked by its number. */
class Formatting {
  readonly #args: readonly Cell[]
  readonly #spend: Spend
  #next = 0
  #reordered = false
  #goodIndex = true

  constructor(args: readonly Cell[], spend: Spend) {
    this.#args = args
    this.#spend = spend
  }

  run(format: string): string {
    const out = format.replaceAll(DIRECTIVE, (...match: unknown[]) => {
      const parts = match.slice(1, 9).map((part) => (typeof part === 'string' ? part : undefined))
      const text = this.#directive(parts)
      this.#spend(text.length)
      return text
    })
    return out + this.#extra()
  }

  #extra(): string {
    if (this.#reordered || this.#next >= this.#args.length) return ''
    const rest = this.#args
      .slice(this.#next)
      .map((value) =>
        value === undefined || value === null ? '<nil>' : `${typeOf(value)}=${valueText(value, this.#spend)}`,
      )
    return `%!(EXTRA ${rest.join(', ')})`
  }

  #directive(parts: readonly (string | undefined)[]): string {
    const [signs = '', first, wide, dot, second, precise, third, verb] = parts
    this.#goodIndex = true
    this.#index(first)
    const problems: string[] = []
    const width = this.#amount(wide, '%!(BADWIDTH)', problems)
    this.#index(second)
    const precision = dot === undefined ? -1 : Math.max(this.#amount(precise ?? '0', '%!(BADPREC)', problems), -1)
    this.#index(third)
    if (verb === undefined) return `${problems.join('')}%!(NOVERB)`
    const flags = flagsOf(signs, width, precision)
    return problems.join('') + this.#value(verb, flags)
  }

  #value(verb: string, flags: Flags): string {
    if (verb === '%') return '%'
    if (!this.#goodIndex) return `%!${verb}(BADINDEX)`
    if (this.#next >= this.#args.length) return `%!${verb}(MISSING)`
    const value = this.#args[this.#next]
    this.#next += 1
    return formatOne(value, verb, flags, this.#spend)
  }

  /** `[2]`: the second argument comes next. */
  #index(text: string | undefined): void {
    if (text === undefined) return
    this.#reordered = true
    const number = /^\[(\d+)\]$/.exec(text)?.[1]
    const index = Number(number) - 1
    if (number === undefined || index < 0 || index >= this.#args.length) this.#goodIndex = false
    else this.#next = index
  }

  #amount(text: string | undefined, problem: string, problems: string[]): number {
    if (text === undefined) return NaN
    if (text !== '*') {
      if (Number(text) > MAX_NUMBER) throw new TemplateFailure(`width or precision above ${MAX_NUMBER}`)
      return Number(text)
    }
    const value = this.#args[this.#next]
    this.#next += 1
    const number = typeof value === 'bigint' ? Number(value) : NaN
    if (Number.isNaN(number) || Math.abs(number) > MAX_NUMBER) {
      problems.push(problem)
      return NaN
    }
    return number
  }
}

const flagsOf = (signs: string, width: number, precision: number): Flags => ({
  plus: signs.includes('+'),
  minus: signs.includes('-') || width < 0,
  sharp: signs.includes('#'),
  space: signs.includes(' '),
  zero: signs.includes('0') && !signs.includes('-'),
  width: Number.isNaN(width) ? -1 : Math.abs(width),
  precision: Number.isNaN(precision) ? -1 : precision,
})

/** Go's fmt.Sprintf, mistakes shown in the text as Go does (`%!d(string=x)`). */
export const sprintf = (format: string, args: readonly Cell[], spend: Spend): string =>
  new Formatting(args, spend).run(format)

/** Go's fmt.Sprint: blanks only between two operands that are both no text. */
export const sprint = (args: readonly Cell[], spend: Spend): string =>
  args
    .map((value, index) => {
      const parted = index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string'
      return (parted ? ' ' : '') + valueText(value, spend)
    })
    .join('')

/** Go's fmt.Sprintln. */
export const sprintln = (args: readonly Cell[], spend: Spend): string =>
  `${args.map((value) => valueText(value, spend)).join(' ')}\n`
