import { createHash } from 'node:crypto'
import type { JsonMap } from './object.ts'

/** Go's encoding/json escapes these in text. */
const goJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (char) => {
    const code = char.charCodeAt(0).toString(16).padStart(4, '0')
    return `\\u${code}`
  })

/** Characters that would make words of hexadecimal digits. */
const UNWORDED: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' }

/** The suffix that kustomize gives the name of a ConfigMap: ten characters of its data alone (kustomize 5, hasher.go). */
export const contentHash = (data: JsonMap): string => {
  const sorted = Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)))
  const text = goJson({ data: sorted, kind: 'ConfigMap', name: '' })
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 10)
  return hex.replaceAll(/[013ae]/g, (char) => UNWORDED[char] ?? char)
}
