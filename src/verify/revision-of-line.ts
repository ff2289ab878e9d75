/** Which revision a line says it is of. */
export type LineRevision = { readonly uid: string; readonly resourceVersion: string }

/** A pair of logfmt as this program writes it: a bare value, or one in quotes with JSON's escapes. */
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?: |$)/y

const ofLogfmt = (line: string): LineRevision | null => {
  let uid = ''
  let resourceVersion = ''
  PAIR.lastIndex = 0
  // The first of each counts: what comes behind them (annotations) was written by anyone.
  for (let pair = PAIR.exec(line); pair !== null; pair = PAIR.exec(line)) {
    const value = pair[2] ?? pair[3] ?? ''
    if (pair[1] === 'uid') uid ||= value
    if (pair[1] === 'rv') resourceVersion ||= value
    if (uid !== '' && resourceVersion !== '') return { uid, resourceVersion }
  }
  return null
}

const textAt = (value: unknown, name: string): string => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return ''
  const member: unknown = (value as Readonly<Record<string, unknown>>)[name]
  return typeof member === 'string' ? member : ''
}

const ofJson = (line: string): LineRevision | null => {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return null
  }
  const metadata = typeof parsed === 'object' && parsed !== null && 'metadata' in parsed ? parsed.metadata : null
  const uid = textAt(parsed, 'uid') || textAt(metadata, 'uid')
  const resourceVersion = textAt(parsed, 'rv') || textAt(metadata, 'resourceVersion')
  return uid === '' || resourceVersion === '' ? null : { uid, resourceVersion }
}

/** uid and resourceVersion in a line of format `logfmt`, `json` or `exporter`; null: it is none of those. */
export const revisionOfLine = (line: string): LineRevision | null =>
  line.startsWith('{') ? ofJson(line) : ofLogfmt(line)
