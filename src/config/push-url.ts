import { formed, scalar, wrong, type Decoder, type Parsed } from './decoder.ts'
import { URL_FORM } from './form.ts'
import { scalarOf } from './place.ts'

/** A push URL with the credentials taken out of it. */
export type PushUrl = {
  /** As written, without credentials. */
  readonly url: string
  /** host[:port] as written: Promtail's metric label. */
  readonly host: string
  readonly path: string
  readonly credentials: { readonly username: string; readonly password: string } | null
}

const ABSENT: PushUrl = { url: '', host: '', path: '', credentials: null }
const EXPECTED = 'an http or https URL such as http://loki:3100/loki/api/v1/push'
const PARTS = /^(https?:\/\/)(?:([^/?#]*)@)?([^/?#@]+)([^?#]*)/i

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

const credentialsOf = (userInfo: string | undefined): PushUrl['credentials'] | 'malformed' => {
  if (userInfo === undefined || userInfo === '') return null
  const colon = userInfo.indexOf(':')
  const username = decoded(colon < 0 ? userInfo : userInfo.slice(0, colon))
  const password = decoded(colon < 0 ? '' : userInfo.slice(colon + 1))
  return username === null || password === null ? 'malformed' : { username, password }
}

const parse = (text: string): Parsed<PushUrl> => {
  const match = PARTS.exec(text)
  if (match === null || !URL.canParse(text) || /\s/.test(text)) return wrong('BAD_URL', EXPECTED)
  const [, scheme = '', userInfo, host = '', path = ''] = match
  const credentials = credentialsOf(userInfo)
  if (credentials === 'malformed') return wrong('BAD_URL', `${EXPECTED}, credentials in it percent-encoded`)
  const afterUserInfo = text.slice(scheme.length + (userInfo === undefined ? 0 : userInfo.length + 1))
  return { value: { url: scheme + afterUserInfo, host, path, credentials } }
}

/**
 * Keeps what stands before the last `@` of a URL, as written and decoded, out of every message, whatever else may be wrong
 * with the value.
 */
export const hidingUserInfo = <T>(decoder: Decoder<T>): Decoder<T> => ({
  ...decoder,
  read: (place) => {
    const userInfo = /\/\/(.*)@/s.exec(scalarOf(place)?.text ?? '')?.[1] ?? ''
    const password = userInfo.slice(userInfo.indexOf(':') + 1)
    for (const text of [userInfo, password, decoded(password) ?? '']) place.walk.findings.secret(text)
    return decoder.read(place)
  },
})

/** `clients[].url`. */
export const pushUrl: Decoder<PushUrl> = hidingUserInfo(formed(scalar(ABSENT, EXPECTED, parse), URL_FORM))
