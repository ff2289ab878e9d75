import { basename } from 'node:path'
import { stringify } from 'yaml'
import { formatDuration } from '../config/go-duration.ts'
import { annotationByOwner, byOwner } from './by-owner.ts'
import type { Rule, RuleFile, RuleGroup } from './rule-file.ts'
import { linksWithoutMetadata, withoutMetadata } from './without-metadata.ts'

export const RENDER_FORMS = ['files', 'configmap', 'prometheusrule', 'alertingrule'] as const
export type RenderForm = (typeof RENDER_FORMS)[number]

export const GROUP_BY = ['name', 'owner'] as const
export type GroupBy = (typeof GROUP_BY)[number]

export type RenderOptions = {
  readonly as: RenderForm
  /** False: for a Loki that has no structured metadata. */
  readonly structuredMetadata: boolean
  /** `owner`: alerts about an owner instead of about each of its objects; needs `enrich`. */
  readonly groupBy?: GroupBy
  /** Of the objects; '' = none is written. */
  readonly namespace: string
  readonly tenant: string
  /** In front of a `runbook_url` that is a path. */
  readonly runbookUrl: string
}

/** A file to write: its name and its YAML. */
export type Rendered = { readonly name: string; readonly text: string }

type RuleJson = {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** A group as YAML files and the ruler's API have it. */
export type GroupJson = {
  readonly name: string
  readonly interval?: string
  readonly limit?: number
  readonly rules: readonly RuleJson[]
}

type Texts = Pick<RenderOptions, 'structuredMetadata' | 'runbookUrl' | 'groupBy'>

/** Text of several lines as it is, and no line broken. */
export const toYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, version: '1.1', blockQuote: 'literal', aliasDuplicateObjects: false })

/** Prometheus has no fractions of a unit. */
const promText = (ms: number): string => (ms % 1000 === 0 ? formatDuration(ms) : `${ms}ms`)

const runbookAt = (url: string, prefix: string): string =>
  prefix === '' || /^[a-z]+:\/\//.test(url) ? url : `${prefix.replace(/\/$/, '')}/${url}`

const exprOf = ({ expr }: Rule, { structuredMetadata, groupBy }: Texts): string => {
  if (groupBy === 'owner') return byOwner(expr.text)
  return structuredMetadata ? expr.text : withoutMetadata(expr.text)
}

const annotationsOf = (rule: Rule, texts: Texts): RuleJson['annotations'] => {
  const { structuredMetadata, runbookUrl } = texts
  const isByOwner = exprOf(rule, texts) !== rule.expr.text && texts.groupBy === 'owner'
  return Object.fromEntries(
    Object.entries(rule.annotations).map(([name, { text }]) => {
      if (name === 'runbook_url') return [name, runbookAt(text, runbookUrl)]
      if (isByOwner) return [name, annotationByOwner(text)]
      return [name, structuredMetadata ? text : linksWithoutMetadata(text)]
    }),
  )
}

const ruleJson = (rule: Rule, texts: Texts): RuleJson => {
  const labels = Object.entries(rule.labels).map(([name, { text }]) => [name, text] as const)
  return {
    ...(rule.kind === 'alert' ? { alert: rule.name.text } : { record: rule.name.text }),
    expr: exprOf(rule, texts),
    ...(rule.forMs === 0 ? {} : { for: promText(rule.forMs) }),
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(Object.keys(rule.annotations).length === 0 ? {} : { annotations: annotationsOf(rule, texts) ?? {} }),
  }
}

export const groupJson = ({ name, intervalMs, limit, rules }: RuleGroup, texts: Texts): GroupJson => ({
  name: name.text,
  ...(intervalMs === null ? {} : { interval: promText(intervalMs) }),
  ...(limit === 0 ? {} : { limit }),
  rules: rules.map((rule) => ruleJson(rule, texts)),
})

const baseOf = (file: string): string => basename(file).replace(/\.ya?ml$/, '')

/** A name that Kubernetes takes. */
const objectName = (file: string): string =>
  `eventail-${baseOf(file)}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/-+$/, '')

const LABELS = { 'app.kubernetes.io/name': 'eventail', 'app.kubernetes.io/component': 'rules' }

const metadataOf = (name: string, namespace: string, labels: Readonly<Record<string, string>> = {}): object => ({
  name,
  ...(namespace === '' ? {} : { namespace }),
  labels: { ...LABELS, ...labels },
})

const fileText = ({ groups }: RuleFile, texts: Texts): string =>
  toYaml({ groups: groups.map((group) => groupJson(group, texts)) })

/** One for all files; the label is the one that the sidecar of Loki's Helm chart looks for. */
const configMap = (files: readonly RuleFile[], options: RenderOptions): readonly Rendered[] => [
  {
    name: 'eventail-rules.yaml',
    text: toYaml({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadataOf('eventail-rules', options.namespace, { loki_rule: '' }),
      data: Object.fromEntries(files.map((file) => [`${baseOf(file.file)}.yaml`, fileText(file, options)])),
    }),
  },
]

/** For `loki.rules.kubernetes` of Alloy, which reads this kind for LogQL as well. */
const prometheusRule = (file: RuleFile, options: RenderOptions): readonly Rendered[] => [
  {
    name: `${objectName(file.file)}.yaml`,
    text: toYaml({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: metadataOf(objectName(file.file), options.namespace),
      spec: { groups: file.groups.map((group) => groupJson(group, options)) },
    }),
  },
]

const KINDS = [
  { kind: 'AlertingRule', of: 'alert', suffix: '' },
  { kind: 'RecordingRule', of: 'record', suffix: '-recording' },
] as const

/** For the Loki Operator, which keeps alerts and recordings apart. */
const operatorRules = (file: RuleFile, options: RenderOptions): readonly Rendered[] =>
  KINDS.flatMap(({ kind, of, suffix }) => {
    const groups = file.groups
      .map((group) => ({ ...group, rules: group.rules.filter((rule) => rule.kind === of) }))
      .filter(({ rules }) => rules.length > 0)
    if (groups.length === 0) return []
    const name = `${objectName(file.file).slice(0, 63 - suffix.length)}${suffix}`
    const spec = { tenantID: options.tenant, groups: groups.map((group) => groupJson(group, options)) }
    const metadata = metadataOf(name, options.namespace)
    return [{ name: `${name}.yaml`, text: toYaml({ apiVersion: 'loki.grafana.com/v1', kind, metadata, spec }) }]
  })

/** Rules in the form in which something takes them, a document for each file to write. */
export const renderRules = (files: readonly RuleFile[], options: RenderOptions): readonly Rendered[] => {
  switch (options.as) {
    case 'files':
      return files.map((file) => ({ name: `${baseOf(file.file)}.yaml`, text: fileText(file, options) }))
    case 'configmap':
      return configMap(files, options)
    case 'prometheusrule':
      return files.flatMap((file) => prometheusRule(file, options))
    case 'alertingrule':
      return files.flatMap((file) => operatorRules(file, options))
  }
}
