import { bytesOf, textOf } from './byte-text.ts'

/** Go's base64.StdEncoding, with its error text in place of a result, as sprig gives it. */
export const base64Decode = (text: string): string => {
  const packed = text.replaceAll(/[\r\n]/g, '')
  const bad = /[^A-Za-z0-9+/=]/.exec(packed)
  const sound = packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed)
  if (sound && bad === null) return textOf(Buffer.from(packed, 'base64'))
  return `illegal base64 data at input byte ${bad?.index ?? badPadding(packed, 4)}`
}

/** Where padding is missing or misplaced. */
const badPadding = (text: string, group: number): number => {
  const padding = text.indexOf('=')
  return padding < 0 ? Math.floor(text.length / group) * group : padding
}

export const base64Encode = (text: string): string => bytesOf(text).toString('base64')

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export const base32Encode = (text: string): string => {
  const bits = Array.from(bytesOf(text), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const characters = (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[parseInt(five.padEnd(5, '0'), 2)] ?? '')
  return characters.join('').padEnd(Math.ceil(characters.length / 8) * 8, '=')
}

export const base32Decode = (text: string): string => {
  const packed = text.replaceAll(/[\r\n]/g, '')
  const bad = /[^A-Z2-7=]/.exec(packed)
  const sound = packed.length % 8 === 0 && /^[A-Z2-7]*(?:=|={3}|={4}|={6})?$/.test(packed)
  if (!sound || bad !== null) return `illegal base32 data at input byte ${bad?.index ?? badPadding(packed, 8)}`
  const bits = Array.from(packed.replaceAll('=', ''), (character) =>
    ALPHABET.indexOf(character).toString(2).padStart(5, '0'),
  ).join('')
  return textOf(Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => parseInt(eight, 2))))
}

/** Go's adler32.Checksum. */
export const adler32 = (text: string): number => {
  let low = 1
  let high = 0
  for (const byte of bytesOf(text)) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  return high * 65_536 + low
}
