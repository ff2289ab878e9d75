import { byteLength } from './byte-text.ts'
import { BUILTINS } from './builtins.ts'
import { MAX_TEXT_BYTES } from './budget.ts'
import { Execution } from './execution.ts'
import { TemplateFailure, type RenderFacts, type TemplateFunctions } from './functions.ts'
import { nodeText } from './nodes.ts'
import { Parser } from './parser.ts'
import type { Program } from './program.ts'
import { SyntaxProblem } from './token-cursor.ts'
import { topFields } from './top-fields.ts'
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

/** Go's `name:line:column`; its columns count bytes from 0. */
const placeIn = (text: string, at: number): string => {
  const before = text.slice(0, at)
  const begin = before.lastIndexOf('\n') + 1
  return `${before.split('\n').length}:${byteLength(before.slice(begin))}`
}

const checkFunction = (functions: TemplateFunctions, name: string): string | null => {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined
  if (known?.kind === 'refused') return `function ${JSON.stringify(name)} is refused: ${known.why}`
  if (known !== undefined || Object.hasOwn(BUILTINS, name)) return null
  return `function ${JSON.stringify(name)} not defined`
}

const mutatesData = (functions: TemplateFunctions, name: string): boolean => {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined
  return known?.kind === 'function' && known.mutates === true
}

/** The caller's data stay as they are, whatever the template does. */
const ownCopy = (dot: TemplateValue): TemplateValue =>
  typeof dot === 'object' && dot?.kind === 'map' ? { ...dot, entries: new Map(dot.entries) } : dot

const templateOf = (program: Program, name: string, text: string): Template => ({
  render: (given, facts = {}) => {
    const dot = program.mutates ? ownCopy(given) : given
    const execution = new Execution(program, name, facts)
    try {
      return { kind: 'ok', text: execution.run(dot) }
    } catch (error) {
      if (!(error instanceof TemplateFailure)) throw error
      const { template, node } = execution.where
      const place = node === null ? '' : `:${placeIn(text, node.at)}`
      const at = node === null ? '' : ` at <${nodeText(node)}>`
      return {
        kind: 'error',
        why: `template: ${name}${place}: executing ${JSON.stringify(template)}${at}: ${error.message}`,
      }
    }
  },
  fields: () => topFields([...program.templates.values()].flat()),
})

/**
 * Go's text/template. A text above 1 MiB is refused; so is one that names a function that is not there, or is refused
 * for its reason.
 */
export const parseTemplate = (text: string, options: TemplateOptions): ParsedTemplate => {
  const { name, functions, missingKey = 'default' } = options
  if (text.length > MAX_TEXT_BYTES)
    return { kind: 'error', why: `template: ${name}:1: text too long`, line: 1, column: 1 }
  let mutates = false
  const parser = new Parser(text, (called) => {
    mutates ||= mutatesData(functions, called)
    return checkFunction(functions, called)
  })
  try {
    parser.run(name)
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    const before = text.slice(0, error.at)
    const line = before.split('\n').length
    const column = error.at - before.lastIndexOf('\n')
    return { kind: 'error', why: `template: ${name}:${line}: ${error.message}`, line, column }
  }
  return {
    kind: 'ok',
    template: templateOf({ templates: parser.templates, functions, missingKey, mutates }, name, text),
  }
}
