import { join } from 'node:path'
import type { Log } from '../log.ts'
import { type Cursors, readCursors, writeCursors } from './cursors-file.ts'
import { listDirectory, moveAside, readIdentity, removeLog, writeIdentity } from './directory.ts'
import type { Disk } from './disk.ts'
import { type SetAsideReason, type WalJob, whyNotUsed } from './judge.ts'
import { scan } from './scan.ts'
import type { Scanned } from './scan-state.ts'
import { newWalId, SEGMENT_TITLE_BYTES, segmentName } from './segment-file.ts'
import type { WalMetrics } from './wal-metrics.ts'

/** What the configuration says of a client. */
export type WalClient = { readonly name: string; readonly required: boolean }

export type RecoveryParts = {
  readonly disk: Disk
  readonly directory: string
  readonly jobs: readonly WalJob[]
  readonly clients: readonly WalClient[]
  readonly log: Log
  readonly metrics: WalMetrics
}

/** A log that is to be gone on with. */
export type Recovered = {
  readonly id: string
  /** It holds nothing yet, and no checkpoint knows it. */
  readonly isNew: boolean
  readonly scanned: Scanned
  /** Number of the next segment. */
  readonly segment: number
  /** Up to here everything was known to be settled. */
  readonly acknowledgedIndex: number
  /** By job: wall clock until which its sources missed nothing, as far as is known. */
  readonly currentMs: Readonly<Record<string, number>>
}

type Found = { readonly id: string; readonly segments: readonly number[]; readonly cursors: Cursors | null }

const marksOf = (jobs: readonly WalJob[], id: string): readonly number[] =>
  jobs
    .map(({ saved }) => saved?.wal)
    .filter((mark) => mark?.id === id)
    .map((mark) => mark?.acknowledgedIndex ?? 0)

/** Up to where each client has settled everything; a client that is new begins where the others had settled all. */
const cursorsOf = (
  { jobs, clients }: RecoveryParts,
  { id, cursors }: Found,
): Pick<Parameters<typeof scan>[0], 'acknowledgedIndex' | 'cursors'> => {
  const marks = marksOf(jobs, id)
  const known = cursors === null ? marks : [...marks, cursors.acknowledgedIndex]
  const acknowledged = known.length === 0 ? null : Math.max(...known)
  const cursorOf = ({ name, required }: WalClient): number => {
    const own = cursors?.clients.find((client) => client.name === name)
    // What the checkpoint knows is about required clients only.
    if (cursors === null && !required) return 0
    if (own === undefined) return acknowledged ?? 0
    return own.required ? Math.max(own.index, ...marks) : own.index
  }
  return {
    acknowledgedIndex: acknowledged,
    cursors: new Map(clients.map((client) => [client.name, cursorOf(client)])),
  }
}

const find = async ({ disk, directory }: RecoveryParts, segments: readonly number[]): Promise<Found | null> => {
  const id = await readIdentity(disk, directory, segments)
  if (id === null) return null
  const cursors = await readCursors(disk, directory)
  return { id, segments, cursors: cursors?.id === id ? cursors : null }
}

/** Cuts off the write that the end of the last process cut short, so that nobody takes it for damage. */
const cutTorn = async (
  { disk, directory, log }: RecoveryParts,
  { torn, facts }: Scanned,
): Promise<Scanned['facts']> => {
  if (torn === null) return facts
  log.info('the last write to the write-ahead log was cut short; it was claimed by nobody', {
    segment: torn.segment,
    bytes: torn.to - torn.from,
  })
  const path = join(directory, segmentName(torn.segment))
  if (torn.from <= SEGMENT_TITLE_BYTES) {
    await disk.remove(path)
    await disk.syncDirectory(directory)
    return facts.slice(0, -1)
  }
  const file = await disk.openToWrite(path)
  try {
    await file.truncate(torn.from)
    await file.sync()
  } finally {
    await file.close()
  }
  return facts.map((each) => (each.segment === torn.segment ? { ...each, sizeBytes: torn.from } : each))
}

/**
 * Cursors may count on records that a crash took (without fsync, or by a disk that lied). What is written next has the
 * same indexes, and must not be taken for settled.
 */
const pullBack = async ({ disk, directory }: RecoveryParts, cursors: Cursors | null, index: number): Promise<void> => {
  if (cursors === null) return
  const clients = cursors.clients.map((client) => ({ ...client, index: Math.min(client.index, index) }))
  const acknowledgedIndex = Math.min(cursors.acknowledgedIndex, index)
  const isAhead = cursors.acknowledgedIndex > index || cursors.clients.some((client) => client.index > index)
  if (isAhead) await writeCursors(disk, directory, { ...cursors, acknowledgedIndex, clients })
}

const reportDamage = ({ log, metrics }: RecoveryParts, { damages, lostRecords }: Scanned): void => {
  if (damages.length === 0) return
  metrics.recordsCorrupt.inc(lostRecords)
  const [first] = damages
  log.error('write-ahead log is damaged; what is missing is read from the API server again if it still has it', {
    records: lostRecords,
    places: damages.length,
    first_segment: first?.segment,
    first_offset: first?.from,
    first_why: first?.why,
  })
}

/** Nobody may use it here, and nobody may lose it: unless nothing in it waits for anyone. */
const putAway = async (
  { disk, directory, log, metrics }: RecoveryParts,
  reason: SetAsideReason,
  scanned: Scanned | null,
): Promise<void> => {
  metrics.setAside.inc({ reason })
  const waiting = scanned === null ? null : Math.max(0, ...[...scanned.places.values()].map(({ entries }) => entries))
  const isSpent = waiting === 0 && scanned?.damages.length === 0
  const place = isSpent ? 'removed: nothing in it waits' : await moveAside(disk, directory, reason)
  if (isSpent) await removeLog(disk, directory)
  log.warn('write-ahead log is not used: going on from the acknowledged position', { reason, place, entries: waiting })
}

const startNew = async (parts: RecoveryParts): Promise<Recovered> => {
  const { disk, directory, clients, jobs, log, metrics } = parts
  const id = newWalId()
  await writeIdentity(disk, directory, id)
  const known = jobs.find(({ saved }) => saved?.wal !== undefined)
  if (known !== undefined) {
    metrics.missing.inc()
    log.warn('the write-ahead log of the checkpoint is not here: going on from the acknowledged position', {
      id: known.saved?.wal?.id,
    })
  }
  const cursors = new Map(clients.map(({ name }) => [name, 0]))
  const scanned = await scan({ disk, directory, id, segments: [], acknowledgedIndex: null, cursors })
  return { id, isNew: true, scanned, segment: 1, acknowledgedIndex: 0, currentMs: {} }
}

const reportForeign = ({ log }: RecoveryParts, foreign: readonly string[]): void => {
  if (foreign.length === 0) return
  const names = foreign.slice(0, 5).join(', ')
  log.warn('files in the directory of the write-ahead log that are not its own', { files: foreign.length, names })
}

/** Finds the log, judges whether it may be used, and reads it through. Rejects when the disk refuses. */
export const recover = async (parts: RecoveryParts): Promise<Recovered> => {
  const { disk, directory, jobs } = parts
  const { segments, foreign } = await listDirectory(disk, directory)
  reportForeign(parts, foreign)
  const found = await find(parts, segments)
  if (found === null) {
    if (segments.length > 0) await putAway(parts, 'unreadable', null)
    return startNew(parts)
  }
  const { id, cursors } = found
  const known = cursorsOf(parts, found)
  const scanned = await scan({ disk, directory, id, segments, ...known })
  const reason = whyNotUsed({ id, index: scanned.index, lanes: scanned.lanes }, jobs)
  if (reason !== null) {
    await putAway(parts, reason, scanned)
    return startNew({ ...parts, jobs: [] })
  }
  reportDamage(parts, scanned)
  await pullBack(parts, cursors, scanned.index)
  const facts = await cutTorn(parts, scanned)
  const segment = (segments.at(-1) ?? 0) + 1
  // From the titles of segments, when its own file is lost.
  await writeIdentity(disk, directory, id)
  const acknowledgedIndex = Math.min(known.acknowledgedIndex ?? 0, scanned.index)
  const currentMs = cursors?.currentMs ?? {}
  return { id, isNew: false, scanned: { ...scanned, facts }, segment, acknowledgedIndex, currentMs }
}
