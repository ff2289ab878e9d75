/** Where pushes go: Loki's own path and the one of its first versions, which gateways still know. */
const PUSH_PATH = /\/(?:loki\/api\/v1|api\/prom)\/push\/?$/

/**
 * Where the Loki of a push URL is asked, without credentials; whatever a gateway puts before the path is kept. Null: the
 * path is not one of Loki's, so that nobody knows.
 */
export const queryUrlOf = (pushUrl: URL): URL | null => {
  if (!PUSH_PATH.test(pushUrl.pathname)) return null
  const url = new URL(pushUrl)
  url.username = ''
  url.password = ''
  url.pathname = url.pathname.replace(PUSH_PATH, '/loki/api/v1/query_range')
  return url
}
