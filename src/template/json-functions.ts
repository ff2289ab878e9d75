import { define } from './define.ts'
import { TemplateFailure, type TemplateFunctions } from './functions.ts'
import { formatFloat } from './float-text.ts'
import { formatGoTime } from '../gotime/format.ts'
import { integerOf } from './go-type.ts'
import { checkDepth, sortedEntries, VALUE_STEPS, type Spend } from './print-value.ts'
import { listOf, mapOf, type TemplateValue } from './values.ts'

const ANY = 'interface {}'

/** A value that JSON.parse made; numbers become floats, as in Go. */
const valueOf = (json: unknown, spend: Spend, depth: number): TemplateValue => {
  checkDepth(depth)
  spend(VALUE_STEPS)
  if (json === null || typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json
  if (Array.isArray(json)) return listOf(json.map((item: unknown) => valueOf(item, spend, depth + 1)))
  if (typeof json !== 'object') return null
  return mapOf(Object.entries(json).map(([key, item]) => [key, valueOf(item, spend, depth + 1)]))
}

/** @throws TemplateFailure for what is no JSON */
const parseJson = (text: string, spend: Spend): TemplateValue => {
  spend(text.length)
  const parsed = attempt(text)
  if (parsed === null) throw new TemplateFailure('invalid JSON')
  return valueOf(parsed.json, spend, 0)
}

const attempt = (text: string): { readonly json: unknown } | null => {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Go escapes what could end a script. */
const escapeJson = (text: string): string =>
  text.replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** How Go writes a float in JSON. */
const numberText = (value: number): string => {
  if (!Number.isFinite(value)) throw new TemplateFailure(`json: unsupported value: ${formatFloat(value, 'g')}`)
  const magnitude = Math.abs(value)
  const scientific = magnitude !== 0 && (magnitude < 1e-6 || magnitude >= 1e21)
  return formatFloat(value, scientific ? 'e' : 'f').replace(/e-0(\d)$/, 'e-$1')
}

type Style = { readonly spend: Spend; readonly raw: boolean }

const jsonOf = (value: TemplateValue, style: Style, depth = 0): string => {
  checkDepth(depth)
  style.spend(VALUE_STEPS)
  if (value === null) return 'null'
  if (typeof value === 'string') {
    style.spend(value.length)
    const text = JSON.stringify(value.toWellFormed())
    return style.raw ? text : escapeJson(text)
  }
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'bigint') return String(value)
  if (value.kind === 'list') return `[${value.items.map((item) => jsonOf(item, style, depth + 1)).join(',')}]`
  if (value.kind === 'time')
    return JSON.stringify(formatGoTime('2006-01-02T15:04:05.999999999Z07:00', value.ns, value.zone))
  if (value.kind === 'struct') return JSON.stringify(value.text ?? '')
  if (value.kind !== 'map') return String(integerOf(value))
  const pairs = sortedEntries(value).map(([key, item]) => `${jsonOf(key, style)}:${jsonOf(item, style, depth + 1)}`)
  return `{${pairs.join(',')}}`
}

/** The same JSON over several lines. */
const prettyJson = (value: TemplateValue, spend: Spend, depth = 0): string => {
  const style = { spend, raw: false }
  const inner = '  '.repeat(depth + 1)
  const outer = '  '.repeat(depth)
  checkDepth(depth)
  spend(inner.length)
  if (value !== null && typeof value === 'object') {
    if (value.kind === 'list' && value.items.length > 0)
      return `[\n${value.items.map((item) => inner + prettyJson(item, spend, depth + 1)).join(',\n')}\n${outer}]`
    if (value.kind === 'map' && value.entries.size > 0) {
      const pairs = sortedEntries(value).map(
        ([key, item]) => `${inner}${jsonOf(key, style)}: ${prettyJson(item, spend, depth + 1)}`,
      )
      return `{\n${pairs.join(',\n')}\n${outer}}`
    }
  }
  return jsonOf(value, style, depth)
}

/** sprig hides what goes wrong, unless the function's name begins with "must". */
const orElse = (compute: () => TemplateValue, otherwise: TemplateValue): TemplateValue => {
  try {
    return compute()
  } catch (error) {
    if (error instanceof TemplateFailure) return otherwise
    throw error
  }
}

export const fromJson: TemplateFunctions = {
  fromJson: define(['string'], ([text], { spend }) => orElse(() => parseJson(text, spend), null)),
}

/** sprig's functions on JSON. */
export const jsonFunctions: TemplateFunctions = {
  ...fromJson,
  mustFromJson: define(['string'], ([text], { spend }) => parseJson(text, spend)),
  toJson: define([ANY], ([value], { spend }) => orElse(() => jsonOf(value, { spend, raw: false }), '')),
  mustToJson: define([ANY], ([value], { spend }) => jsonOf(value, { spend, raw: false })),
  toRawJson: define([ANY], ([value], { spend }) => jsonOf(value, { spend, raw: true })),
  mustToRawJson: define([ANY], ([value], { spend }) => jsonOf(value, { spend, raw: true })),
  toPrettyJson: define([ANY], ([value], { spend }) => orElse(() => prettyJson(value, spend), '')),
  mustToPrettyJson: define([ANY], ([value], { spend }) => prettyJson(value, spend)),
}
