import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { codeOf } from '../kube/failure-reason.ts'
import type { Disk, DiskFile } from './disk.ts'
import type { Group } from './group.ts'
import { segmentName } from './segment-file.ts'
import type { WalMetrics } from './wal-metrics.ts'

export type SegmentWriterParts = {
  readonly disk: Disk
  readonly directory: string
  /** False: a crash of the machine, not of the process, may lose what was written last. */
  readonly fsync: boolean
  readonly clock: Clock
  readonly metrics: WalMetrics
}

type OpenSegment = { readonly segment: number; readonly file: DiskFile; named: boolean }

/** Never into what another process wrote; but an attempt that the disk refused may have left an empty file. */
const createSegment = async (disk: Disk, path: string): Promise<DiskFile> => {
  try {
    return await disk.createExclusively(path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const file = await disk.openToWrite(path)
    if ((await file.size()) === 0) return file
    await file.close()
    throw error
  }
}

/** Puts groups into segment files. */
export class SegmentWriter {
  readonly #o: SegmentWriterParts
  #open: OpenSegment | null = null
  #written: { readonly segment: number; readonly offset: number }

  /** @param written what is there already. */
  constructor(parts: SegmentWriterParts, written: { readonly segment: number; readonly offset: number }) {
    this.#o = parts
    this.#written = written
  }

  /** How far the segments can be read. */
  get written(): { readonly segment: number; readonly offset: number } {
    return this.#written
  }

  /**
   * All of it, durable when it resolves; one segment is so before the next is begun. Rejects when the disk refuses; to
   * write the same group again is safe then, and makes a sync that failed worth trying again.
   */
  async write(group: Group): Promise<void> {
    for (const { segment, offset, from, to } of group.chunks) {
      if (this.#isWritten(segment, offset + to - from)) continue
      const open = await this.#segment(segment)
      await open.file.write(group.bytes.view(from, to), offset)
      if (this.#o.fsync) await this.#sync(open)
      this.#written = { segment, offset: offset + to - from }
    }
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.file.close()
  }

  /** By an attempt before, which failed at what came behind it. */
  #isWritten(segment: number, end: number): boolean {
    const { written } = this
    return segment < written.segment || (segment === written.segment && end <= written.offset)
  }

  async #segment(segment: number): Promise<OpenSegment> {
    if (this.#open?.segment === segment) return this.#open
    await this.close()
    const file = await createSegment(this.#o.disk, join(this.#o.directory, segmentName(segment)))
    this.#open = { segment, file, named: false }
    return this.#open
  }

  async #sync(open: OpenSegment): Promise<void> {
    const { disk, directory, clock, metrics } = this.#o
    const startedMs = clock.monotonicMs()
    await open.file.sync()
    if (!open.named) await disk.syncDirectory(directory)
    open.named = true
    metrics.fsyncDuration.observe((clock.monotonicMs() - startedMs) / 1000)
  }
}
