import { typeOf } from './go-type.ts'
import type { TemplateValue } from './values.ts'

/** Go's reflect.Kind in words: `slice`, `map`, `int64`, `invalid`. */
export const kindName = (value: TemplateValue): string => {
  if (value === null) return 'invalid'
  if (typeof value !== 'object' || value.kind === 'integer') return typeOf(value)
  switch (value.kind) {
    case 'list':
      return 'slice'
    case 'duration':
      return 'int64'
    case 'time':
      return 'struct'
    case 'struct':
      return value.type.startsWith('*') ? 'ptr' : 'struct'
    case 'map':
      return 'map'
  }
}
