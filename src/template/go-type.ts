import type { ParameterType } from './functions.ts'
import type { TemplateValue } from './values.ts'

/** A value while a template runs; undefined is Go's missing value, which prints as `<no value>`. */
export type Cell = TemplateValue | undefined

/** The name of a value's type as Go prints it. */
export const typeOf = (value: TemplateValue): string => {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float64'
  if (value === null) return 'interface {}'
  switch (value.kind) {
    case 'integer':
    case 'struct':
      return value.type
    case 'list':
      return `[]${value.element}`
    case 'map':
      return `map[string]${value.element}`
    case 'time':
      return 'time.Time'
    case 'duration':
      return 'time.Duration'
  }
}

export type Kind = 'invalid' | 'bool' | 'int' | 'uint' | 'float' | 'string' | 'list' | 'map' | 'struct'

/** What sort of value it is, as Go's reflection tells; a duration is an integer. */
export const kindOf = (value: Cell): Kind => {
  if (value === undefined || value === null) return 'invalid'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float'
  if (value.kind === 'integer') return value.type.startsWith('u') ? 'uint' : 'int'
  if (value.kind === 'duration') return 'int'
  return value.kind === 'time' ? 'struct' : value.kind
}

/** The number of a value of kind `int` or `uint`; null: it is another kind. */
export const integerOf = (value: Cell): bigint | null => {
  if (typeof value === 'bigint') return value
  if (value === null || typeof value !== 'object') return null
  if (value.kind === 'integer') return value.value
  return value.kind === 'duration' ? value.ns : null
}

/** Go's truth: false, 0, nil and what is empty are not. */
export const isTrue = (value: Cell): boolean => {
  if (value === undefined || value === null) return false
  if (typeof value === 'string') return value !== ''
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value !== 0
  const integer = integerOf(value)
  if (integer !== null || typeof value === 'bigint') return integer !== 0n
  if (value.kind === 'list') return value.items.length > 0
  return value.kind === 'map' ? value.entries.size > 0 : true
}

/** Whether a value may be given to a parameter. */
export const isAssignable = (value: TemplateValue, type: ParameterType): boolean =>
  type === 'interface {}' || (value !== null && typeOf(value) === type)

/** What a parameter that may be nil gets when it is; undefined: it may not. */
export const nilOf = (type: ParameterType): TemplateValue | undefined => {
  if (type === 'interface {}') return null
  if (type === '[]interface {}' || type === '[]string')
    return { kind: 'list', element: type === '[]string' ? 'string' : 'interface {}', items: [] }
  return type === 'map[string]interface {}' ? { kind: 'map', element: 'interface {}', entries: new Map() } : undefined
}
