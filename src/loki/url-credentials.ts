import { unescape } from 'node:querystring'
import type { Authorization, ClientOptions, Secret } from './client-options.ts'

const inline = (value: string): Secret => ({ kind: 'inline', value: unescape(value) })

/** Credentials in the URL mean basic authentication, as in Go, unless something else is configured. */
export const withoutCredentials = (
  options: Pick<ClientOptions, 'url' | 'authorization'>,
): { readonly url: URL; readonly authorization: Authorization } => {
  const url = new URL(options.url)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' || options.authorization.kind !== 'none') return { url, authorization: options.authorization }
  return { url, authorization: { kind: 'basic', username: inline(username), password: inline(password) } }
}
