import { constants } from 'node:fs'
import { copyFile, type FileHandle, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CheckpointStore, LoadOutcome, SaveOutcome } from './checkpoint.ts'
import { codeOf, reasonOf } from './failure-reason.ts'
import { type ParsedPositions, parsePositions, renderPositions } from './positions-text.ts'

const KEY_PREFIX = 'cursor-'
const MAX_FILE_BYTES = 8 * 1024 * 1024
/** Damaged files that are kept; the newest overwrites the last. */
const MAX_KEPT_ASIDE = 10

type ReadOutcome = ParsedPositions | { readonly kind: 'none' } | { readonly kind: 'unreadable'; readonly why: string }

const read = async (filename: string): Promise<ReadOutcome> => {
  let file: FileHandle | null = null
  try {
    file = await open(filename, constants.O_RDONLY)
    const { size } = await file.stat()
    if (size > MAX_FILE_BYTES) return { kind: 'corrupt', why: `longer than ${MAX_FILE_BYTES} bytes` }
    return parsePositions(await file.readFile('utf8'))
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { kind: 'none' } : { kind: 'unreadable', why: reasonOf(error) }
  } finally {
    await file?.close()
  }
}

const exists = async (filename: string): Promise<boolean> => {
  try {
    await stat(filename)
    return true
  } catch {
    return false
  }
}

const keepAside = async (filename: string): Promise<void> => {
  let n = 1
  while (n < MAX_KEPT_ASIDE && (await exists(`${filename}.corrupt-${n}`))) n += 1
  // A copy: the file itself stays until the new one replaces it, so that a crash in between does not leave none.
  await copyFile(filename, `${filename}.corrupt-${n}`)
}

const removeIfThere = async (filename: string): Promise<void> => {
  try {
    await unlink(filename)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** Some network file systems cannot sync a directory; their rename is durable, or nothing is. */
const CANNOT_SYNC: readonly string[] = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM']

const syncDirectory = async (directory: string): Promise<void> => {
  let handle: FileHandle | null = null
  try {
    handle = await open(directory, constants.O_RDONLY)
    await handle.sync()
  } catch (error) {
    if (!CANNOT_SYNC.includes(codeOf(error))) throw error
  } finally {
    await handle?.close()
  }
}

/** At every moment `filename` is the old file or the new one, whole and on disk. */
const replace = async (filename: string, text: string): Promise<void> => {
  const temporary = `${filename}.tmp`
  // Left by a crash; and whatever else lies there must not be written through.
  await removeIfThere(temporary)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, filename)
  await syncDirectory(dirname(filename))
}

/** Cursors in a positions file in Promtail's format: entries of the file that are not saved here are kept. */
class FileCheckpointStore implements CheckpointStore {
  readonly place: string

  constructor(filename: string) {
    this.place = filename
  }

  async load(): Promise<LoadOutcome> {
    const outcome = await read(this.place)
    if (outcome.kind !== 'ok') return outcome
    const cursors = [...outcome.positions].filter(([key]) => key.startsWith(KEY_PREFIX))
    return cursors.length === 0 ? { kind: 'none' } : { kind: 'found', cursors: Object.fromEntries(cursors) }
  }

  async save(cursors: Readonly<Record<string, string>>): Promise<SaveOutcome> {
    const before = await read(this.place)
    if (before.kind === 'unreadable') return { kind: 'failed', why: `${this.place}: ${before.why}` }
    const kept = before.kind === 'ok' ? before.positions : []
    try {
      if (before.kind === 'corrupt') await keepAside(this.place)
      await replace(this.place, renderPositions(new Map([...kept, ...Object.entries(cursors)])))
      return { kind: 'saved' }
    } catch (error) {
      return { kind: 'failed', why: `${this.place}: ${reasonOf(error)}` }
    }
  }
}

/**
 * A store in the file `positions.filename`, mode 0600, replaced atomically. One process writes it: unlike the Lease it
 * has no fence against a second.
 */
export const createFileCheckpointStore = (filename: string): CheckpointStore => new FileCheckpointStore(filename)
