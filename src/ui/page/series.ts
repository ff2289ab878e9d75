import type { PageResult, PageSeries } from '../page-query.ts'
import type { Panel, Target } from './dashboard.ts'

/** A query of a panel and what came of it. */
export type Answered = { readonly target: Target; readonly expr: string; readonly result: PageResult }

/** A series under the name that its legend gives it. */
export type NamedSeries = PageSeries & { readonly name: string; readonly refId: string }

const labelled = (labels: PageSeries['labels']): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`

/** As Grafana's Loki data source names a series. */
export const seriesName = ({ legendFormat = '' }: Target, labels: PageSeries['labels'], otherwise: string): string => {
  if (legendFormat !== '' && legendFormat !== '__auto') {
    return legendFormat.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name: string) => labels[name] ?? '').trim() || '(none)'
  }
  const values = Object.values(labels)
  if (values.length === 0) return otherwise
  const [only = ''] = values
  if (values.length > 1) return labelled(labels)
  return only === '' ? '(none)' : only
}

/** The series of all queries of a panel, in their order. */
export const namedSeries = (panel: Panel, answers: readonly Answered[]): readonly NamedSeries[] =>
  answers.flatMap(({ target, result }) =>
    result.kind === 'vector' || result.kind === 'matrix'
      ? result.series.map((series) => ({
          ...series,
          name: seriesName(target, series.labels, panel.title),
          refId: target.refId,
        }))
      : [],
  )

/** The newest value that is a number; null: there is none. */
export const lastValue = ({ points }: PageSeries): number | null =>
  points.findLast(([, value]) => value !== null)?.[1] ?? null

export const sumOf = ({ points }: PageSeries): number => points.reduce((sum, [, value]) => sum + (value ?? 0), 0)
