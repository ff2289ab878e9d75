import type { CallableFunction, Invocation, ParameterType, RefusedFunction } from './functions.ts'
import { isAssignable } from './go-type.ts'
import type { DurationValue, ListValue, MapValue, SizedInteger, TemplateValue, TimeValue } from './values.ts'

/** What a parameter of a type holds. */
type Held = {
  readonly 'interface {}': TemplateValue
  readonly string: string
  readonly bool: boolean
  readonly int: bigint
  readonly int64: SizedInteger
  readonly float64: number
  readonly 'time.Time': TimeValue
  readonly 'time.Duration': DurationValue
  readonly '[]interface {}': ListValue
  readonly '[]string': ListValue
  readonly 'map[string]interface {}': MapValue
}

type Arguments<P extends readonly ParameterType[]> = { readonly [I in keyof P]: Held[P[I]] }

const fits = <P extends readonly ParameterType[]>(
  args: readonly TemplateValue[],
  parameters: P,
): args is Arguments<P> & readonly TemplateValue[] =>
  args.length === parameters.length && parameters.every((type, index) => isAssignable(args[index] ?? null, type))

const fit = <T extends ParameterType>(value: TemplateValue, type: T): value is TemplateValue & Held[T] =>
  isAssignable(value, type)

const checked = <P extends readonly ParameterType[]>(args: readonly TemplateValue[], parameters: P): Arguments<P> => {
  if (!fits(args, parameters)) throw new Error('a function was called with arguments that were not checked')
  return args
}

/** A function with so many parameters, whose types its implementation sees. */
export const define = <const P extends readonly ParameterType[]>(
  parameters: P,
  call: (args: Arguments<P>, invocation: Invocation) => TemplateValue,
): CallableFunction => ({
  kind: 'function',
  parameters,
  call: (args, invocation) => call(checked(args, parameters), invocation),
})

/** A function that takes any number of arguments of one type behind its parameters. */
export const defineRest = <const P extends readonly ParameterType[], R extends ParameterType>(
  parameters: P,
  rest: R,
  call: (args: Arguments<P>, more: readonly Held[R][], invocation: Invocation) => TemplateValue,
): CallableFunction => ({
  kind: 'function',
  parameters,
  rest,
  call: (args, invocation) => {
    const more: Held[R][] = []
    for (const value of args.slice(parameters.length)) if (fit(value, rest)) more.push(value)
    return call(checked(args.slice(0, parameters.length), parameters), more, invocation)
  },
})

/** A function that is left out on purpose. */
export const refuse = (why: string): RefusedFunction => ({ kind: 'refused', why })
