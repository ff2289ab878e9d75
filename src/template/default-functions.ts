import { define, defineRest } from './define.ts'
import type { TemplateFunctions } from './functions.ts'
import { isTrue } from './go-type.ts'
import type { TemplateValue } from './values.ts'

const ANY = 'interface {}'

/** sprig's empty: what is not true, but a struct never is. */
export const isEmpty = (value: TemplateValue | undefined): boolean => !isTrue(value)

export const defaultFunction: TemplateFunctions = {
  default: defineRest([ANY], ANY, ([otherwise], [given = null]) => (isEmpty(given) ? otherwise : given)),
}

/** sprig's functions that choose between values. */
export const choiceFunctions: TemplateFunctions = {
  ...defaultFunction,
  empty: define([ANY], ([value]) => isEmpty(value)),
  coalesce: defineRest([], ANY, (_, values) => values.find((value) => !isEmpty(value)) ?? null),
  all: defineRest([], ANY, (_, values) => values.every((value) => !isEmpty(value))),
  any: defineRest([], ANY, (_, values) => values.some((value) => !isEmpty(value))),
  ternary: define([ANY, ANY, 'bool'], ([yes, no, condition]) => (condition ? yes : no)),
}
