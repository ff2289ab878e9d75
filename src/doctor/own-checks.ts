import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { formatSize } from '../config/byte-size.ts'
import type { WalOptions } from '../config/config.ts'
import type { CheckpointStore } from '../kube/checkpoint.ts'
import { codeOf } from '../kube/failure-reason.ts'
import { failure, type Finding, ok, warning } from './finding.ts'

const MIB = 1024 * 1024

/** The folder, or the nearest one above it that is there: it will be made. */
const nearestFolder = async (path: string): Promise<string> => {
  try {
    await access(path)
    return path
  } catch (error) {
    const parent = dirname(path)
    if (codeOf(error) !== 'ENOENT' || parent === path) return path
    return nearestFolder(parent)
  }
}

/** Whether the write-ahead log can be written where it is to be, and has the space it may take. Writes nothing. */
export const examineWal = async ({ directory, maxBytes }: WalOptions): Promise<readonly Finding[]> => {
  const folder = await nearestFolder(resolve(directory))
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    const remedy = 'mount a volume there that the pod may write (fsGroup), or name another in wal.dir'
    return [failure('wal', `${folder} cannot be written: ${codeOf(error)}`, { remedy })]
  }
  const { bavail, bsize } = await statfs(folder)
  const freeMib = Math.floor((bavail * bsize) / MIB)
  if (freeMib * MIB < maxBytes) {
    const remedy = 'a larger volume, or a smaller max_bytes:'
    const yaml = `wal:\n  max_bytes: ${Math.max(1, Math.floor(freeMib * 0.9))}MB\n`
    return [
      warning('wal', `${folder} has ${freeMib}MB free, less than max_bytes, ${formatSize(maxBytes)}`, { remedy, yaml }),
    ]
  }
  return [ok('wal', `${folder} can be written and has ${freeMib}MB free`)]
}

/** Whether the checkpoint can be read. */
export const examineCheckpoint = async (store: CheckpointStore, stop: AbortSignal): Promise<Finding> => {
  const outcome = await store.load(stop)
  switch (outcome.kind) {
    case 'found':
      return ok('positions', `${store.place} holds ${Object.keys(outcome.cursors).length} positions`)
    case 'none':
      return ok('positions', `${store.place} holds no positions yet`)
    case 'corrupt': {
      const remedy = 'the next start begins as `start` says; look at it, and remove it'
      return failure('positions', `${store.place} is corrupt: ${outcome.why}`, { remedy })
    }
    case 'unreadable':
      return failure('positions', `${store.place} cannot be read: ${outcome.why}`, { remedy: 'see above' })
  }
}
