import type { Labels } from '../entry/entry.ts'

/**
 * What the page asks: a query whose variables are replaced, over a time range whose ends are multiples of the step.
 * `instant`: the answer at the end; the window of the query is the whole range. `range`: one at each step. `lines`: the
 * newest ones.
 */
export type PageQuery = {
  readonly id: number
  readonly kind: 'instant' | 'range' | 'lines'
  readonly expr: string
  /** Milliseconds since 1970. */
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  /** Lines. */
  readonly limit: number
}

/** Times in milliseconds since 1970; null: not a number, or infinite. */
export type PageSeries = {
  readonly labels: Labels
  readonly points: readonly (readonly [timeMs: number, value: number | null])[]
}

export type PageLine = { readonly timeNs: string; readonly line: string; readonly labels: Labels }

export type PageResult =
  | { readonly kind: 'vector' | 'matrix'; readonly series: readonly PageSeries[] }
  | { readonly kind: 'lines'; readonly lines: readonly PageLine[] }
  /** `span`: the part of the query that it is about. */
  | {
      readonly kind: 'error'
      readonly message: string
      readonly span: { readonly from: number; readonly to: number } | null
    }

const MAX_QUERIES = 200
const MAX_EXPR_CHARS = 131_072
const MAX_LINES = 5000
const MAX_STEPS = 5000
const MAX_TIME_MS = 8_000_000_000_000

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_TIME_MS

const isQuery = (value: unknown): value is PageQuery => {
  if (typeof value !== 'object' || value === null) return false
  const { id, kind, expr, startMs, endMs, stepMs, limit } = value as Partial<Record<keyof PageQuery, unknown>>
  if (kind !== 'instant' && kind !== 'range' && kind !== 'lines') return false
  if (typeof id !== 'number' || typeof expr !== 'string' || expr.length > MAX_EXPR_CHARS) return false
  if (!isTime(startMs) || !isTime(endMs) || !isTime(stepMs) || stepMs < 1000 || startMs >= endMs) return false
  if ((endMs - startMs) / stepMs > MAX_STEPS || startMs % stepMs !== 0 || endMs % stepMs !== 0) return false
  return typeof limit === 'number' && Number.isInteger(limit) && limit > 0 && limit <= MAX_LINES
}

/** The queries of a request; null: it is not one of the page. */
export const readQueries = (
  body: unknown,
): { readonly queries: readonly PageQuery[]; readonly isFresh: boolean } | null => {
  if (typeof body !== 'object' || body === null) return null
  const { queries, fresh } = body as { readonly queries?: unknown; readonly fresh?: unknown }
  if (!Array.isArray(queries) || queries.length > MAX_QUERIES || !queries.every(isQuery)) return null
  return { queries, isFresh: fresh === true }
}
