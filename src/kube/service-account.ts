import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { AccessOutcome } from './access.ts'
import { reasonOf } from './failure-reason.ts'
import type { Environment } from './proxy.ts'

/** Where the kubelet mounts a pod's service account. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/** In a pod with a service account: the API server's address is in the environment and a token is mounted. */
export const inCluster = (env: Environment = process.env, dir: string = SERVICE_ACCOUNT_DIR): boolean => {
  if ((env['KUBERNETES_SERVICE_HOST'] ?? '') === '' || (env['KUBERNETES_SERVICE_PORT'] ?? '') === '') return false
  try {
    return readFileSync(join(dir, 'token')).length > 0
  } catch {
    return false
  }
}

/** The namespace this pod runs in; null outside of a cluster. */
export const ownNamespace = (dir: string = SERVICE_ACCOUNT_DIR): string | null => {
  try {
    const name = readFileSync(join(dir, 'namespace'), 'utf8').trim()
    return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : null
  } catch {
    return null
  }
}

/**
 * Access by the pod's service account, as described in "Accessing the Kubernetes API from a Pod": host and port from
 * the environment, `ca.crt` and `token` from the mounted directory.
 */
export const serviceAccountAccess = (env: Environment, dir: string): AccessOutcome => {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? ''
  const port = env['KUBERNETES_SERVICE_PORT'] ?? ''
  const caFile = join(dir, 'ca.crt')
  try {
    readFileSync(caFile)
  } catch (error) {
    return { kind: 'error', why: `service account: ${caFile}: ${reasonOf(error)}` }
  }
  return {
    kind: 'ok',
    access: {
      place: 'service account',
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      ca: { file: caFile },
      cert: null,
      key: null,
      serverName: '',
      skipVerify: false,
      proxyUrl: '',
      identity: { kind: 'token_file', file: join(dir, 'token') },
      impersonation: {},
      inCluster: true,
    },
  }
}
