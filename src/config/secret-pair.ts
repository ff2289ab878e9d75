import type { Secret } from '../loki/client-options.ts'
import { unsupported, type Section } from './decoder.ts'

/** What stands where a secret is missing. */
export const NO_SECRET: Secret = { kind: 'inline', value: '' }

/** The name of a secret in a secret manager: Promtail has none either, and stops at its first use. */
export const secretRef = unsupported(
  'it names a secret of a secret manager, and there is none here, as there is none in Promtail: use the key with _file',
)

/** A value that is given inline or in a file; null: neither. Both is a conflict. */
export const secretPair = (section: Section, key: string, inline: string, path: string): Secret | null => {
  const fileKey = `${key}_file`
  if (inline !== '' && path !== '')
    section.report(fileKey, 'CONFLICT', `expected one of ${key} and ${fileKey}, got both`)
  if (path !== '') return { kind: 'file', path }
  return inline === '' ? null : { kind: 'inline', value: inline }
}
