import type { LabelFilter, Stage } from './ast.ts'
import type { LabelNeed } from './pipeline.ts'
import { matchesEverything } from './regexp-filter.ts'

/**
 * Which labels parsers have to find. Loki parses no more than a metric query needs, and what it does not parse cannot
 * fail either (pkg/logql/log/parser_hints.go).
 */
export type WantedLabels = {
  /** Null: all. Empty: none. */
  readonly names: ReadonlySet<string> | null
  wants(name: string): boolean
  /** Whether a wanted name may begin so; for objects in JSON. */
  wantsPrefix(prefix: string): boolean
}

const EVERYTHING: WantedLabels = { names: null, wants: () => true, wantsPrefix: () => true }

/** The labels that a filter reads. */
export const filteredNames = (filter: LabelFilter): readonly string[] => {
  if ('left' in filter) return [...filteredNames(filter.left), ...filteredNames(filter.right)]
  if (filter.kind !== 'string') return [filter.name]
  const { op, name, value } = filter.matcher
  return op === '=~' && matchesEverything(value) ? [] : [name]
}

/** A name that may have got its suffix on the way is looked for without, too. */
const withPlain = (name: string): readonly string[] =>
  name.endsWith('_extracted') ? [name, name.slice(0, -'_extracted'.length)] : [name]

/** @param read the labels that a stage reads */
export const wantedLabels = (
  need: LabelNeed,
  stages: readonly Stage[],
  read: (stage: Stage) => readonly string[],
): WantedLabels => {
  if (need.kind === 'all') return EVERYTHING
  const named = need.kind === 'some' ? [...need.names] : []
  const names = new Set([...named, ...stages.flatMap(read)].flatMap(withPlain))
  const list = [...names]
  return {
    names,
    wants: (name) => names.has(name),
    wantsPrefix: (prefix) => list.some((name) => name.startsWith(prefix)),
  }
}
