import type { Disk } from '../wal/disk.ts'
import { inspectWal, isSound } from '../wal/inspect.ts'
import type { Processes } from '../wal/owner.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'
import { walJson, walTable } from './wal-report.ts'

export type WalInspectFlags = {
  readonly directory: string
  /** How many of the waiting entries are printed. */
  readonly entries: number
  readonly format: 'table' | 'json'
}

export type WalInspectSurroundings = { readonly disk: Disk; readonly processes: Processes; readonly output: Output }

/** `wal inspect`: what a write-ahead log holds. 0: it is sound; 1: it is damaged; 2: there is none that can be read. */
export const walInspect = async (
  { directory, entries, format }: WalInspectFlags,
  { disk, processes, output }: WalInspectSurroundings,
): Promise<ExitCode> => {
  const inspected = await inspectWal({ disk, processes, directory, wantedEntries: entries })
  switch (inspected.kind) {
    case 'unreadable':
      output.err(`${printable(inspected.why)}\n`)
      return 2
    case 'unidentified':
      output.err(
        `${printable(directory)}: ${inspected.segments} segments, and nothing tells which log they are of: damaged\n`,
      )
      return 1
    case 'found':
      output.out((format === 'json' ? walJson : walTable)(inspected.inspection))
      return isSound(inspected.inspection) ? 0 : 1
  }
}
