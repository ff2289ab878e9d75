import { spawn } from 'node:child_process'
import type { Clock } from '../clock.ts'
import { codeOf, oneLine } from './failure-reason.ts'
import { member } from './status.ts'

/** `users[].user.exec` of a kubeconfig, paths resolved. */
export type ExecPlugin = {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly apiVersion: string
  readonly installHint: string
  /** `spec.cluster` of KUBERNETES_EXEC_INFO when the kubeconfig has `provideClusterInfo`; else null. */
  readonly cluster: Readonly<Record<string, unknown>> | null
}

/** What a plugin gave; parts it did not give are ''. Never print it. */
export type ExecCredential = {
  readonly token: string
  readonly cert: string
  readonly key: string
  /** Milliseconds since 1970; Infinity when the plugin named no end. */
  readonly expiresAtMs: number
}

export type ExecOutcome =
  { readonly kind: 'ok'; readonly credential: ExecCredential } | { readonly kind: 'failed'; readonly why: string }

const TIMEOUT_MS = 30_000
const MAX_OUTPUT_BYTES = 1024 * 1024
const MAX_ERROR_BYTES = 4096

type Finished = { readonly stdout: string; readonly stderr: string; readonly failure: string | null }

const environmentOf = (plugin: ExecPlugin): NodeJS.ProcessEnv => {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.cluster === null ? {} : { cluster: plugin.cluster }) },
  }
  return { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) }
}

const startFailure = (plugin: ExecPlugin, error: Error): string => {
  const hint = plugin.installHint === '' ? '' : `; ${oneLine(plugin.installHint)}`
  return codeOf(error) === 'ENOENT' ? `command not found${hint}` : `cannot be started (${codeOf(error)})`
}

const run = (plugin: ExecPlugin, clock: Clock, signal: AbortSignal): Promise<Finished> =>
  new Promise((resolve) => {
    const ended = new AbortController()
    // Without a terminal: a plugin that asks for a password must fail and not wait.
    const child = spawn(plugin.command, plugin.args, { env: environmentOf(plugin), stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    const finish = (failure: string | null): void => {
      ended.abort()
      signal.removeEventListener('abort', abort)
      // What the plugin started may live on and hold the pipes open: they are not waited for.
      child.stdout.destroy()
      child.stderr.destroy()
      resolve({ stdout, stderr, failure })
    }
    const kill = (why: string): void => {
      child.kill('SIGKILL')
      finish(why)
    }
    const abort = (): void => {
      kill('was stopped')
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (stdout.length > MAX_OUTPUT_BYTES) kill('printed more than 1 MiB')
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_ERROR_BYTES)
    })
    child.on('error', (error) => {
      finish(startFailure(plugin, error))
    })
    child.on('close', (code, by) => {
      finish(code === 0 ? null : code === null ? `was killed by ${String(by)}` : `exited with ${code}`)
    })
    signal.addEventListener('abort', abort, { once: true })
    void clock.sleep(TIMEOUT_MS, ended.signal).then(() => {
      if (!ended.signal.aborted) kill('did not end within 30 s')
    })
  })

/** The last line a plugin printed for humans; what is as long as a token is left out. */
const complaint = (stderr: string): string => {
  const last = stderr.trim().split('\n').at(-1) ?? ''
  return oneLine(last.replace(/[\w\-+/=.~]{60,}/g, '…'))
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

const parse = (stdout: string): ExecCredential | string => {
  let answer: unknown
  try {
    answer = JSON.parse(stdout)
  } catch {
    return 'printed something that is not JSON'
  }
  const status = member(answer, 'status')
  if (member(answer, 'kind') !== 'ExecCredential' || typeof status !== 'object') return 'printed no ExecCredential'
  const expiry = Date.parse(asText(member(status, 'expirationTimestamp')))
  const credential = {
    token: asText(member(status, 'token')).trim(),
    cert: asText(member(status, 'clientCertificateData')),
    key: asText(member(status, 'clientKeyData')),
    expiresAtMs: Number.isNaN(expiry) ? Number.POSITIVE_INFINITY : expiry,
  }
  if (credential.token === '' && credential.cert === '') return 'gave neither a token nor a certificate'
  if ((credential.cert === '') !== (credential.key === '')) return 'gave only one of certificate and key'
  return credential
}

/**
 * Runs a credential plugin once: the protocol of client.authentication.k8s.io (v1 and v1beta1), never interactive,
 * killed after 30 s or when `signal` aborts.
 */
export const runExecPlugin = async (plugin: ExecPlugin, clock: Clock, signal: AbortSignal): Promise<ExecOutcome> => {
  const finished = await run(plugin, clock, signal)
  const name = `exec plugin ${oneLine(plugin.command)}`
  if (finished.failure !== null) {
    const said = complaint(finished.stderr)
    return { kind: 'failed', why: `${name} ${finished.failure}${said === '' ? '' : `: ${said}`}` }
  }
  const credential = parse(finished.stdout)
  return typeof credential === 'string' ? { kind: 'failed', why: `${name} ${credential}` } : { kind: 'ok', credential }
}
