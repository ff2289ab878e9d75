import type { Chosen } from './variables.ts'

/** Everything that the address of the page says, so that it can be sent to somebody. */
export type Address = {
  /** Uid of a dashboard; '' with `expr`: the view for a query. */
  readonly dashboard: string
  readonly expr: string | null
  readonly from: string
  readonly to: string
  /** '' = as the dashboard says; `off` = never. */
  readonly refresh: string
  readonly chosen: Chosen
}

const VARIABLE = 'var-'

export const readAddress = (search: string): Address => {
  const query = new URLSearchParams(search)
  const chosen = new Map<string, readonly string[]>()
  for (const name of new Set(query.keys())) {
    if (!name.startsWith(VARIABLE)) continue
    chosen.set(
      name.slice(VARIABLE.length),
      query.getAll(name).filter((value) => value !== '$__all'),
    )
  }
  return {
    dashboard: query.get('d') ?? '',
    expr: query.get('expr'),
    from: query.get('from') ?? '',
    to: query.get('to') ?? '',
    refresh: query.get('refresh') ?? '',
    chosen,
  }
}

export const writeAddress = ({ dashboard, expr, from, to, refresh, chosen }: Address): string => {
  const query = new URLSearchParams()
  if (dashboard !== '') query.set('d', dashboard)
  if (expr !== null) query.set('expr', expr)
  if (from !== '') query.set('from', from)
  if (to !== '' && to !== 'now') query.set('to', to)
  if (refresh !== '') query.set('refresh', refresh)
  for (const [name, values] of chosen)
    for (const value of values) if (value !== '') query.append(VARIABLE + name, value)
  return `/?${query.toString()}`
}
