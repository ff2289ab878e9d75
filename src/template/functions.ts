import type { TemplateValue } from './values.ts'

/** What a parameter of a function takes, in Go's names. `interface {}` takes everything, `list` any list. */
export type ParameterType =
  | 'interface {}'
  | 'string'
  | 'bool'
  | 'int'
  | 'int64'
  | 'float64'
  | 'time.Time'
  | 'time.Duration'
  | '[]interface {}'
  | '[]string'
  | 'map[string]interface {}'

/** What the functions of one rendering may know of the world; a function whose fact is missing fails. */
export type RenderFacts = {
  /** The present, for `now` and `ago`. */
  readonly nowNs?: bigint
  /** The line of the entry: `__line__`. */
  readonly line?: string
  /** The time of the entry: `__timestamp__`. */
  readonly timestampNs?: bigint
  /** Where alerts link to: `externalURL`, `pathPrefix`. */
  readonly externalUrl?: string
}

/** A failure of a template function: Go's second return value. Never leaves this room. */
export class TemplateFailure extends Error {}

/** What a function may do besides computing: everything that costs is bounded by these. */
export type Invocation = {
  readonly facts: RenderFacts
  /** Counts work of `steps`; fails when the template has used up its share. */
  readonly spend: (steps: number) => void
  /** Renders a template defined in this one: `tmpl`. */
  readonly include: (name: string, dot: TemplateValue) => string
}

/** A function of a template, checked against its Go signature before it is called. */
export type CallableFunction = {
  readonly kind: 'function'
  readonly parameters: readonly ParameterType[]
  /** The type of any further arguments. */
  readonly rest?: ParameterType
  /** Whether it changes a map that it is given. */
  readonly mutates?: boolean
  /** Gets arguments of the declared types. Throws TemplateFailure only. */
  readonly call: (args: readonly TemplateValue[], invocation: Invocation) => TemplateValue
}

/** A function that exists elsewhere, but not here: a template that names it does not parse. */
export type RefusedFunction = { readonly kind: 'refused'; readonly why: string }

export type TemplateFunction = CallableFunction | RefusedFunction

/** Functions by name. Looked up with `Object.hasOwn`. */
export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>
