import { remembered } from '../regexp/memo.ts'
import { trimSpace } from '../template/text-pieces.ts'

const sanitize = (key: string): string => key.replace(/[^a-zA-Z0-9_]/gu, '_')

/** A key as a label's name: trimmed, `_` for each character that a name can't have and before a leading digit. */
export const labelName: (key: string) => string = remembered((key) => {
  const trimmed = trimSpace(key)
  return /^[0-9]/.test(trimmed) ? `_${sanitize(trimmed)}` : sanitize(trimmed)
})

/** A key inside an object: `prefix` and an underscore before it; the prefix alone for an empty key. */
export const nestedName = (prefix: string, key: string): string => {
  if (prefix === '') return labelName(key)
  const trimmed = trimSpace(key)
  return trimmed === '' ? prefix : `${prefix}_${sanitize(trimmed)}`
}

/** Whether a person may name a label so. */
export const isLabelName = (name: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
