import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../kube/failure-reason.ts'

/** An open file. Every operation rejects with Node's error when the disk refuses. */
export type DiskFile = {
  /** @returns how many bytes were read; fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /** All of it, at this place; safe to do again after a failure. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** On disk afterwards, whatever happens to the machine. */
  sync(): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  size(): Promise<number>
  /** Never rejects for what the disk does: what was synced is there, and nothing could be tried again. */
  close(): Promise<void>
}

/** What the write-ahead log needs of a file system: so little that a test can model all that a crash leaves of it. */
export type Disk = {
  /** With its parents, for this user alone. */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory. */
  list(path: string): Promise<readonly string[]>
  openToRead(path: string): Promise<DiskFile>
  /** Makes an empty file, or empties it. */
  create(path: string): Promise<DiskFile>
  /** Opens a file that is there for writing. */
  openToWrite(path: string): Promise<DiskFile>
  /** Rejects with EEXIST when the file is there: of two that try, one succeeds. */
  createExclusively(path: string): Promise<DiskFile>
  /** Atomic: the other name is the old file or the new one. */
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  removeDirectory(path: string): Promise<void>
  /** Files made, renamed and removed in it are so for good afterwards. */
  syncDirectory(path: string): Promise<void>
}

type Opened = Awaited<ReturnType<typeof open>>

const readAll = async (file: Opened, into: Uint8Array, position: number): Promise<number> => {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

const writeAll = async (file: Opened, bytes: Uint8Array, position: number): Promise<void> => {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

const close = async (file: Opened): Promise<void> => {
  try {
    await file.close()
  } catch (error) {
    if (codeOf(error) === '') throw error
  }
}

const asDiskFile = (file: Opened): DiskFile => ({
  read: (into, position) => readAll(file, into, position),
  write: (bytes, position) => writeAll(file, bytes, position),
  sync: () => file.datasync(),
  truncate: (sizeBytes) => file.truncate(sizeBytes),
  size: async () => (await file.stat()).size,
  close: () => close(file),
})

const opened = async (path: string, flags: number): Promise<DiskFile> => asDiskFile(await open(path, flags, 0o600))

/** Some network file systems cannot sync a directory; their rename is durable, or nothing is. */
const CANNOT_SYNC: readonly string[] = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM']

const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } catch (error) {
    if (!CANNOT_SYNC.includes(codeOf(error))) throw error
  } finally {
    await directory.close()
  }
}

const { O_RDONLY, O_RDWR, O_CREAT, O_TRUNC, O_EXCL, O_NOFOLLOW } = constants

/** The machine's file system. */
export const realDisk: Disk = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  list: (path) => readdir(path),
  openToRead: (path) => opened(path, O_RDONLY | O_NOFOLLOW),
  create: (path) => opened(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW),
  openToWrite: (path) => opened(path, O_RDWR | O_NOFOLLOW),
  createExclusively: (path) => opened(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW),
  rename,
  remove: unlink,
  removeDirectory: rmdir,
  syncDirectory,
}

/** The whole file as text; null: there is none, or it is longer than `maxBytes`. */
export const readText = async (disk: Disk, path: string, maxBytes: number): Promise<string | null> => {
  let file: DiskFile | null = null
  try {
    file = await disk.openToRead(path)
    const size = await file.size()
    if (size > maxBytes) return null
    const bytes = Buffer.alloc(size)
    return bytes.toString('utf8', 0, await file.read(bytes, 0))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  } finally {
    await file?.close()
  }
}

/** At every moment `path` is the old file or the new one, whole and on disk. */
export const replaceText = async (disk: Disk, path: string, text: string): Promise<void> => {
  const temporary = `${path}.tmp`
  const file = await disk.create(temporary)
  try {
    await file.write(Buffer.from(text), 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(temporary, path)
  await disk.syncDirectory(dirname(path))
}
