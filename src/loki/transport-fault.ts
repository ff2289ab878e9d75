import type { PushAnswer } from './classify.ts'

/** The server's certificate is not one we trust: waiting does not help, `tls_config` does. */
const TLS_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
const MAX_WHY_LENGTH = 256

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.name)

/** An exception of the HTTP client as a value. Its message names hosts and codes only; credentials are never in the URL. */
export const toFault = (error: unknown): Exclude<PushAnswer, { kind: 'answered' }> => {
  if (!(error instanceof Error)) return { kind: 'unanswered', why: String(error).slice(0, MAX_WHY_LENGTH) }
  const code = codeOf(error)
  const why = `${code}: ${error.message}`.slice(0, MAX_WHY_LENGTH)
  if (/Proxy response \(40[37]\)/.test(error.message)) return { kind: 'unsent', setting: 'proxy_url', why }
  return TLS_CODES.has(code) ? { kind: 'unsent', setting: 'tls_config', why } : { kind: 'unanswered', why }
}
