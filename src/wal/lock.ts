import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import { type Disk, type DiskFile, readText } from './disk.ts'
import type { Owner, Processes } from './owner.ts'
import { LOCK_FILE } from './segment-file.ts'

/** The holder writes this often that it is still there. */
export const BEAT_MS = 3000
/** A holder on another host that was not seen to beat for so long is gone. */
export const FOREIGN_PATIENCE_MS = 12_000
const POLL_MS = 1000
const MAX_LOCK_BYTES = 4096

export type LockOutcome =
  | { readonly kind: 'held'; readonly lock: DirectoryLock }
  /** Somebody else has it, or the disk refuses. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'aborted' }

export type LockParts = {
  readonly disk: Disk
  readonly directory: string
  readonly clock: Clock
  readonly processes: Processes
  readonly signal: AbortSignal
  /** Another process took the directory while this one was not seen to be alive. */
  readonly onLost: (why: string) => void
}

const ownerOf = (text: string): Owner | null => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    const { pid, host, started } = value as Readonly<Record<string, unknown>>
    return typeof pid === 'number' && typeof host === 'string' && typeof started === 'string'
      ? { pid, host, started }
      : null
  } catch {
    return null
  }
}

/** A file that says who writes the directory, held until `release`, and kept fresh meanwhile. */
export class DirectoryLock {
  readonly #parts: LockParts
  readonly #file: DiskFile
  readonly #released = new AbortController()
  #beats = 0
  #beating: Promise<void> = Promise.resolve()

  constructor(parts: LockParts, file: DiskFile) {
    this.#parts = parts
    this.#file = file
  }

  async begin(): Promise<void> {
    await this.#beat()
    this.#beating = this.#run()
  }

  async release(): Promise<void> {
    const { disk, directory } = this.#parts
    this.#released.abort()
    await this.#beating
    await this.#file.close()
    try {
      if (await this.#isOurs()) await disk.remove(join(directory, LOCK_FILE))
    } catch (error) {
      // A lock that stays is stale as soon as this process has ended.
      if (codeOf(error) === '') throw error
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#released
    for (;;) {
      await this.#parts.clock.sleep(BEAT_MS, signal)
      if (signal.aborted) return
      try {
        if (await this.#isOurs()) await this.#beat()
        else {
          this.#parts.onLost(`${this.#parts.directory} was taken by another process`)
          return
        }
      } catch (error) {
        // A disk that refuses is told by what the log itself writes.
        if (codeOf(error) === '') throw error
      }
    }
  }

  async #isOurs(): Promise<boolean> {
    const { owner } = await read(this.#parts)
    const { self } = this.#parts.processes
    return owner?.pid === self.pid && owner.host === self.host && owner.started === self.started
  }

  async #beat(): Promise<void> {
    this.#beats += 1
    const text = `${JSON.stringify({ ...this.#parts.processes.self, beats: this.#beats })}\n`
    await this.#file.write(Buffer.from(text), 0)
  }
}

/** Who says to have the directory; null: nobody does. Rejects when the disk refuses. */
export const readOwner = async (disk: Disk, directory: string): Promise<Owner | null> =>
  ownerOf((await readText(disk, join(directory, LOCK_FILE), MAX_LOCK_BYTES)) ?? '')

type Seen = { readonly text: string; readonly owner: Owner | null }

const read = async ({ disk, directory }: LockParts): Promise<Seen> => {
  const text = (await readText(disk, join(directory, LOCK_FILE), MAX_LOCK_BYTES)) ?? ''
  return { text, owner: ownerOf(text) }
}

/** A lock that says nothing is just being made, or was cut short by a crash. */
const readSettled = async (parts: LockParts): Promise<Seen> => {
  const seen = await read(parts)
  if (seen.owner !== null) return seen
  await parts.clock.sleep(POLL_MS, parts.signal)
  return read(parts)
}

/** Whether the lock's holder is known to be gone. */
const isStale = async (parts: LockParts, seen: Seen): Promise<boolean> => {
  const { processes, clock, signal } = parts
  if (seen.owner === null) return true
  if (seen.owner.host === processes.self.host) return !processes.isAlive(seen.owner)
  // Another host's processes cannot be asked, and its clock cannot be trusted: it is watched for a while.
  const untilMs = clock.monotonicMs() + FOREIGN_PATIENCE_MS
  while (clock.monotonicMs() < untilMs && !signal.aborted) {
    await clock.sleep(POLL_MS, signal)
    if ((await read(parts)).text !== seen.text) return false
  }
  return !signal.aborted
}

/** Takes a stale lock out of the way, unless it is no longer the one that was judged. */
const breakStale = async ({ disk, directory, processes }: LockParts, seen: Seen): Promise<void> => {
  const path = join(directory, LOCK_FILE)
  const aside = `${path}.${processes.self.pid}.stale`
  await disk.rename(path, aside)
  if (((await readText(disk, aside, MAX_LOCK_BYTES)) ?? '') === seen.text) await disk.remove(aside)
  else await disk.rename(aside, path)
}

const createLock = async ({ disk, directory }: LockParts): Promise<DiskFile | null> => {
  try {
    return await disk.createExclusively(join(directory, LOCK_FILE))
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return null
    throw error
  }
}

/** Null: there is one. */
const tryLock = async (parts: LockParts): Promise<DirectoryLock | null> => {
  const file = await createLock(parts)
  if (file === null) return null
  const lock = new DirectoryLock(parts, file)
  try {
    await lock.begin()
    return lock
  } catch (error) {
    // Made, and too full a disk to write a name into it.
    await file.close()
    await parts.disk.remove(join(parts.directory, LOCK_FILE))
    throw error
  }
}

/** Two processes in one directory would write into each other's segments. */
export const lockDirectory = async (parts: LockParts): Promise<LockOutcome> => {
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const lock = await tryLock(parts)
      if (lock !== null) return { kind: 'held', lock }
      const seen = await readSettled(parts)
      const stale = await isStale(parts, seen)
      if (parts.signal.aborted) return { kind: 'aborted' }
      if (!stale) return { kind: 'refused', why: heldBy(parts, seen.owner) }
      await breakStale(parts, seen)
    }
    return { kind: 'refused', why: `${parts.directory}: others try to lock it at the same moment` }
  } catch (error) {
    if (codeOf(error) === '') throw error
    return { kind: 'refused', why: `${parts.directory}: ${reasonOf(error)}` }
  }
}

const heldBy = ({ directory }: LockParts, owner: Owner | null): string =>
  `${directory} is in use by process ${owner?.pid ?? 0} on ${owner?.host ?? 'an unknown host'}`
