import type { KubeClient, KubeFailure } from './client.ts'
import { PROBE_TIMEOUT_MS } from './limits.ts'
import { isResourceVersion } from './resource-version.ts'
import { member } from './status.ts'

/** One item, whatever it is: an object in etcd is at most 1.5 MB. */
const PROBE_MAX_BYTES = 16 * 1024 * 1024

/** The newest revision of the store, or why it is unknown. */
export type ProbeAnswer = { readonly kind: 'newest'; readonly resourceVersion: string } | KubeFailure

/** @returns the resourceVersion of a LIST: a revision that no list of that resource can be older than afterwards. */
export const listRevision = (body: unknown): string | null => {
  const resourceVersion = member(member(body, 'metadata'), 'resourceVersion')
  // '0' means "any" in a request and can't be a revision.
  return isResourceVersion(resourceVersion) && resourceVersion !== '0' ? resourceVersion : null
}

/** Asks for the store's revision by a LIST of one item without resourceVersion: a consistent read. */
export const probe = async (client: KubeClient, path: string, signal: AbortSignal): Promise<ProbeAnswer> => {
  const answer = await client.get(path, { signal, timeoutMs: PROBE_TIMEOUT_MS, maxBytes: PROBE_MAX_BYTES })
  if (answer.kind !== 'ok') return answer
  const resourceVersion = listRevision(answer.body)
  if (resourceVersion === null) return { kind: 'malformed', why: 'the list has no usable resourceVersion' }
  return { kind: 'newest', resourceVersion }
}
