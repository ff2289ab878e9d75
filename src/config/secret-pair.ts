import type { Secret } from '../loki/client-options.ts'
import type { Section } from './decoder.ts'

/** A value that is given inline or in a file; null: neither. Both is a conflict. */
export const secretPair = (section: Section, key: string, inline: string, path: string): Secret | null => {
  const fileKey = `${key}_file`
  if (inline !== '' && path !== '')
    section.report(fileKey, 'CONFLICT', `expected one of ${key} and ${fileKey}, got both`)
  if (path !== '') return { kind: 'file', path }
  return inline === '' ? null : { kind: 'inline', value: inline }
}
