import { basename } from 'node:path'
import { stringify } from 'yaml'
import type { GroupBy } from '../rules/render.ts'
import { dashboardByOwner } from './by-owner.ts'
import { rewritten } from './without-metadata.ts'

export const DASHBOARD_FORMS = ['files', 'configmap'] as const

export type DashboardRenderOptions = {
  readonly as: (typeof DASHBOARD_FORMS)[number]
  readonly structuredMetadata: boolean
  readonly groupBy: GroupBy
  /** Of the ConfigMap; '': none is named. */
  readonly namespace: string
}

type File = { readonly name: string; readonly text: string }

/** The same dashboard under the same uid, so that one variant takes the place of the other. */
const dashboardText = (text: string, { structuredMetadata, groupBy }: DashboardRenderOptions): string => {
  if (structuredMetadata && groupBy === 'name') return text
  const parsed: unknown = JSON.parse(text)
  const changed = structuredMetadata ? dashboardByOwner(parsed) : rewritten(parsed)
  return `${JSON.stringify(changed, null, 2)}\n`
}

/** For the sidecar of Grafana's Helm chart, which looks for this label with any value. */
const configMap = (files: readonly File[], { namespace }: DashboardRenderOptions): File => ({
  name: 'eventail-dashboards.yaml',
  text: stringify(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'eventail-dashboards',
        ...(namespace === '' ? {} : { namespace }),
        labels: { grafana_dashboard: '1' },
        annotations: { grafana_folder: 'Kubernetes events' },
      },
      data: Object.fromEntries(files.map(({ name, text }) => [name, text])),
    },
    { lineWidth: 0, blockQuote: 'literal' },
  ),
})

/** Dashboards as files, as one is for provisioning and import, or in a ConfigMap. Each text must be JSON. */
export const renderDashboards = (
  sources: readonly { readonly file: string; readonly text: string }[],
  options: DashboardRenderOptions,
): readonly File[] => {
  const files = sources.map(({ file, text }) => ({
    name: `eventail-${basename(file)}`,
    text: dashboardText(text, options),
  }))
  return options.as === 'files' ? files : [configMap(files, options)]
}
