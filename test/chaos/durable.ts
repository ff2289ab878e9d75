import { readFile } from 'node:fs/promises'
import { cursorsIn } from '../../src/kube/cursors-annotation.ts'
import { type Cursor, decodeCursor } from '../../src/kube/cursor.ts'
import { codeOf } from '../../src/kube/failure-reason.ts'
import { readLease } from '../../src/kube/lease-object.ts'
import type { ScopePosition } from '../../src/kube/position.ts'
import { parsePositions } from '../../src/kube/positions-text.ts'
import { realDisk } from '../../src/wal/disk.ts'
import { inspectWal } from '../../src/wal/inspect.ts'
import { realProcesses } from '../../src/wal/owner.ts'

/** The agent's own Lease, as the manifests would have it. */
export const LEASE = { namespace: 'monitoring', name: 'eventail' } as const
export const JOB = 'chaos'

const leaseUrl = (server: string): string =>
  `${server}/apis/coordination.k8s.io/v1/namespaces/${LEASE.namespace}/leases`

/** Puts an empty Lease into the cluster: the agent's Role lets it create none. */
export const createLease = async (server: string): Promise<void> => {
  const body = JSON.stringify({ metadata: { name: LEASE.name, namespace: LEASE.namespace }, spec: {} })
  const answer = await fetch(leaseUrl(server), { method: 'POST', body })
  if (!answer.ok) throw new Error(`the Lease was not created: ${answer.status}`)
}

const cursorIn = (text: string | undefined): Cursor | null => {
  if (text === undefined) return null
  const decoded = decodeCursor(text)
  if (decoded.kind === 'corrupt') throw new Error(`a corrupt cursor: ${decoded.why}`)
  return decoded.cursor
}

/** The position that a checkpoint tells; null: none yet. */
export const positionOf = (saved: Cursor | null): ScopePosition | null => saved?.positions['*'] ?? null

/** The checkpoint in a positions file; null: none yet. */
export const cursorInFile = async (filename: string): Promise<Cursor | null> => {
  let text: string
  try {
    text = await readFile(filename, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  const parsed = parsePositions(text)
  if (parsed.kind === 'corrupt') throw new Error(`a corrupt positions file: ${parsed.why}`)
  return cursorIn(parsed.positions.get(`cursor-${JOB}`))
}

/** The checkpoint in the Lease; null: none yet. */
export const cursorInLease = async (server: string): Promise<Cursor | null> => {
  const answer = await fetch(`${leaseUrl(server)}/${LEASE.name}`)
  const lease = readLease(await answer.json())
  if (lease === null) throw new Error('no Lease')
  const outcome = cursorsIn(lease)
  if (outcome.kind === 'found') return cursorIn(outcome.cursors[`cursor-${JOB}`])
  if (outcome.kind === 'none') return null
  throw new Error(`the Lease: ${outcome.why}`)
}

/**
 * The position that the write-ahead log tells, where it is the log of this checkpoint: from there the agent should go
 * on. Null: it tells none. Where the log is damaged, the checkpoint's position may be as sound.
 */
export const spooledIn = async (directory: string, saved: Cursor | null): Promise<ScopePosition | null> => {
  const inspected = await inspectWal({ disk: realDisk, processes: realProcesses(), directory, wantedEntries: 0 })
  if (inspected.kind !== 'found') return null
  const { id, index, lanes } = inspected.inspection
  const isKnown = saved === null || (saved.wal?.id === id && saved.wal.acknowledgedIndex <= index)
  return isKnown ? (lanes[0]?.spooled ?? null) : null
}
