import { DASHBOARD_FORMS } from '../dashboards/render.ts'
import type { DashboardsCheckFlags } from './dashboards-check.ts'
import type { DashboardsRenderFlags } from './dashboards-render.ts'
import { groupingOf } from './rules-flags.ts'

type Given = { readonly files: readonly string[]; readonly flags: ReadonlyMap<string, string> }

/** What the flags of the commands about dashboards mean; a text says which one is wrong, and what was expected. */
export const parseDashboardsCheckFlags = ({ files, flags }: Given): DashboardsCheckFlags | string => {
  const profile = flags.get('profile') ?? 'eventail'
  if (profile !== 'eventail' && profile !== 'generic') return 'expected eventail or generic for -profile'
  return { files, profile }
}

export const parseDashboardsRenderFlags = ({ files, flags }: Given): DashboardsRenderFlags | string => {
  const as = DASHBOARD_FORMS.find((form) => form === (flags.get('as') ?? 'files'))
  if (as === undefined) return `expected one of ${DASHBOARD_FORMS.join(', ')} for -as`
  const grouping = groupingOf({ files, flags })
  if (typeof grouping === 'string') return grouping
  return {
    ...grouping,
    files,
    as,
    structuredMetadata: flags.get('no-structured-metadata') !== 'true',
    out: flags.get('out') ?? '',
    namespace: flags.get('namespace') ?? '',
  }
}
