import { interpolate, single } from '../../dashboards/interpolate.ts'
import type { DataLink } from './dashboard.ts'
import type { Values } from './variables.ts'

export type LinkContext = {
  readonly values: Values
  /** As the address has them. */
  readonly from: string
  readonly to: string
  /** Uids that this page can show. */
  readonly dashboards: readonly string[]
}

const DASHBOARD = /^\/d\/([\w-]+)(?:\/[^?]*)?\?(.*)$/s

/**
 * Where a link of a field leads, with the cells of its row in it. Null: to nowhere that this page can go.
 *
 * @param cells by the name of their column
 */
export const linkAddress = (
  { url }: DataLink,
  cells: ReadonlyMap<string, string>,
  context: LinkContext,
): string | null => {
  const { values, from, to, dashboards } = context
  const withCells = url
    .replace(/\$\{__data\.fields(?:\.(\w+)|\["([^"]+)"\])\}/g, (_, plain?: string, quoted?: string) =>
      encodeURIComponent(cells.get(plain ?? quoted ?? '') ?? ''),
    )
    .replace(/\$\{__url_time_range\}/g, () => new URLSearchParams({ from, to: to || 'now' }).toString())
  const [, uid = '', query = ''] = DASHBOARD.exec(withCells) ?? []
  if (!dashboards.includes(uid)) return null
  // The only data source that there is here.
  const text = interpolate(query, new Map([...values, ['datasource', single('loki')]]))
  const parameters = new URLSearchParams(text)
  parameters.delete('var-datasource')
  return `/?${new URLSearchParams([['d', uid], ...parameters]).toString()}`
}
