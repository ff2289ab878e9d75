/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export type JsonObject = { readonly [Key in string]: Json }

const ESCAPED = /["\\<>&\u2028\u2029\u0000-\u001f]/g

const SHORT: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A string as Go's JSON writers have it: what HTML or JavaScript could take for more than text is escaped. */
export const jsonString = (text: string): string =>
  `"${text.toWellFormed().replaceAll(ESCAPED, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`

/** A number as Go's JSON writers have it: an exponent of two digits at least below 1e-6 and from 1e21 on. */
const jsonNumber = (value: number): string =>
  Object.is(value, -0) ? '-0' : String(value).replace(/e([+-])(\d)$/, 'e$10$2')

/** Go's order of keys: by bytes of UTF-8. */
export const byBytes = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))

/** Deeper than this, nothing is written. */
const MAX_DEPTH = 500

const isJsonList = (value: Json): value is readonly Json[] => Array.isArray(value)

const membersOf = (value: JsonObject | readonly Json[]): Iterable<readonly [string | number, Json]> => {
  if (isJsonList(value)) return value.entries()
  return Object.keys(value)
    .sort(byBytes)
    .map((key) => [key, value[key] ?? null])
}

/** JSON text with sorted keys; null when it is too deep, or holds a number that JSON has not. */
export const jsonText = (value: Json, depth = 0): string | null => {
  if (depth > MAX_DEPTH) return null
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'number') return Number.isFinite(value) ? jsonNumber(value) : null
  if (value === null || typeof value === 'boolean') return String(value)
  const parts: string[] = []
  for (const [key, item] of membersOf(value)) {
    const text = jsonText(item, depth + 1)
    if (text === null) return null
    parts.push(typeof key === 'string' ? `${jsonString(key)}:${text}` : text)
  }
  return isJsonList(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`
}
