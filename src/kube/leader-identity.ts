import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Environment } from './proxy.ts'

/** Longer than any name of a pod. */
const MAX_NAME_CHARS = 253

/**
 * `<POD_NAME, else the host's name>_<uuid>`, as client-go's programs have it: the name is for people, and the uuid
 * tells two incarnations of one pod apart.
 */
export const leaderIdentity = (env: Environment = process.env): string => {
  const podName = env['POD_NAME'] ?? ''
  return `${(podName === '' ? hostname() : podName).slice(0, MAX_NAME_CHARS)}_${randomUUID()}`
}
