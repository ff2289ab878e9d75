import { createHash } from 'node:crypto'
import { bytesOf } from './byte-text.ts'
import { define } from './define.ts'
import { adler32, base32Decode, base32Encode, base64Decode, base64Encode } from './encoding-pieces.ts'
import type { CallableFunction, Invocation, TemplateFunctions } from './functions.ts'

/** What a byte costs to hash, encode or decode, next to a character copied. */
const WEIGHT = 4

const ofText = (compute: (text: string) => string): CallableFunction =>
  define(['string'], ([text], { spend }) => {
    spend(text.length * WEIGHT)
    return compute(text)
  })

const digest = (algorithm: string, text: string): string => createHash(algorithm).update(bytesOf(text)).digest('hex')

const salted = (algorithm: string): CallableFunction =>
  define(['string', 'string'], ([salt, text], { spend }: Invocation) => {
    spend((salt.length + text.length) * WEIGHT)
    return digest(algorithm, salt + text)
  })

/** sprig's functions that encode and digest. */
export const encodingFunctions: TemplateFunctions = {
  b64enc: ofText(base64Encode),
  b64dec: ofText(base64Decode),
  b32enc: ofText(base32Encode),
  b32dec: ofText(base32Decode),
  sha1sum: ofText((text) => digest('sha1', text)),
  sha256sum: ofText((text) => digest('sha256', text)),
  sha512sum: ofText((text) => digest('sha512', text)),
  adler32sum: ofText((text) => String(adler32(text))),
}

/** Promtail's own digests: hexadecimal, of both arguments in the order in which they are given. */
export const hashFunctions: TemplateFunctions = {
  Hash: salted('sha3-256'),
  Sha2Hash: salted('sha256'),
}
