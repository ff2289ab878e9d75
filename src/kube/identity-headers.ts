import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import type { Clock } from '../clock.ts'
import type { Access, Identity } from './access.ts'
import { type ExecCredential, type ExecOutcome, type ExecPlugin, runExecPlugin } from './exec-plugin.ts'
import { oneLine } from './failure-reason.ts'
import type { IssuedCertificate } from './tls-material.ts'
import { checkToken, TokenFile } from './token-file.ts'

/** The Authorization header, '' for none, and a certificate when a plugin issued one. */
export type Proof =
  | { readonly kind: 'ok'; readonly authorization: string; readonly issued: IssuedCertificate | null }
  | { readonly kind: 'failed'; readonly why: string }

/** Proves one identity, as often as asked. */
export type Prover = () => Promise<Proof>

/** So long before its end a credential of a plugin is no longer used. */
const EXPIRY_LEEWAY_MS = 10_000

const bearer = (outcome: ReturnType<typeof checkToken>): Proof =>
  outcome.kind === 'ok' ? { kind: 'ok', authorization: `Bearer ${outcome.token}`, issued: null } : outcome

const proofOf = (plugin: ExecPlugin, { token, cert, key }: ExecCredential): Proof => {
  const issued = cert === '' ? null : { cert, key }
  if (token === '') return { kind: 'ok', authorization: '', issued }
  const proof = bearer(checkToken(token, `exec plugin ${oneLine(plugin.command)}`))
  return proof.kind === 'ok' ? { ...proof, issued } : proof
}

const byPlugin = (plugin: ExecPlugin, clock: Clock, signal: AbortSignal): Prover => {
  let credential: ExecCredential | null = null
  let running: Promise<ExecOutcome> | null = null
  return async () => {
    if (credential !== null && clock.now() < credential.expiresAtMs - EXPIRY_LEEWAY_MS)
      return proofOf(plugin, credential)
    // One process for all requests that wait.
    running ??= runExecPlugin(plugin, clock, signal)
    const outcome = await running
    running = null
    if (outcome.kind === 'failed') return outcome
    credential = outcome.credential
    return proofOf(plugin, credential)
  }
}

const byProvider = (kubeConfig: KubeConfig): Prover => {
  const name = oneLine(String((kubeConfig.getCurrentUser()?.authProvider as { name?: unknown } | null)?.name))
  return async () => {
    const options = { headers: {} as Record<string, string> }
    try {
      await kubeConfig.applyToHTTPSOptions(options)
    } catch {
      // Messages of providers quote what they parsed; tokens are among it.
      return { kind: 'failed', why: `auth-provider ${name}: no token could be had; run kubectl to log in again` }
    }
    const authorization = options.headers['Authorization'] ?? ''
    if (authorization === '') return { kind: 'failed', why: `auth-provider ${name}: gave no token` }
    return { kind: 'ok', authorization, issued: null }
  }
}

const byIdentity = (identity: Identity, clock: Clock, signal: AbortSignal): Prover => {
  switch (identity.kind) {
    case 'none':
      return () => Promise.resolve({ kind: 'ok', authorization: '', issued: null })
    case 'token':
      return () => Promise.resolve(bearer(checkToken(identity.token, 'kubeconfig')))
    case 'token_file': {
      const file = new TokenFile(identity.file, clock)
      return async () => bearer(await file.current())
    }
    case 'basic': {
      const pair = Buffer.from(`${identity.username}:${identity.password}`).toString('base64')
      return () => Promise.resolve({ kind: 'ok', authorization: `Basic ${pair}`, issued: null })
    }
    case 'exec':
      return byPlugin(identity.plugin, clock, signal)
    case 'provider':
      return byProvider(identity.kubeConfig)
  }
}

/** A fresh prover for `access`: it has read nothing yet. `signal` ends a plugin that is running. */
export const createProver = (access: Access, clock: Clock, signal: AbortSignal): Prover =>
  byIdentity(access.identity, clock, signal)
