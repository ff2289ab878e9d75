import type { Block, Expression } from './alloy-syntax.ts'
import type { Report } from './finding.ts'
import { envReference } from './references.ts'

/** As JSON. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

type Evaluated = { readonly value: Plain } | { readonly why: string }

const evaluateAll = (items: readonly Expression[]): readonly Plain[] | string => {
  const values: Plain[] = []
  for (const item of items) {
    const evaluated = evaluate(item)
    if ('why' in evaluated) return evaluated.why
    values.push(evaluated.value)
  }
  return values
}

const ENVIRONMENT = ['sys.env', 'env']

const call = (name: string, args: readonly Expression[]): Evaluated => {
  const values = evaluateAll(args)
  if (typeof values === 'string') return { why: values }
  const [first] = values
  if (ENVIRONMENT.includes(name) && typeof first === 'string' && /^\w+$/.test(first))
    return { value: envReference(first) }
  if (/^(?:convert\.)?nonsensitive$/.test(name) && first !== undefined) return { value: first }
  return { why: `what ${name}() gives is known to Alloy only` }
}

/** What an expression gives without a running Alloy. */
export const evaluate = (expression: Expression): Evaluated => {
  switch (expression.kind) {
    case 'literal':
      return { value: expression.value }
    case 'list': {
      const values = evaluateAll(expression.items)
      return typeof values === 'string' ? { why: values } : { value: values }
    }
    case 'object': {
      const values = evaluateAll(expression.entries.map(([, value]) => value))
      if (typeof values === 'string') return { why: values }
      return { value: Object.fromEntries(expression.entries.map(([key], index) => [key, values[index] ?? null])) }
    }
    case 'reference':
      return { why: `what ${expression.path} is, is known to Alloy only` }
    case 'call':
      return call(expression.name, expression.args)
    case 'operation': {
      const values = evaluateAll([expression.left, expression.right])
      if (typeof values === 'string') return { why: values }
      const [left, right] = values
      if (expression.operator === '+' && typeof left === 'string' && typeof right === 'string')
        return { value: left + right }
      if (expression.operator === '-' && left === 0 && typeof right === 'number') return { value: -right }
      return { why: `the operator ${expression.operator} is not evaluated here` }
    }
  }
}

/** Attributes of a block as plain values; those that cannot be evaluated are reported. */
export const attributesOf = (
  block: Block,
  report: Report,
  except: readonly string[] = [],
): Readonly<Record<string, Plain>> => {
  const values: [string, Plain][] = []
  for (const [name, expression] of block.attributes) {
    if (except.includes(name)) continue
    const evaluated = evaluate(expression)
    if ('value' in evaluated) values.push([name, evaluated.value])
    else report({ line: expression.line, where: `${block.name}: ${name}`, what: evaluated.why, leftOut: true })
  }
  return Object.fromEntries(values)
}
