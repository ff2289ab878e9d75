import { createFieldWriter } from './line-fields.ts'
import type { LineWriter } from './line.ts'
import { ANNOTATIONS_KEY } from './names.ts'
import { logfmtValue } from './quoting.ts'

/** Loki's label names have no other characters; two names that become the same are kept once, as Loki's parser does. */
const keyed = (pairs: readonly (readonly [name: string, value: string])[]): ReadonlyMap<string, string> => {
  const byKey = new Map<string, string>()
  for (const [name, value] of pairs) {
    const key = `${ANNOTATIONS_KEY}_${name.replace(/[^a-zA-Z0-9_]/g, '_')}`
    if (!byKey.has(key)) byKey.set(key, value)
  }
  return byKey
}

/** The default line, `level=warn type=Warning reason=BackOff ... rv=6520`; keys and order: `LINE_KEYS`. */
export const writeLogfmtLine: LineWriter = createFieldWriter({
  begin: (level) => `level=${level}`,
  end: '',
  prefix: (key) => ` ${key}=`,
  quote: logfmtValue,
  annotations: (pairs) => {
    let line = ''
    for (const [key, value] of keyed(pairs)) line += ` ${key}=${logfmtValue(value)}`
    return line
  },
})
