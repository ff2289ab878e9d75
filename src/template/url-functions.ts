import { define } from './define.ts'
import { percentDecode, percentEncode } from './escape.ts'
import { TemplateFailure, type TemplateFunctions } from './functions.ts'
import { mapOf, type MapValue } from './values.ts'

const PARTS = /^(?:([A-Za-z][A-Za-z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

const decoded = (part: string, url: string): string => {
  const outcome = percentDecode(part, false)
  if (outcome.kind === 'ok') return outcome.text
  throw new TemplateFailure(
    `unable to parse url: parse ${JSON.stringify(url)}: invalid URL escape ${JSON.stringify(outcome.part)}`,
  )
}

/** Go's url.Parse as a dictionary. */
const parsed = (url: string): MapValue => {
  const [, scheme = '', authority, path = '', query = '', fragment = ''] = PARTS.exec(url) ?? []
  const at = authority?.lastIndexOf('@') ?? -1
  const host = authority?.slice(at + 1) ?? ''
  const opaque = scheme !== '' && authority === undefined && !path.startsWith('/')
  return mapOf([
    ['scheme', scheme.toLowerCase()],
    ['host', host],
    ['hostname', host.replace(/:\d*$/, '').replaceAll(/[[\]]/g, '')],
    ['path', opaque ? '' : decoded(path, url)],
    ['query', query],
    ['opaque', opaque ? path : ''],
    ['fragment', decoded(fragment, url)],
    ['userinfo', at < 0 ? '' : (authority?.slice(0, at) ?? '')],
  ])
}

const PATH = /[A-Za-z0-9\-_.~$&+,/:;=@!'()*]/

const joined = (parts: MapValue): string => {
  const get = (name: string): string => {
    const value = parts.entries.get(name) ?? ''
    if (typeof value === 'string') return value
    throw new TemplateFailure(`unable to parse ${name} key, must be of type string`)
  }
  const host = get('host')
  const user = get('userinfo')
  const scheme = get('scheme') === '' ? '' : `${get('scheme')}:`
  const query = get('query') === '' ? '' : `?${get('query')}`
  const fragment = get('fragment') === '' ? '' : `#${percentEncode(get('fragment'), PATH)}`
  if (get('opaque') !== '') return scheme + get('opaque') + query + fragment
  const path = percentEncode(get('path'), PATH)
  const authority = host === '' && user === '' ? '' : `//${user === '' ? '' : `${user}@`}${host}`
  const slash = host !== '' && path !== '' && !path.startsWith('/') ? '/' : ''
  return scheme + authority + slash + path + query + fragment
}

/** sprig's functions on URLs. */
export const urlFunctions: TemplateFunctions = {
  urlParse: define(['string'], ([url]) => parsed(url)),
  urlJoin: define(['map[string]interface {}'], ([parts]) => joined(parts)),
}
