import { TemplateFailure, type CallableFunction } from './functions.ts'
import { typeOf, type Cell } from './go-type.ts'
import type { MissingKey } from './template.ts'
import { timeMethod } from './time-methods.ts'
import { formatGoDuration } from '../gotime/duration.ts'

const asMethod = (call: CallableFunction['call']): CallableFunction => ({ kind: 'function', parameters: [], call })

/** The method of a value; null: it has none of that name. */
export const methodOf = (receiver: Cell, name: string): CallableFunction | null => {
  if (receiver === undefined || receiver === null || typeof receiver !== 'object') return null
  if (receiver.kind === 'time') return timeMethod(receiver, name)
  if (receiver.kind === 'struct') return receiver.methods?.get(name) ?? null
  if (receiver.kind !== 'duration') return null
  const { ns } = receiver
  switch (name) {
    case 'String':
      return asMethod(() => formatGoDuration(ns))
    case 'Seconds':
      return asMethod(() => Number(ns) / 1e9)
    case 'Minutes':
      return asMethod(() => Number(ns) / 6e10)
    case 'Hours':
      return asMethod(() => Number(ns) / 3.6e12)
    default:
      return null
  }
}

/** A field of a struct or an element of a map. @throws TemplateFailure in Go's words */
export const fieldOf = (receiver: Cell, name: string, missingKey: MissingKey): Cell => {
  if (receiver === undefined) {
    if (missingKey === 'error') throw new TemplateFailure(`nil data; no entry for key ${JSON.stringify(name)}`)
    return undefined
  }
  if (receiver === null) throw new TemplateFailure(`nil pointer evaluating interface {}.${name}`)
  if (typeof receiver === 'object' && receiver.kind === 'map') {
    const value = receiver.entries.get(name)
    if (value !== undefined || missingKey === 'default') return value
    if (missingKey === 'error') throw new TemplateFailure(`map has no entry for key ${JSON.stringify(name)}`)
    return receiver.element === 'string' ? '' : null
  }
  const field = typeof receiver === 'object' && receiver.kind === 'struct' ? receiver.fields.get(name) : undefined
  if (field === undefined) throw new TemplateFailure(`can't evaluate field ${name} in type ${typeOf(receiver)}`)
  return field
}

/** Why what is not a method cannot be given arguments. */
export const argumentsTo = (receiver: Cell, name: string): string => {
  if (typeof receiver === 'object' && receiver?.kind === 'map') return `${name} is not a method but has arguments`
  if (typeof receiver === 'object' && receiver?.kind === 'struct' && receiver.fields.has(name))
    return `${name} has arguments but cannot be invoked as function`
  return `can't evaluate field ${name} in type ${typeOf(receiver ?? null)}`
}
