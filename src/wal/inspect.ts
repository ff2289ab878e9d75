import type { Entry } from '../entry/entry.ts'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { ScopePosition } from '../kube/position.ts'
import { type Cursors, readCursors } from './cursors-file.ts'
import { type Contents, listDirectory, readIdentity } from './directory.ts'
import type { Disk } from './disk.ts'
import { readOwner } from './lock.ts'
import { LogReader } from './log-reader.ts'
import type { Owner, Processes } from './owner.ts'
import { scan } from './scan.ts'
import type { Damage, ReadingPlace, Scanned } from './scan-state.ts'
import type { SegmentFacts } from './segment-facts.ts'
import { CURSORS_FILE } from './segment-file.ts'

export type InspectParts = {
  readonly disk: Disk
  readonly processes: Processes
  readonly directory: string
  /** How many waiting entries are wanted, from the first one on that the slowest client waits for. */
  readonly wantedEntries: number
}

export type WaitingEntry = { readonly index: number; readonly job: string; readonly entry: Entry }

export type InspectedLane = {
  readonly job: string
  readonly scope: string
  readonly cluster: string
  /** Behind all that is on disk; null: none is known. */
  readonly spooled: ScopePosition | null
  /** Something before it is missing, so that a start goes on from the acknowledged position or this one. */
  readonly isDoubtful: boolean
}

/** `index`: everything up to this record is settled. `waiting`: entries behind it. */
export type InspectedClient = {
  readonly name: string
  readonly required: boolean
  readonly index: number
  readonly waiting: number
}

/** Who has the directory; `isAlive` is null for a process of another host, which nobody here can ask. */
export type Holder = { readonly owner: Owner; readonly isAlive: boolean | null }

/** What a log's directory holds. */
export type Inspection = {
  readonly directory: string
  readonly id: string
  readonly segments: readonly SegmentFacts[]
  /** Of the newest record. */
  readonly index: number
  readonly lanes: readonly InspectedLane[]
  readonly cursors: 'sound' | 'missing' | 'damaged'
  /** When the cursors were saved, milliseconds since 1970; null without them. */
  readonly savedAtMs: number | null
  readonly clients: readonly InspectedClient[]
  readonly damages: readonly Damage[]
  readonly lostRecords: number
  /** A last write that was cut short, or is under way. */
  readonly torn: Scanned['torn']
  readonly holder: Holder | null
  readonly setAside: readonly string[]
  readonly foreign: readonly string[]
  readonly waitingEntries: readonly WaitingEntry[]
}

export type Inspected =
  | { readonly kind: 'found'; readonly inspection: Inspection }
  /** There are segments, and nothing tells which log they are of. */
  | { readonly kind: 'unidentified'; readonly segments: number }
  /** There is no log, or the disk refuses. */
  | { readonly kind: 'unreadable'; readonly why: string }

/** Nothing is damaged or missing. A last write that was cut short is no damage: nobody claims it. */
export const isSound = ({ damages, cursors }: Inspection): boolean => damages.length === 0 && cursors !== 'damaged'

/** How often an agent at work may take segments away while they are read. */
const MAX_ATTEMPTS = 10
/** Stands for the clients when no cursors tell of them: everything waits. */
const ANYBODY = ''

type Look = { readonly id: string; readonly cursors: Cursors | null; readonly scanned: Scanned }

const lookOnce = async (
  { disk, directory }: InspectParts,
  { segments }: Contents,
  id: string,
): Promise<Look | 'changed'> => {
  // In this order: what is removed meanwhile was settled before, as newer cursors tell.
  const found = await readCursors(disk, directory)
  const cursors = found?.id === id ? found : null
  const clients = cursors?.clients ?? [{ name: ANYBODY, index: 0 }]
  const scanned = await scan({
    ...{ disk, directory, id, segments },
    acknowledgedIndex: cursors?.acknowledgedIndex ?? null,
    cursors: new Map(clients.map(({ name, index }) => [name, index])),
  })
  const after = await listDirectory(disk, directory)
  return segments.every((segment) => after.segments.includes(segment)) ? { id, cursors, scanned } : 'changed'
}

const cursorsState = async ({ disk, directory }: InspectParts, { cursors }: Look): Promise<Inspection['cursors']> => {
  if (cursors !== null) return 'sound'
  return (await disk.list(directory)).includes(CURSORS_FILE) ? 'damaged' : 'missing'
}

const holderOf = async ({ disk, directory, processes }: InspectParts): Promise<Holder | null> => {
  const owner = await readOwner(disk, directory)
  if (owner === null) return null
  return { owner, isAlive: owner.host === processes.self.host ? processes.isAlive(owner) : null }
}

const slowestPlace = ({ places }: Scanned): ReadingPlace | null => {
  const all = [...places.values()]
  return all.reduce<ReadingPlace | null>((least, place) => (least && least.index <= place.index ? least : place), null)
}

const readWaiting = async (
  { disk, directory, wantedEntries }: InspectParts,
  { id, scanned }: Look,
): Promise<readonly WaitingEntry[]> => {
  const place = slowestPlace(scanned)
  const found: WaitingEntry[] = []
  if (place === null || wantedEntries === 0) return found
  const { facts, holes, lanes } = scanned
  const log = { facts, readableBytes: ({ sizeBytes }: SegmentFacts): number => sizeBytes }
  const reader = new LogReader({ disk, directory, id, log, holes, positions: place.positions.copy() })
  await reader.moveTo(place)
  do {
    for (let next = reader.take(); next !== null && found.length < wantedEntries; next = reader.take()) {
      const { mark, entry } = next
      if (entry !== null) found.push({ index: mark.index, job: lanes[mark.lane]?.job ?? '', entry })
    }
  } while (found.length < wantedEntries && (await reader.fill()))
  await reader.close()
  return found
}

const inspectionOf = async (parts: InspectParts, contents: Contents, look: Look): Promise<Inspection> => {
  const { id, cursors, scanned } = look
  const { lanes, positions, places } = scanned
  return {
    directory: parts.directory,
    id,
    segments: scanned.facts,
    index: scanned.index,
    lanes: lanes.map(({ job, scope, cluster }, lane) => ({
      ...{ job, scope, cluster },
      spooled: positions.of(lane),
      isDoubtful: positions.isDoubtful(lane),
    })),
    cursors: await cursorsState(parts, look),
    savedAtMs: cursors?.savedAtMs ?? null,
    clients: (cursors?.clients ?? []).map((client) => ({ ...client, waiting: places.get(client.name)?.entries ?? 0 })),
    damages: scanned.damages,
    lostRecords: scanned.lostRecords,
    torn: scanned.torn,
    holder: await holderOf(parts),
    setAside: contents.setAside,
    foreign: contents.foreign,
    waitingEntries: await readWaiting(parts, look),
  }
}

const look = async (parts: InspectParts): Promise<Inspected> => {
  const { disk, directory } = parts
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const contents = await listDirectory(disk, directory)
    const id = await readIdentity(disk, directory, contents.segments)
    if (id === null) {
      const segments = contents.segments.length
      if (segments > 0) return { kind: 'unidentified', segments }
      return { kind: 'unreadable', why: `${directory}: there is no write-ahead log` }
    }
    const found = await lookOnce(parts, contents, id)
    if (found !== 'changed') return { kind: 'found', inspection: await inspectionOf(parts, contents, found) }
  }
  return { kind: 'unreadable', why: `${directory}: segments are removed faster than they can be read` }
}

/** Reads a log through and changes nothing, also while an agent is at work in it. */
export const inspectWal = async (parts: InspectParts): Promise<Inspected> => {
  try {
    return await look(parts)
  } catch (error) {
    if (codeOf(error) === '') throw error
    return { kind: 'unreadable', why: `${parts.directory}: ${reasonOf(error)}` }
  }
}
