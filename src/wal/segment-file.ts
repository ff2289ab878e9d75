import { randomUUID } from 'node:crypto'

/** Beside the segments: the log's identity, the clients' cursors, the lock. */
export const IDENTITY_FILE = 'wal.json'
export const CURSORS_FILE = 'cursors.json'
export const LOCK_FILE = 'lock'
/** Directories into which a log that is not to be used is put. */
export const SET_ASIDE_PREFIX = 'set-aside-'

const SUFFIX = '.wal'
const DIGITS = 10

export const newWalId = (): string => randomUUID()

export const segmentName = (segment: number): string => `${String(segment).padStart(DIGITS, '0')}${SUFFIX}`

/** Null: not a segment's name. */
export const segmentOf = (name: string): number | null => {
  const match = /^(\d{10})\.wal$/.exec(name)
  return match === null ? null : Number(match[1])
}

const TITLE = 'eventail-wal 1 '

/** First line of a segment, for people and for a log whose identity file is lost; the checksums do not need it. */
export const segmentTitle = (walId: string, segment: number): string =>
  `${TITLE}${walId} ${String(segment).padStart(DIGITS, '0')}\n`

export const SEGMENT_TITLE_BYTES = segmentTitle(newWalId(), 0).length

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const isWalId = (text: unknown): text is string => typeof text === 'string' && UUID.test(text)

/** The id in a segment's first line; null when it is damaged. */
export const walIdOfTitle = (title: string): string | null => {
  const id = title.slice(TITLE.length, TITLE.length + 36)
  return title.startsWith(TITLE) && isWalId(id) ? id : null
}
