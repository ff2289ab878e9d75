/** What must hold for an event, over texts that are taken out of it by name. */
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** The pattern (RE2) matches somewhere in the text. */
  | { readonly kind: 'matches'; readonly name: string; readonly pattern: string }
  | { readonly kind: 'at least'; readonly name: string; readonly number: number }

export const ALWAYS: Condition = { kind: 'all', of: [] }
export const NEVER: Condition = { kind: 'any', of: [] }

const isAlways = (condition: Condition): boolean => condition.kind === 'all' && condition.of.length === 0
const isNever = (condition: Condition): boolean => condition.kind === 'any' && condition.of.length === 0

export const not = (of: Condition): Condition => {
  if (isAlways(of)) return NEVER
  if (isNever(of)) return ALWAYS
  return of.kind === 'not' ? of.of : { kind: 'not', of }
}

const joined = (kind: 'all' | 'any', parts: readonly Condition[]): Condition => {
  const [isNeutral, decides] = kind === 'all' ? [isAlways, isNever] : [isNever, isAlways]
  const flat = parts.flatMap((part) => (part.kind === kind ? part.of : [part])).filter((part) => !isNeutral(part))
  const deciding = flat.find(decides)
  if (deciding !== undefined) return deciding
  const [only] = flat
  return flat.length === 1 && only !== undefined ? only : { kind, of: flat }
}

/** All of them; simplified. */
export const all = (parts: readonly Condition[]): Condition => joined('all', parts)

/** At least one of them; simplified. */
export const any = (parts: readonly Condition[]): Condition => joined('any', parts)

/** The names of the texts that it looks at. */
export const namesIn = (condition: Condition): readonly string[] => {
  if (condition.kind === 'matches' || condition.kind === 'at least') return [condition.name]
  return condition.kind === 'not' ? namesIn(condition.of) : condition.of.flatMap(namesIn)
}

/** A literal of Go's: in backquotes if they do, because patterns are full of backslashes. */
export const goLiteral = (text: string): string => (/[`\r\n]/.test(text) ? JSON.stringify(text) : `\`${text}\``)

/** The condition as an operand in a template over extracted values. */
const operand = (condition: Condition): string => {
  switch (condition.kind) {
    case 'matches':
      return `(regexMatch ${goLiteral(condition.pattern)} (default "" .${condition.name}))`
    case 'at least':
      return `(ge (int64 (default "0" .${condition.name})) ${condition.number})`
    case 'not':
      return `(not ${operand(condition.of)})`
    case 'all':
      return condition.of.length === 0 ? 'true' : `(and ${condition.of.map(operand).join(' ')})`
    case 'any':
      return condition.of.length === 0 ? 'false' : `(or ${condition.of.map(operand).join(' ')})`
  }
}

/** Stages that drop an entry unless the condition holds; none when it always does. What cannot be told lets it pass. */
export const keepStages = (condition: Condition, reason: string): readonly unknown[] => {
  if (isAlways(condition)) return []
  return [
    { template: { source: 'unwanted', template: `{{ if ${operand(not(condition))} }}true{{ end }}` } },
    { drop: { source: 'unwanted', drop_counter_reason: reason } },
  ]
}
