import { MAX_TEXT_BYTES } from './budget.ts'
import { TemplateFailure, type CallableFunction, type Invocation, type ParameterType } from './functions.ts'
import { isAssignable, nilOf, typeOf, type Cell } from './go-type.ts'
import { nodeText, type Located, type Operand } from './nodes.ts'
import { int64, type TemplateValue } from './values.ts'

/** How a call reaches its arguments. */
export type Calling = {
  readonly args: readonly Operand[]
  /** The value piped in. */
  readonly final: { readonly value: Cell } | null
  readonly invocation: Invocation
  readonly evaluate: (operand: Operand) => Cell
  /** Names the node that an error would be about; null: the call itself. */
  readonly standAt: (node: Located | null) => void
}

/** A value for a parameter. @throws TemplateFailure as Go's validateType */
const validated = (value: Cell, type: ParameterType): TemplateValue => {
  if (value === undefined) {
    const nil = nilOf(type)
    if (nil === undefined) throw new TemplateFailure(`invalid value; expected ${type}`)
    return nil
  }
  if (isAssignable(value, type)) return value
  throw new TemplateFailure(`wrong type for value; expected ${type}; got ${typeOf(value)}`)
}

type Constant = Extract<Operand, { readonly kind: 'bool' | 'number' | 'string' }>

const integerFor = (operand: Constant, type: 'int' | 'int64' | 'time.Duration'): TemplateValue => {
  if (operand.kind !== 'number' || operand.integer === null)
    throw new TemplateFailure(`expected integer; found ${nodeText(operand)}`)
  if (type === 'int') return operand.integer
  return type === 'int64' ? int64(operand.integer) : { kind: 'duration', ns: operand.integer }
}

/** A constant takes the type of the parameter. */
const constantFor = (operand: Constant, type: ParameterType): TemplateValue => {
  if (type === 'int' || type === 'int64' || type === 'time.Duration') return integerFor(operand, type)
  if (type === 'string' && operand.kind === 'string') return operand.text
  if (type === 'bool' && operand.kind === 'bool') return operand.value
  if (type === 'float64' && operand.kind === 'number') return operand.float
  const wanted = type === 'float64' ? 'float' : type
  if (['string', 'bool', 'float'].includes(wanted))
    throw new TemplateFailure(`expected ${wanted}; found ${nodeText(operand)}`)
  throw new TemplateFailure(`can't handle ${nodeText(operand)} for arg of type ${type}`)
}

const argument = (operand: Operand, type: ParameterType, calling: Calling): TemplateValue => {
  calling.standAt(operand)
  if (operand.kind === 'nil') {
    const nil = nilOf(type)
    if (nil === undefined) throw new TemplateFailure(`cannot assign nil to ${type}`)
    return nil
  }
  const constant = operand.kind === 'bool' || operand.kind === 'number' || operand.kind === 'string'
  if (constant && type !== 'interface {}') return constantFor(operand, type)
  return validated(calling.evaluate(operand), type)
}

const checkCount = (callable: CallableFunction, name: string, calling: Calling): void => {
  const written = calling.args.length
  const count = written + (calling.final === null ? 0 : 1)
  const wanted = callable.parameters.length
  if (callable.rest !== undefined && count < wanted)
    throw new TemplateFailure(`wrong number of args for ${name}: want at least ${wanted} got ${written}`)
  if (callable.rest === undefined && count !== wanted)
    throw new TemplateFailure(`wrong number of args for ${name}: want ${wanted} got ${count}`)
}

/** What an item weighs, next to a character. */
const ITEM_STEPS = 4

const sizeOf = (value: TemplateValue): number => {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  if (value.kind === 'list') return value.items.length * ITEM_STEPS
  return value.kind === 'map' ? value.entries.size * ITEM_STEPS : 0
}

/** What looking at a character or an item of an argument costs, next to making one. */
const READ = 0.25

/** What a call weighs, so that neither growing a value in a loop nor looking at a large one goes on for ever. */
const weigh = (result: TemplateValue, args: readonly TemplateValue[], invocation: Invocation): void => {
  invocation.spend(sizeOf(result) + READ * args.reduce<number>((sum, value) => sum + sizeOf(value), 0))
  if (typeof result === 'string' && result.length > MAX_TEXT_BYTES)
    throw new TemplateFailure(`text longer than ${MAX_TEXT_BYTES} bytes`)
}

/** Checks and converts the arguments as Go's evalCall, then calls. @throws TemplateFailure */
export const callFunction = (callable: CallableFunction, name: string, calling: Calling): Cell => {
  checkCount(callable, name, calling)
  const { parameters, rest, call } = callable
  const typeAt = (index: number): ParameterType => parameters[index] ?? rest ?? 'interface {}'
  const values = calling.args.map((operand, index) => argument(operand, typeAt(index), calling))
  if (calling.final !== null) values.push(validated(calling.final.value, typeAt(values.length)))
  try {
    const result = call(values, calling.invocation)
    weigh(result, values, calling.invocation)
    return result
  } catch (error) {
    if (!(error instanceof TemplateFailure)) throw error
    calling.standAt(null)
    throw new TemplateFailure(`error calling ${name}: ${error.message}`)
  }
}
