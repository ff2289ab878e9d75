import { deepEqual } from './compare.ts'
import { define } from './define.ts'
import { TemplateFailure, type TemplateFunctions } from './functions.ts'
import { typeOf } from './go-type.ts'
import { kindName } from './kind-name.ts'
import type { TemplateValue } from './values.ts'

const ANY = 'interface {}'

const typeName = (value: TemplateValue): string => (value === null ? '<nil>' : typeOf(value))

/** sprig's functions that tell types apart, and the one that gives up. */
export const typeFunctions: TemplateFunctions = {
  typeOf: define([ANY], ([value]) => typeName(value)),
  typeIs: define(['string', ANY], ([type, value]) => typeName(value) === type),
  typeIsLike: define(['string', ANY], ([type, value]) => [type, `*${type}`].includes(typeName(value))),
  kindOf: define([ANY], ([value]) => kindName(value)),
  kindIs: define(['string', ANY], ([kind, value]) => kindName(value) === kind),
  deepEqual: define([ANY, ANY], ([left, right], { spend }) => deepEqual(left, right, spend)),
  fail: define(['string'], ([why]) => {
    throw new TemplateFailure(why)
  }),
  hello: define([], () => 'Hello!'),
}
