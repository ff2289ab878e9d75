import type { RenderFacts, TemplateFunctions } from './functions.ts'
import type { TemplateValue } from './values.ts'

/** What a missing key of a map gives: `<no value>`, the zero value of its elements, or an error. */
export type MissingKey = 'default' | 'zero' | 'error'

export type TemplateOptions = {
  /** As errors name the template: `template: <name>:1:3: ...`. */
  readonly name: string
  readonly functions: TemplateFunctions
  /** `default` if not given. */
  readonly missingKey?: MissingKey
}

/** `line` from 1, `column` from 1 in characters; `why` is worded as Go words it. */
export type ParsedTemplate =
  | { readonly kind: 'ok'; readonly template: Template }
  | { readonly kind: 'error'; readonly why: string; readonly line: number; readonly column: number }

/** `text` may hold bytes that are no UTF-8 as lone surrogates: `isWellFormed` tells, `toWellFormed` replaces them. */
export type Rendered = { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'error'; readonly why: string }

/** A parsed template. */
export type Template = {
  /** Bounded in steps, depth and bytes. Never throws. */
  render(dot: TemplateValue, facts?: RenderFacts): Rendered
  /** Names of the top-level fields (`.a`, `$.a`) that the template mentions, each once, in the order of the text. */
  fields(): readonly string[]
}

/** Go's text/template. */
export const parseTemplate = (_text: string, options: TemplateOptions): ParsedTemplate => ({
  kind: 'error',
  why: `template: ${options.name}:1: not parsed yet`,
  line: 1,
  column: 1,
})
