import { randomInt, randomUUID } from 'node:crypto'
import { define } from './define.ts'
import { TemplateFailure, type CallableFunction, type Invocation, type TemplateFunctions } from './functions.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const ASCII = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index))

/** What drawing one character costs, next to copying one. */
const DRAW = 64

const randomText = (count: bigint, alphabet: string, { spend }: Invocation): string => {
  if (count < 0n) return ''
  spend(Number(count) * DRAW)
  return Array.from({ length: Number(count) }, () => alphabet[randomInt(alphabet.length)] ?? '').join('')
}

const drawn = (alphabet: string): CallableFunction =>
  define(['int'], ([count], invocation) => randomText(count, alphabet, invocation))

const between = (from: bigint, to: bigint): bigint => {
  const width = to - from
  if (width <= 0n) throw new TemplateFailure('invalid argument to Intn')
  return from + BigInt(randomInt(Number(width < 2n ** 47n ? width : 2n ** 47n)))
}

const shuffled = (text: string, { spend }: Invocation): string => {
  const characters = Array.from(text)
  spend(characters.length * DRAW)
  return characters
    .map((character) => ({ character, rank: randomInt(2 ** 47) }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ character }) => character)
    .join('')
}

/** sprig's functions that draw lots: an entry made with them differs each time it is made. */
export const randomFunctions: TemplateFunctions = {
  randAlpha: drawn(LETTERS),
  randAlphaNum: drawn(LETTERS + DIGITS),
  randNumeric: drawn(DIGITS),
  randAscii: drawn(ASCII),
  randInt: define(['int', 'int'], ([from, to]) => between(from, to)),
  shuffle: define(['string'], ([text], invocation) => shuffled(text, invocation)),
  uuidv4: define([], () => randomUUID()),
}
