import { join } from 'node:path'
import { codeOf, reasonOf } from '../kube/failure-reason.ts'
import type { Disk, DiskFile } from './disk.ts'
import { segmentSeed } from './frame.ts'
import { RecordReader } from './record-reader.ts'
import { SEGMENT_TITLE_BYTES, segmentName } from './segment-file.ts'
import { type Read, SegmentReader } from './segment-reader.ts'
import { ScanState, type Scanned } from './scan-state.ts'

export type ScanOptions = {
  readonly disk: Disk
  readonly directory: string
  readonly id: string
  /** Numbers of the segments that are there, in order. */
  readonly segments: readonly number[]
  /** Every record up to this one is known to be settled by every required client; null: not known. */
  readonly acknowledgedIndex: number | null
  /** Up to where each client has settled everything. */
  readonly cursors: ReadonlyMap<string, number>
}

type Pass = {
  readonly options: ScanOptions
  readonly state: ScanState
  readonly records: RecordReader
}

const scanFile = async ({ options, state, records }: Pass, segment: number, file: DiskFile): Promise<void> => {
  const size = await file.size()
  const seed = segmentSeed(options.id, segment)
  const reader = new SegmentReader({ file, seed, records, from: SEGMENT_TITLE_BYTES, limit: size })
  state.segmentBegins(segment, size)
  do {
    for (let read: Read | null = reader.take(); read !== null; read = reader.take()) state.read(read)
  } while (await reader.fill())
}

/** A segment that the disk refuses to read is damaged from where it refused: what could not be read is owed again. */
const scanSegment = async (pass: Pass, segment: number): Promise<void> => {
  const { disk, directory } = pass.options
  let file: DiskFile | null = null
  try {
    file = await disk.openToRead(join(directory, segmentName(segment)))
    await scanFile(pass, segment, file)
  } catch (error) {
    if (codeOf(error) === '') throw error
    pass.state.unreadable(segment, reasonOf(error))
  } finally {
    await file?.close()
  }
}

/** Reads every record once, changing nothing: what is sound, what is missing, and where each client goes on. */
export const scan = async (options: ScanOptions): Promise<Scanned> => {
  const state = new ScanState(options)
  const pass: Pass = { options, state, records: new RecordReader() }
  for (const segment of options.segments) await scanSegment(pass, segment)
  return state.end()
}
