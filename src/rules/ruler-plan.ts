import { parseDocument } from 'yaml'
import { parsePrometheusDuration } from '../logql/duration.ts'
import { changedLines, lineDiff } from './line-diff.ts'
import { type GroupJson, toYaml } from './render.ts'

/** What the ruler has: each group by its name, in a form in which equal groups have equal texts. */
export type RulerGroups = ReadonlyMap<string, string>

export type Change = {
  readonly kind: 'add' | 'change' | 'remove'
  readonly group: string
  /** For people. */
  readonly lines: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

const isObject = (json: unknown): json is Json => typeof json === 'object' && json !== null && !Array.isArray(json)
const isFilled = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== '' &&
  value !== 0 &&
  !(isObject(value) && Object.keys(value).length === 0)

const sorted = (value: unknown): Json =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : {}

/** The ruler writes durations in its own way: 90s, 1m30s and 1d are told apart by what they mean alone. */
const duration = (value: unknown): string => {
  const written = typeof value === 'string' ? value : '0'
  const parsed = parsePrometheusDuration(written)
  if (parsed.kind === 'invalid') return written
  return parsed.ns === 0n ? '' : `${parsed.ns / 1_000_000n}ms`
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const filled = (pairs: readonly (readonly [string, unknown])[]): Json =>
  Object.fromEntries(pairs.filter(([, value]) => isFilled(value)))

const plainRule = (json: unknown): Json => {
  const rule = isObject(json) ? json : {}
  return filled([
    ['alert', rule['alert']],
    ['record', rule['record']],
    ['expr', text(rule['expr']).trim()],
    ['for', duration(rule['for'])],
    ['labels', sorted(rule['labels'])],
    ['annotations', sorted(rule['annotations'])],
  ])
}

/** A group in the form in which groups are compared. */
export const plainGroup = (json: Json | GroupJson): string => {
  const group: Json = { ...json }
  const rules = Array.isArray(group['rules']) ? group['rules'].map(plainRule) : []
  const head = filled([
    ['name', group['name']],
    ['interval', duration(group['interval'])],
    ['limit', Number(group['limit'] ?? 0)],
  ])
  return toYaml({ ...head, rules }).trimEnd()
}

/** Reads the ruler's answer: groups by namespace. Null: it is none. */
export const readRulerGroups = (yaml: string, namespace: string): RulerGroups | null => {
  // Scalars stay text, as they are in rules.
  const document = parseDocument(yaml, { schema: 'failsafe', prettyErrors: false })
  if (document.errors.length > 0) return null
  const json: unknown = document.toJS({ maxAliasCount: 0 })
  if (!isObject(json)) return null
  const groups = Object.hasOwn(json, namespace) ? json[namespace] : []
  if (!Array.isArray(groups)) return null
  return new Map(groups.filter(isObject).map((group) => [text(group['name']), plainGroup(group)]))
}

const AROUND = 2

/** What makes the ruler's namespace have exactly these groups; additions and changes first. */
export const planChanges = (wanted: readonly GroupJson[], present: RulerGroups): readonly Change[] => {
  const changes = wanted.flatMap((group): readonly Change[] => {
    const now = plainGroup(group)
    const before = present.get(group.name)
    if (before === now) return []
    if (before === undefined)
      return [{ kind: 'add', group: group.name, lines: now.split('\n').map((one) => `+ ${one}`) }]
    return [{ kind: 'change', group: group.name, lines: changedLines(lineDiff(before, now), AROUND) }]
  })
  const names = new Set(wanted.map(({ name }) => name))
  const removals = [...present].filter(([name]) => !names.has(name))
  return [
    ...changes,
    ...removals.map(([group, before]): Change => ({
      kind: 'remove',
      group,
      lines: before.split('\n').map((one) => `- ${one}`),
    })),
  ]
}
