import type { DeadLetter } from '../kube/event.ts'
import { capped, cutToBytes } from './bounded-text.ts'
import { DEAD_LETTER_KEYS } from './names.ts'
import { jsonText, logfmtValue } from './quoting.ts'

const MESSAGE: Readonly<Record<DeadLetter['why'], string>> = {
  line_too_long: 'event not shipped: longer than a line may be',
  invalid_json: 'event not shipped: not valid JSON',
  invalid_event: 'event not shipped: not an event',
}
const FIELD_BYTES = 128
/** Less than a dead letter's head holds, so that the envelope of a watch frame makes no difference. */
const MAX_HEAD_BYTES = 512

/**
 * The head from the object's metadata on: the same whether it came as a LIST item or in a WATCH frame. The size of the
 * frame is not in the line for the same reason.
 */
const headOf = (letter: DeadLetter, maxBytes: number): string => {
  const start = letter.head.indexOf('"metadata"')
  return cutToBytes(start === -1 ? letter.head : letter.head.slice(start), maxBytes)
}

const fieldsOf = (letter: DeadLetter, headBytes: number): readonly (readonly [string, string])[] => {
  const values: Readonly<Record<(typeof DEAD_LETTER_KEYS)[number], string>> = {
    level: 'error',
    dead_letter: letter.why,
    namespace: capped(letter.namespace, FIELD_BYTES),
    msg: MESSAGE[letter.why],
    uid: capped(letter.uid, FIELD_BYTES),
    rv: capped(letter.resourceVersion, FIELD_BYTES),
    head: headOf(letter, headBytes),
  }
  return DEAD_LETTER_KEYS.map((key) => [key, values[key]] as const).filter(([, value]) => value !== '')
}

/**
 * The line of a placeholder: what could be read of an event that could not be shipped, in the keys of
 * `DEAD_LETTER_KEYS`. `level` is `error`.
 */
export const writeDeadLetterLine = (letter: DeadLetter, as: 'logfmt' | 'json', maxBytes: number): string => {
  const headBytes = Math.min(MAX_HEAD_BYTES, Math.max(0, Math.floor(maxBytes / 8) - FIELD_BYTES / 2))
  const fields = fieldsOf(letter, headBytes)
  if (as === 'logfmt') return fields.map(([key, value]) => `${key}=${logfmtValue(value)}`).join(' ')
  return `{${fields.map(([key, value]) => `"${key}":${jsonText(value)}`).join(',')}}`
}
