import { GROUP_BY, type GroupBy, RENDER_FORMS } from '../rules/render.ts'
import type { RulesCheckFlags } from './rules-check.ts'
import type { RulesRenderFlags } from './rules-render.ts'
import type { RulesSyncFlags } from './rules-sync.ts'
import type { RulesTestFlags } from './rules-test.ts'

type Given = { readonly files: readonly string[]; readonly flags: ReadonlyMap<string, string> }

/** What the flags of the commands about rules mean; a text says which one is wrong, and what was expected. */
export const parseRulesCheckFlags = ({ files, flags }: Given): RulesCheckFlags | string => {
  const profile = flags.get('profile') ?? 'eventail'
  if (profile !== 'eventail' && profile !== 'generic') return 'expected eventail or generic for -profile'
  return { files, profile }
}

const wantsMetadata = ({ flags }: Given): boolean => flags.get('no-structured-metadata') !== 'true'

/** How alerts or panels are grouped, or what is wrong with the flag. */
export const groupingOf = (given: Given): { readonly groupBy: GroupBy } | string => {
  const groupBy = GROUP_BY.find((one) => one === (given.flags.get('group-by') ?? 'name'))
  if (groupBy === undefined) return `expected one of ${GROUP_BY.join(', ')} for -group-by`
  if (groupBy === 'owner' && !wantsMetadata(given)) return 'expected one of -group-by=owner and -no-structured-metadata'
  return { groupBy }
}

export const parseRulesTestFlags = (given: Given): RulesTestFlags | string => {
  const grouping = groupingOf(given)
  if (typeof grouping === 'string') return grouping
  return {
    files: given.files,
    junit: given.flags.get('junit') ?? '',
    structuredMetadata: wantsMetadata(given),
    ...grouping,
  }
}

export const parseRulesRenderFlags = (given: Given): RulesRenderFlags | string => {
  const { files, flags } = given
  const as = RENDER_FORMS.find((form) => form === (flags.get('as') ?? 'files'))
  if (as === undefined) return `expected one of ${RENDER_FORMS.join(', ')} for -as`
  const grouping = groupingOf(given)
  if (typeof grouping === 'string') return grouping
  return {
    ...grouping,
    files,
    as,
    structuredMetadata: wantsMetadata(given),
    out: flags.get('out') ?? '',
    namespace: flags.get('namespace') ?? '',
    tenant: flags.get('tenant') ?? 'application',
    runbookUrl: flags.get('runbook-url') ?? '',
  }
}

const httpUrl = (text: string): URL | null => {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^https?:$/.test(url.protocol) ? url : null
}

export const parseRulesSyncFlags = (given: Given): RulesSyncFlags | string => {
  const { files, flags } = given
  const flag = (name: string): string => flags.get(name) ?? ''
  const url = httpUrl(flag('url'))
  if (url === null) return 'set -url to the URL of Loki, such as http://loki:3100'
  if (flag('bearer-token-file') !== '' && flag('user') !== '') return 'expected one of -user and -bearer-token-file'
  const grouping = groupingOf(given)
  if (typeof grouping === 'string') return grouping
  if (flag('password-file') !== '' && flag('user') === '') return 'expected -user with -password-file'
  return {
    files,
    url,
    namespace: flag('namespace') || 'eventail',
    tenant: flag('tenant'),
    user: flag('user'),
    passwordFile: flag('password-file'),
    bearerTokenFile: flag('bearer-token-file'),
    structuredMetadata: wantsMetadata(given),
    ...grouping,
    runbookUrl: flag('runbook-url'),
  }
}
