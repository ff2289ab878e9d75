const JSON_STRING = /^"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt']|u[0-9a-fA-F]{4}))*"$/s

const SIMPLE: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** Text in quotes with JSON's escapes (and `\'`); null when an escape is none, or stands beside a control character. */
const unquote = (quoted: string): string | null => {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  if (!JSON_STRING.test(quoted)) return null
  const text = quoted.slice(1, -1).replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, escape: string) => {
    if (escape.length > 1) return String.fromCharCode(parseInt(escape.slice(1), 16))
    return SIMPLE[escape] ?? escape
  })
  return text.toWellFormed()
}

const GARBAGE = /[\0- ]*/y
const KEY = /[^\0- ="]+/y
const QUOTED = /"(?:[^"\\]|\\.)*"/sy
const BARE = /[^\0- ="]*/y

const take = (pattern: RegExp, text: string, at: number): string | null => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

type Value = { readonly text: string; readonly end: number }

/** The value behind `=`; null when it is malformed. */
const valueAt = (line: string, at: number): Value | null => {
  if (line[at] === '"') {
    const quoted = take(QUOTED, line, at)
    const text = quoted === null ? null : unquote(quoted)
    return quoted === null || text === null ? null : { text, end: at + quoted.length }
  }
  const bare = take(BARE, line, at) ?? ''
  const after = line[at + bare.length]
  return after === '=' || after === '"' ? null : { text: bare, end: at + bare.length }
}

/**
 * The pairs of one line of logfmt as github.com/go-logfmt/logfmt reads them, up to the first mistake. A key without a
 * value has the empty text.
 *
 * @returns false: there was a mistake.
 */
const scanLine = (line: string, onPair: (key: string, value: string) => void): boolean => {
  for (let at = 0; ;) {
    at += take(GARBAGE, line, at)?.length ?? 0
    if (at >= line.length) return true
    const key = take(KEY, line, at)
    if (key === null || key.includes('\ufffd')) return false
    at += key.length
    if (line[at] === '"') return false
    if (line[at] !== '=') {
      onPair(key, '')
      continue
    }
    const value = valueAt(line, at + 1)
    if (value === null) return false
    onPair(key, value.text)
    at = value.end
  }
}

/** The pairs of all lines of a text, up to the first mistake. */
export const scanLogfmt = (text: string, onPair: (key: string, value: string) => void): void => {
  text.split('\n').every((line) => scanLine(line, onPair))
}
