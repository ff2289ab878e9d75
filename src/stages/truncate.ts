import { type Decoder, documented, listOf } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText, strictTexts, strictWord, weakSize } from '../config/stage-scalars.ts'
import type { Stage, StagePlan, WorkEntry } from './stage.ts'

const SOURCE_TYPES = ['line', 'label', 'structured_metadata', 'extracted'] as const
type SourceType = (typeof SOURCE_TYPES)[number]

type Rule = {
  readonly type: SourceType
  readonly maxBytes: number
  /** Bytes that stay of a longer text, before the suffix. */
  readonly keptBytes: number
  readonly suffix: string
  readonly wants: (name: string) => boolean
}

const rule: Decoder<Rule> = stageOptions(
  {
    limit: documented(weakSize, { says: 'Longest text, with its suffix.', example: '1KB', default: 'required' }),
    suffix: documented(strictText(), { says: 'Put behind what was cut.', example: '"..."' }),
    sources: documented(strictTexts, {
      says: 'Names of labels, metadata or extracted values. Not with `line`.',
      example: '[message]',
      default: 'all',
    }),
    source_type: documented(strictWord(SOURCE_TYPES, 'line'), { says: 'What is cut.', example: 'label' }),
  },
  ({ limit, suffix, sources, source_type: type }, section) => {
    const suffixBytes = Buffer.byteLength(suffix)
    if (limit === null || limit <= 0) section.report('limit', 'BAD_VALUE', 'limit must be greater than zero')
    else if (suffixBytes > 0 && suffixBytes >= limit) {
      section.report('suffix', 'BAD_VALUE', 'suffix length cannot be greater than or equal to limit')
    }
    if (type === 'line' && sources.length > 0) {
      section.report('sources', 'CONFLICT', "sources cannot be set when source_type is 'line'")
    }
    const names = new Set(sources)
    const wants = (name: string): boolean => names.size === 0 || names.has(name)
    return { type, maxBytes: limit ?? 1, keptBytes: (limit ?? 1) - suffixBytes, suffix, wants }
  },
)

/** The text, or its beginning, cut at a character, with the suffix, so that it takes `maxBytes` at most. */
const cut = (text: string, { maxBytes, keptBytes, suffix }: Rule): string => {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  const bytes = Buffer.from(text)
  let end = keptBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end) + suffix
}

const cutValues = <T>(values: Map<string, T>, { wants }: Rule, cutOne: (value: T) => T): boolean => {
  let isCut = false
  for (const [name, value] of values) {
    const shorter = wants(name) ? cutOne(value) : value
    if (shorter === value) continue
    isCut = true
    values.set(name, shorter)
  }
  return isCut
}

const cutMetadata = (entry: WorkEntry, applied: Rule): boolean => {
  const shorter = entry.metadata.map(
    ([name, value]) => [name, applied.wants(name) ? cut(value, applied) : value] as const,
  )
  const isCut = shorter.some(([, value], index) => value !== entry.metadata[index]?.[1])
  entry.metadata = shorter
  return isCut
}

/** Whether anything was cut. */
const apply = (entry: WorkEntry, applied: Rule): boolean => {
  switch (applied.type) {
    case 'line': {
      const before = entry.line
      entry.line = cut(before, applied)
      return entry.line !== before
    }
    case 'label':
      return cutValues(entry.labels, applied, (value) => cut(value, applied))
    case 'structured_metadata':
      return cutMetadata(entry, applied)
    case 'extracted':
      return cutValues(entry.extracted, applied, (value) => (typeof value === 'string' ? cut(value, applied) : value))
  }
}

/** `truncated` among the extracted values tells what was cut so far, by type, in order and separated by commas. */
const note = (entry: WorkEntry, types: ReadonlySet<string>): void => {
  const earlier = entry.extracted.get('truncated')
  const all = new Set([...types, ...(typeof earlier === 'string' ? earlier.split(',') : [])])
  entry.extracted.set('truncated', [...all].sort().join(','))
}

/** `truncate` (Alloy's): cuts long texts; at a character, where Alloy cuts at a byte. */
export const truncateStage: Decoder<StagePlan> = stageOptions({ rules: listOf(rule) }, ({ rules }, section) => {
  if (rules.length === 0) section.report('rules', 'MISSING_KEY', 'at least one truncate rule must be defined')
  return {
    name: 'truncate',
    build: ({ metrics }): Stage => {
      const counts = new Map(rules.map(({ type }) => [type, metrics.truncated(type)]))
      return (entry) => {
        const types = new Set<SourceType>()
        for (const applied of rules) if (apply(entry, applied)) types.add(applied.type)
        for (const type of types) counts.get(type)?.()
        if (types.size > 0) note(entry, types)
        return true
      }
    },
  }
})
