import type { KubeClient, KubeFailure } from './client.ts'
import type { Connection } from './connection.ts'
import { ownNamespace } from './service-account.ts'
import { member } from './status.ts'

export type ClusterIdentity = { readonly kind: 'ok'; readonly identity: string } | KubeFailure

const TIMEOUT_MS = 15_000
const MAX_BYTES = 1024 * 1024

/**
 * What tells this cluster from others in a checkpoint's scope: the uid of the agent's own namespace, which a
 * namespaced Role may read and which a rebuilt cluster does not share; outside of a cluster the server's URL.
 *
 * @param serviceAccountDir default: where the kubelet mounts it.
 */
export const clusterIdentity = async (
  client: KubeClient,
  connection: Pick<Connection, 'inCluster' | 'server'>,
  signal: AbortSignal,
  serviceAccountDir?: string,
): Promise<ClusterIdentity> => {
  if (!connection.inCluster) return { kind: 'ok', identity: connection.server }
  const namespace = ownNamespace(serviceAccountDir)
  if (namespace === null) return { kind: 'transport', why: 'the service account names no namespace of its own' }
  const path = `/api/v1/namespaces/${namespace}`
  const answer = await client.get(path, { signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES })
  if (answer.kind !== 'ok') return answer
  const uid = member(member(answer.body, 'metadata'), 'uid')
  if (typeof uid !== 'string' || uid === '') return { kind: 'malformed', why: `${path}: no uid` }
  return { kind: 'ok', identity: uid }
}
