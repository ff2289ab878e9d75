import { readFile } from 'node:fs/promises'
import { cursorsIn } from '../../src/kube/cursors-annotation.ts'
import { decodeCursor } from '../../src/kube/cursor.ts'
import { codeOf } from '../../src/kube/failure-reason.ts'
import { readLease } from '../../src/kube/lease-object.ts'
import type { ScopePosition } from '../../src/kube/position.ts'
import { parsePositions } from '../../src/kube/positions-text.ts'

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

const positionIn = (text: string | undefined): ScopePosition | null => {
  if (text === undefined) return null
  const decoded = decodeCursor(text)
  if (decoded.kind === 'corrupt') throw new Error(`a corrupt cursor: ${decoded.why}`)
  return decoded.cursor.positions['*'] ?? null
}

/** The position in a positions file; null: none yet. */
export const positionInFile = async (filename: string): Promise<ScopePosition | null> => {
  let text: string
  try {
    text = await readFile(filename, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  const parsed = parsePositions(text)
  if (parsed.kind === 'corrupt') throw new Error(`a corrupt positions file: ${parsed.why}`)
  return positionIn(parsed.positions.get(`cursor-${JOB}`))
}

/** The position in the Lease; null: none yet. */
export const positionInLease = async (server: string): Promise<ScopePosition | null> => {
  const answer = await fetch(`${leaseUrl(server)}/${LEASE.name}`)
  const lease = readLease(await answer.json())
  if (lease === null) throw new Error('no Lease')
  const outcome = cursorsIn(lease)
  if (outcome.kind === 'found') return positionIn(outcome.cursors[`cursor-${JOB}`])
  if (outcome.kind === 'none') return null
  throw new Error(`the Lease: ${outcome.why}`)
}
