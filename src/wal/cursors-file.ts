import { join } from 'node:path'
import { crc32c } from './crc32c.ts'
import { type Disk, readText, replaceText } from './disk.ts'
import { CURSORS_FILE } from './segment-file.ts'

/** How far each client has settled everything; kept beside the segments, so that only what is left is sent again. */
export type Cursors = {
  readonly id: string
  readonly savedAtMs: number
  /** By job: wall clock until which its sources missed nothing. */
  readonly currentMs: Readonly<Record<string, number>>
  /** The least of all required clients. */
  readonly acknowledgedIndex: number
  readonly clients: readonly { readonly name: string; readonly index: number; readonly required: boolean }[]
}

const MAX_BYTES = 1024 * 1024

const sum = (text: string): string => {
  const bytes = Buffer.from(text)
  return crc32c(bytes, 0, bytes.length).toString(16).padStart(8, '0')
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const isClient = (value: unknown): value is Cursors['clients'][number] => {
  if (typeof value !== 'object' || value === null) return false
  const { name, index, required } = value as Readonly<Record<string, unknown>>
  return typeof name === 'string' && isIndex(index) && typeof required === 'boolean'
}

const isTimes = (value: unknown): value is Cursors['currentMs'] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isIndex)

/** Null: damaged. */
const decode = (text: string): Cursors | null => {
  const end = text.indexOf('\n')
  const json = text.slice(0, end)
  if (!json.startsWith('{') || text.slice(end + 1).trim() !== sum(json)) return null
  const { id, savedAtMs, currentMs, acknowledgedIndex, clients } = JSON.parse(json) as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || !isIndex(savedAtMs) || !isIndex(acknowledgedIndex)) return null
  if (!isTimes(currentMs) || !Array.isArray(clients) || !clients.every(isClient)) return null
  return { id, savedAtMs, currentMs, acknowledgedIndex, clients }
}

/** Null: there are none, or they are damaged. Rejects when the disk refuses. */
export const readCursors = async (disk: Disk, directory: string): Promise<Cursors | null> => {
  const text = await readText(disk, join(directory, CURSORS_FILE), MAX_BYTES)
  return text === null ? null : decode(text)
}

/** Rejects when the disk refuses. */
export const writeCursors = async (disk: Disk, directory: string, cursors: Cursors): Promise<void> => {
  const json = JSON.stringify(cursors)
  await replaceText(disk, join(directory, CURSORS_FILE), `${json}\n${sum(json)}\n`)
}
