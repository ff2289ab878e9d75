import { TemplateFailure } from './functions.ts'
import { valueText, type Spend } from './print-value.ts'
import { listOf, type ListValue, type TemplateValue } from './values.ts'

/** Any value as text, as sprig's toString has it: nil is `<nil>`. */
export const printedText = (value: TemplateValue, spend: Spend): string => valueText(value, spend)

/** A list of texts out of whatever it is; nil items vanish. */
export const printedTexts = (value: TemplateValue, spend: Spend): string[] => {
  if (value === null) return []
  if (typeof value !== 'object' || value.kind !== 'list') return [printedText(value, spend)]
  return value.items.filter((item) => item !== null).map((item) => printedText(item, spend))
}

export const textList = (items: readonly string[]): ListValue => listOf(items, 'string')

/** What panics in Go where nil is looked into. */
export const nilFailure = (): TemplateFailure =>
  new TemplateFailure('runtime error: invalid memory address or nil pointer dereference')
