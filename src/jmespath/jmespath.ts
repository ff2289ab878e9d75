import type { Json } from './json-text.ts'
import { evaluate } from './evaluate.ts'
import { JmespathSyntaxError } from './lexer.ts'
import { parseExpression } from './parser.ts'
import { EvaluationError } from './value.ts'

/** `failed`: the expression means nothing for this value; a function got an argument of the wrong type, say. */
export type SearchOutcome =
  { readonly kind: 'found'; readonly value: Json } | { readonly kind: 'failed'; readonly why: string }

/** null is found where nothing is. Bounded in steps. Never throws. */
export type Search = (value: Json) => SearchOutcome

export type ParsedJmespath =
  { readonly kind: 'ok'; readonly search: Search } | { readonly kind: 'error'; readonly why: string }

/**
 * A JMESPath expression by the specification of 2015 (https://jmespath.org), in the details as go-jmespath. Where Go's
 * maps have no order (`keys`, `values`, `*`), members go by their names.
 */
export const parseJmespath = (text: string): ParsedJmespath => {
  try {
    const expression = parseExpression(text)
    const search: Search = (value) => {
      try {
        return { kind: 'found', value: evaluate(expression, value) }
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error
        return { kind: 'failed', why: error.message }
      }
    }
    return { kind: 'ok', search }
  } catch (error) {
    if (!(error instanceof JmespathSyntaxError)) throw error
    return { kind: 'error', why: `SyntaxError: ${error.message}` }
  }
}
