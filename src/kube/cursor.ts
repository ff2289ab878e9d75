import { type CursorReader, readCursor } from './cursor-reader.ts'
import type { ScopePosition } from './position.ts'
import type { NamespaceChoice } from './source.ts'

/** What a cursor's positions are about; they mean nothing for another cluster, job or selection. */
export type CursorScope = {
  /** As `clusterIdentity` gives it. */
  readonly cluster: string
  readonly job: string
  /** As `namespaceScope` gives it. */
  readonly namespaces: readonly string[]
  readonly fieldSelector: string
  readonly labelSelector: string
}

/** What a cursor remembers of the write-ahead log on the agent's disk, to know that very log again. */
export type WalMark = {
  readonly id: string
  /** Every record up to this one is settled by every required client, as the cursor's positions are. */
  readonly acknowledgedIndex: number
}

/** What a scope knew when its cursor was written, beside its position. */
export type ScopeMark = {
  /** The newest revision of the store that it had seen: a store below it was restored from a backup meanwhile. */
  readonly seen: string
  /** Wall clock up to which nothing was missed; null: unknown. */
  readonly currentMs: number | null
}

/** One job's durable state. */
export type Cursor = {
  readonly scope: CursorScope
  /** By watch scope: the namespace, or '*'. */
  readonly positions: Readonly<Record<string, ScopePosition>>
  /** Label values admitted by the stream guard, by label name. */
  readonly streams: Readonly<Record<string, readonly string[]>>
  /** Time of the oldest event that was not settled, milliseconds since 1970; null: all were. */
  readonly oldestUnsettledMs: number | null
  readonly savedAtMs: number
  /** By watch scope; a scope may be absent. */
  readonly marks?: Readonly<Record<string, ScopeMark>>
  /** Absent: it was written without a write-ahead log. */
  readonly wal?: WalMark
}

export type DecodedCursor =
  { readonly kind: 'ok'; readonly cursor: Cursor } | { readonly kind: 'corrupt'; readonly why: string }

/** Longer texts are refused unread. */
export const MAX_CURSOR_CHARS = 1024 * 1024

/** The namespaces of a choice in a form that can be compared: ['*'], ['*', '!kube-system'] or sorted names. */
export const namespaceScope = (choice: NamespaceChoice): readonly string[] =>
  choice.kind === 'all' ? ['*', ...choice.except.map((name) => `!${name}`).sort()] : [...new Set(choice.names)].sort()

/** One line of JSON, below 4 kB for a usual job. */
export const encodeCursor = (cursor: Cursor): string => JSON.stringify({ v: 1, ...cursor })

/** Reads what `encodeCursor` wrote; strict, because the text may be damaged or written by anyone. Never throws. */
export const decodeCursor = (text: string): DecodedCursor => {
  if (text.length > MAX_CURSOR_CHARS) return { kind: 'corrupt', why: `longer than ${MAX_CURSOR_CHARS} characters` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'corrupt', why: 'not JSON' }
  }
  const reader: CursorReader = { problem: null }
  const cursor = readCursor(value, reader)
  return reader.problem === null ? { kind: 'ok', cursor } : { kind: 'corrupt', why: reader.problem }
}

const isAll = (namespaces: readonly string[]): boolean => namespaces.includes('*')

/** Each name of a list has a position of its own, so lists that share a name go together. */
const sameNamespaces = (a: readonly string[], b: readonly string[]): boolean =>
  isAll(a) || isAll(b)
    ? a.length === b.length && a.every((name, index) => name === b[index])
    : a.some((name) => b.includes(name))

/**
 * Why positions saved for `saved` must not be used for `current`; null: they may. Between two lists of namespaces one
 * shared name is enough: a namespace without a position starts as the policy says.
 */
export const scopeMismatch = (saved: CursorScope, current: CursorScope): string | null => {
  if (saved.cluster !== current.cluster) return 'it is of another cluster'
  if (saved.job !== current.job) return `it is of another job, ${saved.job}`
  if (!sameNamespaces(saved.namespaces, current.namespaces)) return 'it is of other namespaces'
  if (saved.fieldSelector !== current.fieldSelector) return 'it is of another field selector'
  if (saved.labelSelector !== current.labelSelector) return 'it is of another label selector'
  return null
}
