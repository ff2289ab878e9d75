import type { Cursor, CursorScope, ScopeMark, WalMark } from './cursor.ts'
import type { BackfillProgress, Interval, ScopePosition } from './position.ts'
import { compareResourceVersions, isResourceVersion } from './resource-version.ts'

/** Collects the first thing that is wrong; once it is set, what was read must not be used. */
export type CursorReader = { problem: string | null }

type Fields = Readonly<Record<string, unknown>>

const MAX_INTERVALS = 4096
const MAX_TOKEN_CHARS = 16 * 1024

const refuse = (reader: CursorReader, path: string, expected: string): void => {
  reader.problem ??= `${path}: expected ${expected}`
}

type Members = { readonly required: readonly string[]; readonly optional: readonly string[] }

/** Exactly these members and no other: what was written by another version must not be half understood. */
const members = (reader: CursorReader, value: unknown, path: string, { required, optional }: Members): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(reader, path, 'an object')
    return {}
  }
  const known = Object.keys(value).every((key) => required.includes(key) || optional.includes(key))
  if (!known || !required.every((name) => Object.hasOwn(value, name))) {
    refuse(reader, path, `the members ${required.join(', ')}`)
  }
  return value as Fields
}

const fields = (reader: CursorReader, value: unknown, path: string, required: readonly string[]): Fields =>
  members(reader, value, path, { required, optional: [] })

const list = (reader: CursorReader, value: unknown, path: string): readonly unknown[] => {
  if (Array.isArray(value) && value.length <= MAX_INTERVALS) return value
  refuse(reader, path, `a list of at most ${MAX_INTERVALS}`)
  return []
}

const entries = (reader: CursorReader, value: unknown, path: string): readonly [string, unknown][] => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  refuse(reader, path, 'an object')
  return []
}

const string = (reader: CursorReader, value: unknown, path: string): string => {
  if (typeof value === 'string') return value
  refuse(reader, path, 'a string')
  return ''
}

const whole = (reader: CursorReader, value: unknown, path: string): number => {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value)
  refuse(reader, path, 'a whole number')
  return 0
}

const wholeOrNull = (reader: CursorReader, value: unknown, path: string): number | null =>
  value === null ? null : whole(reader, value, path)

const version = (reader: CursorReader, value: unknown, path: string): string => {
  if (isResourceVersion(value)) return value
  refuse(reader, path, 'a resourceVersion')
  return '0'
}

const readInterval = (reader: CursorReader, value: unknown, path: string): Interval => {
  const o = fields(reader, value, path, ['after', 'upTo', 'notBeforeMs'])
  const after = version(reader, o['after'], `${path}.after`)
  const upTo = version(reader, o['upTo'], `${path}.upTo`)
  if (compareResourceVersions(after, upTo) > 0) refuse(reader, path, 'after <= upTo')
  return { after, upTo, notBeforeMs: wholeOrNull(reader, o['notBeforeMs'], `${path}.notBeforeMs`) }
}

const readIntervals = (reader: CursorReader, value: unknown, path: string): readonly Interval[] =>
  list(reader, value, path).map((item, index) => readInterval(reader, item, `${path}[${index}]`))

const readActive = (reader: CursorReader, value: unknown, path: string): BackfillProgress | null => {
  if (value === null) return null
  const o = fields(reader, value, path, ['intervals', 'continueToken', 'emitted'])
  const continueToken = o['continueToken'] === null ? null : string(reader, o['continueToken'], `${path}.continueToken`)
  if ((continueToken?.length ?? 0) > MAX_TOKEN_CHARS) refuse(reader, `${path}.continueToken`, 'a continue token')
  return {
    intervals: readIntervals(reader, o['intervals'], `${path}.intervals`),
    continueToken,
    emitted: whole(reader, o['emitted'], `${path}.emitted`),
  }
}

/** A decoded JSON value as a position; `path` is for the report of what is wrong. */
export const readPosition = (reader: CursorReader, value: unknown, path: string): ScopePosition => {
  const o = fields(reader, value, path, ['epoch', 'watched', 'active', 'pending'])
  return {
    epoch: whole(reader, o['epoch'], `${path}.epoch`),
    watched: version(reader, o['watched'], `${path}.watched`),
    active: readActive(reader, o['active'], `${path}.active`),
    pending: readIntervals(reader, o['pending'], `${path}.pending`),
  }
}

const readMark = (reader: CursorReader, value: unknown, path: string): ScopeMark => {
  const o = fields(reader, value, path, ['seen', 'currentMs'])
  return {
    seen: version(reader, o['seen'], `${path}.seen`),
    currentMs: wholeOrNull(reader, o['currentMs'], `${path}.currentMs`),
  }
}

type ReadMember<T> = (reader: CursorReader, value: unknown, path: string) => T

const byScope = <T>(reader: CursorReader, value: unknown, name: string, read: ReadMember<T>): Record<string, T> => {
  const pairs = entries(reader, value, name)
  for (const [scope] of pairs) {
    if (!/^(?:\*|[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/.test(scope)) refuse(reader, name, 'namespaces or *')
  }
  return Object.fromEntries(pairs.map(([scope, item]) => [scope, read(reader, item, `${name}.${scope}`)]))
}

const readStrings = (reader: CursorReader, value: unknown, path: string): readonly string[] => {
  if (Array.isArray(value)) return value.map((item, index) => string(reader, item, `${path}[${index}]`))
  refuse(reader, path, 'a list')
  return []
}

const readScope = (reader: CursorReader, value: unknown): CursorScope => {
  const o = fields(reader, value, 'scope', ['cluster', 'job', 'namespaces', 'fieldSelector', 'labelSelector'])
  return {
    cluster: string(reader, o['cluster'], 'scope.cluster'),
    job: string(reader, o['job'], 'scope.job'),
    namespaces: readStrings(reader, o['namespaces'], 'scope.namespaces'),
    fieldSelector: string(reader, o['fieldSelector'], 'scope.fieldSelector'),
    labelSelector: string(reader, o['labelSelector'], 'scope.labelSelector'),
  }
}

const readWal = (reader: CursorReader, value: unknown): WalMark => {
  const o = fields(reader, value, 'wal', ['id', 'acknowledgedIndex'])
  return {
    id: string(reader, o['id'], 'wal.id'),
    acknowledgedIndex: whole(reader, o['acknowledgedIndex'], 'wal.acknowledgedIndex'),
  }
}

const TOP: Members = {
  required: ['v', 'scope', 'positions', 'streams', 'oldestUnsettledMs', 'savedAtMs'],
  optional: ['marks', 'wal'],
}

/** A decoded JSON value as a cursor; sound only if `reader.problem` is null afterwards. */
export const readCursor = (value: unknown, reader: CursorReader): Cursor => {
  const o = members(reader, value, 'cursor', TOP)
  if (o['v'] !== 1) refuse(reader, 'v', '1')
  return {
    scope: readScope(reader, o['scope']),
    positions: byScope(reader, o['positions'], 'positions', readPosition),
    streams: Object.fromEntries(
      entries(reader, o['streams'], 'streams').map(([name, values]) => [
        name,
        readStrings(reader, values, `streams.${name.slice(0, 64)}`),
      ]),
    ),
    oldestUnsettledMs: wholeOrNull(reader, o['oldestUnsettledMs'], 'oldestUnsettledMs'),
    savedAtMs: whole(reader, o['savedAtMs'], 'savedAtMs'),
    ...(o['marks'] === undefined ? {} : { marks: byScope(reader, o['marks'], 'marks', readMark) }),
    ...(o['wal'] === undefined ? {} : { wal: readWal(reader, o['wal']) }),
  }
}
