import type { ClientOptions } from '../loki/client-options.ts'
import { type Asked, shownText } from './asked.ts'
import { skewFinding } from './clock-skew.ts'
import { failure, type Finding, ok, warning } from './finding.ts'
import type { LokiAsker } from './loki-asker.ts'
import { readSettings, settingsFindings } from './loki-settings.ts'

type Answered = Extract<Asked, { readonly kind: 'answered' }>

/** What an empty push tells; Loki 3 answers 422 to one that was let in, older ones 204. */
const pushFinding = (about: string, { status, text }: Answered, tenant: string): Finding => {
  const who = tenant === '' ? 'without a tenant' : `as tenant ${tenant}`
  if (status === 204 || status === 200 || status === 422) return ok(about, `takes pushes ${who}`)
  if (status === 401 && text.includes('no org id')) {
    return failure(about, 'wants a tenant, and none is configured', {
      remedy: 'name it:',
      yaml: 'tenant_id: <tenant>\n',
    })
  }
  const answer = `HTTP ${status}${text.trim() === '' ? '' : ` ${shownText(text)}`}`
  if (status === 401 || status === 403) {
    const remedy = 'check basic_auth, authorization, oauth2 or tenant_id of the client'
    return failure(about, `refuses us ${who}: ${answer}`, { remedy })
  }
  if (status === 404 || status === 405) {
    return failure(about, `does not take pushes there: ${answer}`, { remedy: 'its path is /loki/api/v1/push' })
  }
  return warning(about, `answers a push of nothing with ${answer}`, {
    remedy: 'look at what stands between here and Loki',
  })
}

const NOT_CHECKED = 'max_chunk_age, structured metadata and schema were not checked'

/** Looks at the Loki of one client. `metadata`: whether structured metadata is sent. */
export const examineLoki = async (
  loki: Pick<LokiAsker, 'push' | 'page'>,
  options: ClientOptions,
  metadata: boolean,
): Promise<readonly Finding[]> => {
  const about = `loki ${options.name}`
  const pushed = await loki.push()
  if (pushed.kind === 'unanswered') {
    const remedy = 'check url, proxy_url, tls_config, and network policies'
    return [failure(about, `does not answer: ${pushed.why}`, { remedy })]
  }
  const found = [pushFinding(about, pushed, options.tenantId), ...skewFinding(about, pushed.aheadMs)]
  const page = await loki.page('/config')
  const settings = page?.kind === 'answered' && page.status === 200 ? readSettings(page.text) : null
  if (settings === null) {
    const why = page?.kind === 'answered' ? `HTTP ${page.status}` : 'no answer'
    const remedy = 'compare them by hand: a gateway often hides /config'
    return [...found, warning(about, `/config cannot be read (${why}): ${NOT_CHECKED}`, { remedy })]
  }
  return [...found, ...settingsFindings(about, settings, options, metadata)]
}
