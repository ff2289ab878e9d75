import { apiStatus, badRequest, type ApiStatus } from './api-status.ts'

/** Where a LIST goes on: at `start` (a key relative to the listed prefix), as of `revision`; -1 is "as of now". */
export type ContinueToken = { readonly revision: bigint; readonly start: string }

const VERSION = 'meta.k8s.io/v1'

/** base64url of `{"v","rv","start"}` without padding, as apiserver's storage/continue.go writes it. */
export const encodeContinue = (token: ContinueToken): string => {
  const start = JSON.stringify(token.start)
  return Buffer.from(`{"v":"${VERSION}","rv":${String(token.revision)},"start":${start}}`).toString('base64url')
}

const refused = (why: string): ApiStatus => badRequest(`invalid continue token: continue key is not valid: ${why}`)

const asGoRune = (text: string): string => {
  const code = text.codePointAt(0) ?? 0
  return code < 0x20 ? `\\x${code.toString(16).padStart(2, '0')}` : String.fromCodePoint(code)
}

const parse = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

/** Digits are taken from the text: a JSON number of 64 bits does not fit a double. */
const revisionIn = (text: string): bigint | null => {
  const digits = /"rv":(-?[0-9]{1,38})[,}]/.exec(text)?.[1]
  return digits === undefined ? null : BigInt(digits)
}

/** The token, or the 400 that kube-apiserver answers for one that it did not make. */
export const decodeContinue = (text: string): ContinueToken | ApiStatus => {
  const illegal = text.search(/[^A-Za-z0-9_-]/)
  if (illegal >= 0) return refused(`illegal base64 data at input byte ${illegal}`)
  const json = Buffer.from(text, 'base64url').toString('utf8')
  const fields = parse(json)
  if (fields === null) return refused(`invalid character '${asGoRune(json)}' looking for beginning of value`)
  if (fields['v'] !== VERSION) {
    return refused(`server does not recognize this encoded version ${JSON.stringify(fields['v'] ?? '')}`)
  }
  const revision = revisionIn(json)
  const start = fields['start']
  if (revision === null || revision === 0n) {
    return refused(`incorrect encoded start resourceVersion (version ${VERSION})`)
  }
  if (typeof start !== 'string' || start === '') return refused(`encoded start key empty (version ${VERSION})`)
  return { revision, start }
}

/** 422 of apiserver's validation of ListOptions. */
export const matchForbidden = (why: string): ApiStatus =>
  apiStatus(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ${why}`)
