import type { Stage } from './ast.ts'
import { labelTest, type LabelTest } from './label-filter.ts'
import { filteredNames } from './wanted-labels.ts'

/**
 * Filters on one label that parsers ask as soon as they have found it, to give up lines early. Loki asks them wherever in
 * the query they stand, even before the parser or behind a stage that changes the label, which changes answers; so it is
 * done here (pkg/logql/log/parser_hints.go, ShouldContinueParsingLine).
 */
export type ParserHints = { readonly names: readonly string[]; readonly tests: readonly LabelTest[] }

export const NO_HINTS: ParserHints = { names: [], tests: [] }

/** Filters with `and` or `or` in them are not asked. */
export const parserHints = (stages: readonly Stage[]): ParserHints => {
  const filters = stages.flatMap((stage) =>
    stage.kind === 'label_filter' && !('left' in stage.filter) ? [stage.filter] : [],
  )
  return { names: filters.flatMap(filteredNames), tests: filters.map(labelTest) }
}
