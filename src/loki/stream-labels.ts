import type { Labels } from '../entry/entry.ts'

/** Where an entry goes: one stream of one tenant. */
export type Stream = {
  /** '' = no tenant header. */
  readonly tenant: string
  /** `{name="value", ...}`, sorted by name, every value a legal Go string literal. */
  readonly labels: string
  /** UTF-8 length of `labels`. */
  readonly labelsBytes: number
  /** Tenant and labels; equal for equal streams. */
  readonly key: string
}

export type ResolvedStream =
  | { readonly kind: 'stream'; readonly stream: Stream }
  | { readonly kind: 'refused'; readonly reason: 'tenant_invalid' | 'label_name_invalid' }

export type StreamOptions = { readonly tenantId: string; readonly externalLabels: Readonly<Record<string, string>> }

/** Chooses the tenant of an entry and is not sent (Promtail's `tenant` stage). */
const TENANT_LABEL = '__tenant_id__'
const LEGAL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const LEGAL_TENANT = /^[A-Za-z0-9!\-_.*'()]{1,150}$/

/** 1 to 150 bytes of the alphabet dskit's tenant.ValidTenantID allows, and neither `.` nor `..`. */
export const isLegalTenant = (tenant: string): boolean => LEGAL_TENANT.test(tenant) && tenant !== '.' && tenant !== '..'

/**
 * The value as Loki takes it. U+FFFD becomes a space: the parser of Loki (promql's lexString) takes it for broken UTF-8
 * and refuses the whole push.
 */
export const sentLabelValue = (value: string): string => value.toWellFormed().replaceAll('\uFFFD', ' ')

/** The value as a Go string literal. JSON's escapes are a subset of Go's. */
const goLiteral = (value: string): string => JSON.stringify(sentLabelValue(value))

/** External labels below the entry's own, as Promtail merges them; empty values do not exist for Loki. */
const merged = (options: StreamOptions, labels: Labels): Map<string, string> => {
  const all = new Map(Object.entries(options.externalLabels))
  for (const [name, value] of Object.entries(labels)) all.set(name, value)
  for (const [name, value] of all) if (value === '') all.delete(name)
  return all
}

/** What a stream is labelled with when it is sent: names that do not start with `__`, in order. */
export const sentLabels = (options: StreamOptions, labels: Labels): readonly (readonly [string, string])[] =>
  [...merged(options, labels)]
    .filter(([name]) => !name.startsWith('__'))
    .map(([name, value]) => [name, sentLabelValue(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))

const resolve = (options: StreamOptions, labels: Labels): ResolvedStream => {
  const all = merged(options, labels)
  const ownTenant = all.get(TENANT_LABEL)
  if (ownTenant !== undefined && !isLegalTenant(ownTenant)) return { kind: 'refused', reason: 'tenant_invalid' }
  const names = [...all.keys()].filter((name) => !name.startsWith('__')).sort()
  if (!names.every((name) => LEGAL_NAME.test(name))) return { kind: 'refused', reason: 'label_name_invalid' }
  const text = `{${names.map((name) => `${name}=${goLiteral(all.get(name) ?? '')}`).join(', ')}}`
  const tenant = ownTenant ?? options.tenantId
  const stream = { tenant, labels: text, labelsBytes: Buffer.byteLength(text), key: `${tenant}\n${text}` }
  return { kind: 'stream', stream }
}

/**
 * A function from an entry's labels to its stream. Labels starting with `__` are never sent. An answer is kept as long
 * as the labels object lives, so one object per distinct set makes it a look-up.
 */
export const createStreamResolver = (options: StreamOptions): ((labels: Labels) => ResolvedStream) => {
  const known = new WeakMap<Labels, ResolvedStream>()
  return (labels) => {
    let resolved = known.get(labels)
    if (resolved === undefined) {
      resolved = resolve(options, labels)
      known.set(labels, resolved)
    }
    return resolved
  }
}
