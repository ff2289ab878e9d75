import type { DeadLetter } from '../kube/event.ts'
import { capped, cutToBytes, utf8Bytes } from './bounded-text.ts'
import { DEAD_LETTER_KEYS } from './names.ts'
import { jsonText, logfmtValue } from './quoting.ts'

const MESSAGE: Readonly<Record<DeadLetter['why'], string>> = {
  line_too_long: 'event not shipped: longer than a line may be',
  invalid_json: 'event not shipped: not valid JSON',
  invalid_event: 'event not shipped: not an event',
}
/** Longest namespace Kubernetes takes. */
const MAX_NAMESPACE_BYTES = 63
const MAX_ID_BYTES = 128
/** Less than a dead letter's head holds, so that the envelope of a watch frame makes no difference. */
const MAX_HEAD_BYTES = 512
/** A byte becomes at most `\u0000` by quoting. */
const MAX_QUOTED_BYTES_PER_BYTE = 6

type Field = readonly [key: (typeof DEAD_LETTER_KEYS)[number], value: string]

/**
 * The head from the object's metadata on: the same whether it came as a LIST item or in a WATCH frame. The size of the
 * frame is not in the line for the same reason.
 */
const headOf = (letter: DeadLetter, maxBytes: number): string => {
  const start = letter.head.indexOf('"metadata"')
  return cutToBytes(start === -1 ? letter.head : letter.head.slice(start), maxBytes)
}

const fieldsOf = (letter: DeadLetter, headBytes: number): readonly Field[] => {
  const values: Readonly<Record<Field[0], string>> = {
    level: 'error',
    dead_letter: letter.why,
    namespace: capped(letter.namespace, MAX_NAMESPACE_BYTES),
    msg: MESSAGE[letter.why],
    uid: capped(letter.uid, MAX_ID_BYTES),
    rv: capped(letter.resourceVersion, MAX_ID_BYTES),
    head: headOf(letter, headBytes),
  }
  return DEAD_LETTER_KEYS.map((key) => [key, values[key]] as const).filter(([, value]) => value !== '')
}

const write = (fields: readonly Field[], as: 'logfmt' | 'json'): string =>
  as === 'logfmt'
    ? fields.map(([key, value]) => `${key}=${logfmtValue(value)}`).join(' ')
    : `{${fields.map(([key, value]) => `"${key}":${jsonText(value)}`).join(',')}}`

/**
 * The line of a placeholder: what could be read of an event that could not be shipped, in the keys of
 * `DEAD_LETTER_KEYS`. `level` is `error`. At most `maxBytes` for any `maxBytes` from 1024.
 */
export const writeDeadLetterLine = (letter: DeadLetter, as: 'logfmt' | 'json', maxBytes: number): string => {
  const headless = utf8Bytes(write(fieldsOf(letter, 0), as))
  const key = utf8Bytes(',"head":""')
  const roomBytes = Math.floor((maxBytes - headless - key) / MAX_QUOTED_BYTES_PER_BYTE)
  return write(fieldsOf(letter, Math.min(MAX_HEAD_BYTES, roomBytes)), as)
}
