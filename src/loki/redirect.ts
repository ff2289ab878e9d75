/** What a response asks us to do next. */
export type RedirectTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'post'; readonly url: URL }
  | { readonly kind: 'refused'; readonly why: string }

/** Without what may be a secret. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`

/**
 * 307 and 308 keep the method and are followed. 301, 302 and 303 turn a POST into a GET in every client, which loses the
 * push: the configured URL has to be the final one. Never from https to http.
 */
export const redirectTarget = (status: number, location: string | undefined, from: URL): RedirectTarget => {
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return { kind: 'none' }
  if (!URL.canParse(location, from.href)) return { kind: 'refused', why: `status ${status} with an unusable Location` }
  const url = new URL(location, from)
  url.username = ''
  url.password = ''
  if (status < 307) return { kind: 'refused', why: `status ${status} to ${shown(url)} would lose the push` }
  if (url.protocol !== 'https:' && (url.protocol !== 'http:' || from.protocol === 'https:')) {
    return { kind: 'refused', why: `redirect to ${shown(url)} would leave https` }
  }
  return { kind: 'post', url }
}
