import { join } from 'node:path'
import { type Disk, type DiskFile, readText, replaceText } from './disk.ts'
import {
  CURSORS_FILE,
  IDENTITY_FILE,
  isWalId,
  LOCK_FILE,
  SEGMENT_TITLE_BYTES,
  SET_ASIDE_PREFIX,
  segmentName,
  segmentOf,
  walIdOfTitle,
} from './segment-file.ts'

/** What lies in a log's directory. */
export type Contents = {
  /** Numbers, in order. */
  readonly segments: readonly number[]
  /** Directories of logs that were set aside. */
  readonly setAside: readonly string[]
  /** What does not belong there. */
  readonly foreign: readonly string[]
}

const MAX_IDENTITY_BYTES = 4096
/** Made by file systems and by volumes. */
const HARMLESS: readonly string[] = ['lost+found', '..data']

const isOwn = (name: string): boolean =>
  [IDENTITY_FILE, CURSORS_FILE, LOCK_FILE].some((own) => name === own || name.startsWith(`${own}.`)) ||
  HARMLESS.includes(name)

/** Rejects when the disk refuses. */
export const listDirectory = async (disk: Disk, directory: string): Promise<Contents> => {
  const names = await disk.list(directory)
  const isAside = (name: string): boolean => name.startsWith(SET_ASIDE_PREFIX)
  return {
    segments: names
      .map(segmentOf)
      .filter((segment) => segment !== null)
      .sort((a, b) => a - b),
    setAside: names.filter(isAside),
    foreign: names.filter((name) => segmentOf(name) === null && !isAside(name) && !isOwn(name)),
  }
}

const titleId = async (disk: Disk, path: string): Promise<string | null> => {
  let file: DiskFile | null = null
  try {
    file = await disk.openToRead(path)
    const bytes = Buffer.alloc(SEGMENT_TITLE_BYTES)
    return walIdOfTitle(bytes.toString('latin1', 0, await file.read(bytes, 0)))
  } finally {
    await file?.close()
  }
}

/** Null: the file is not there, or damaged. */
const identityId = (text: string | null): string | null => {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'id') : null
    return isWalId(id) ? id : null
  } catch {
    return null
  }
}

/** The log's id: from its own file, or when that is lost, from the first segment that tells. Null: nothing tells. */
export const readIdentity = async (
  disk: Disk,
  directory: string,
  segments: readonly number[],
): Promise<string | null> => {
  const id = identityId(await readText(disk, join(directory, IDENTITY_FILE), MAX_IDENTITY_BYTES))
  if (id !== null) return id
  for (const segment of segments) {
    const found = await titleId(disk, join(directory, segmentName(segment)))
    if (found !== null) return found
  }
  return null
}

export const writeIdentity = (disk: Disk, directory: string, id: string): Promise<void> =>
  replaceText(disk, join(directory, IDENTITY_FILE), `${JSON.stringify({ v: 1, id })}\n`)

/**
 * Moves a log into a directory of its own inside its directory, which may be the root of a volume. The identity goes
 * last: until then it is still found, and set aside again. @returns the new directory.
 */
export const moveAside = async (disk: Disk, directory: string, reason: string): Promise<string> => {
  const { segments, setAside } = await listDirectory(disk, directory)
  const numbers = setAside.map((name) => Number(name.slice(name.lastIndexOf('-') + 1))).filter(Number.isSafeInteger)
  const aside = join(directory, `${SET_ASIDE_PREFIX}${reason}-${Math.max(0, ...numbers) + 1}`)
  await disk.makeDirectory(aside)
  const names = await disk.list(directory)
  const last = [CURSORS_FILE, IDENTITY_FILE].filter((name) => names.includes(name))
  for (const name of [...segments.map(segmentName), ...last])
    await disk.rename(join(directory, name), join(aside, name))
  await disk.syncDirectory(aside)
  await disk.syncDirectory(directory)
  return aside
}

/** Removes a log in which nothing is left that anybody needs. */
export const removeLog = async (disk: Disk, directory: string): Promise<void> => {
  const { segments } = await listDirectory(disk, directory)
  const names = await disk.list(directory)
  const last = [CURSORS_FILE, IDENTITY_FILE].filter((name) => names.includes(name))
  for (const name of [...segments.map(segmentName), ...last]) await disk.remove(join(directory, name))
  await disk.syncDirectory(directory)
}
