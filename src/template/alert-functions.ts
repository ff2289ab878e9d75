import { toFloat, parseFloatText } from './cast.ts'
import { compareText } from './byte-text.ts'
import { define, defineRest, refuse } from './define.ts'
import { TemplateFailure, type Invocation, type TemplateFunctions } from './functions.ts'
import * as humanize from './humanize.ts'
import { integerOf, typeOf } from './go-type.ts'
import { mustRegexpFor, regexpFor, replaceMatches } from './regex-pieces.ts'
import { stripDomain, stripPort } from './host-port.ts'
import { toLower, toTitle, toUpper } from './text-pieces.ts'
import { parseAlertDuration } from './alert-duration.ts'
import { escapeQuery } from './escape.ts'
import { mapOf, type ListValue, type StructValue, type TemplateValue, type TimeValue } from './values.ts'

const ANY = 'interface {}'

/** A number, or text of one. @throws TemplateFailure in Prometheus' words */
const numberOf = (value: TemplateValue): number => {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    const number = parseFloatText(value)
    if (number === null)
      throw new TemplateFailure(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`)
    return number
  }
  if (typeof value === 'object' && value?.kind === 'duration') return Number(value.ns) / 1e9
  if (integerOf(value) === null)
    throw new TemplateFailure(`can't convert ${value === null ? '<nil>' : typeOf(value)} to float`)
  return toFloat(value)
}

const timeFromSeconds = (value: TemplateValue): TimeValue | null => {
  const seconds = numberOf(value)
  if (!Number.isFinite(seconds)) return null
  const ns = seconds * 1e9
  if (Math.abs(ns) >= 2 ** 63)
    throw new TemplateFailure(`${seconds} cannot be represented as a nanoseconds timestamp since it overflows int64`)
  // As Prometheus' model.Time, which counts milliseconds.
  return { kind: 'time', ns: BigInt(Math.trunc(ns / 1e6)) * 1_000_000n, zone: 'UTC' }
}

const toTime = (value: TemplateValue): TimeValue => {
  const time = timeFromSeconds(value)
  if (time === null) throw new TemplateFailure('value is NaN or Inf')
  return time
}

const samplesOf = (value: TemplateValue): ListValue => {
  if (typeof value === 'object' && value?.kind === 'list') return value
  throw new TemplateFailure(`wrong type for value; expected template.queryResult; got ${typeOf(value)}`)
}

const sampleOf = (value: TemplateValue): StructValue => {
  if (typeof value === 'object' && value?.kind === 'struct') return value
  throw new TemplateFailure(`wrong type for value; expected *template.sample; got ${typeOf(value)}`)
}

const labelOf = (sample: TemplateValue, name: string): string => {
  const labels = sampleOf(sample).fields.get('Labels')
  const value = typeof labels === 'object' && labels?.kind === 'map' ? labels.entries.get(name) : undefined
  return typeof value === 'string' ? value : ''
}

const externalUrl = ({ facts }: Invocation): string => facts.externalUrl ?? ''

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : '')

const link = (expression: string, tab: 0 | 1): string => `/graph?g0.expr=${escapeQuery(expression)}&g0.tab=${tab}`

const firstOf = (value: TemplateValue): TemplateValue => {
  const [sample] = samplesOf(value).items
  if (sample === undefined) throw new TemplateFailure('first() called on vector with no elements')
  return sample
}

const sampleFunctions: TemplateFunctions = {
  query: refuse('alerts are rendered without the means to query'),
  first: define([ANY], ([samples]) => firstOf(samples)),
  label: define(['string', ANY], ([name, sample]) => labelOf(sample, name)),
  value: define([ANY], ([sample]) => sampleOf(sample).fields.get('Value') ?? 0),
  strvalue: define([ANY], ([sample]) => labelOf(sample, '__value__')),
  sortByLabel: define(['string', ANY], ([name, samples]) => {
    const list = samplesOf(samples)
    return {
      ...list,
      items: list.items.toSorted((left, right) => compareText(labelOf(left, name), labelOf(right, name))),
    }
  }),
  args: defineRest([], ANY, (_, values) => mapOf(values.map((value, index) => [`arg${index}`, value]))),
  tmpl: define(['string', ANY], ([name, dot], { include }) => include(name, dot)),
}

/** The functions that Prometheus and the ruler of Loki give to annotations and labels of alerts (template/template.go). */
export const alertFunctions: TemplateFunctions = {
  ...sampleFunctions,
  humanize: define([ANY], ([value]) => humanize.humanize(numberOf(value))),
  humanize1024: define([ANY], ([value]) => humanize.humanize1024(numberOf(value))),
  humanizeDuration: define([ANY], ([value]) => humanize.humanizeDuration(numberOf(value))),
  humanizePercentage: define([ANY], ([value]) => humanize.humanizePercentage(numberOf(value))),
  humanizeTimestamp: define([ANY], ([value]) => {
    const time = timeFromSeconds(value)
    return time === null ? humanize.general(numberOf(value)) : humanize.timestampText(time)
  }),
  toTime: define([ANY], ([value]) => toTime(value)),
  toDuration: define([ANY], ([value]) => ({ kind: 'duration', ns: BigInt(Math.trunc(numberOf(value) * 1e9)) })),
  now: define([], (_, { facts }) => Number(facts.nowNs ?? 0n) / 1e9),
  parseDuration: define(['string'], ([text]) => parseAlertDuration(text)),
  toUpper: define(['string'], ([text]) => toUpper(text)),
  toLower: define(['string'], ([text]) => toLower(text)),
  title: define(['string'], ([text]) => toTitle(text)),
  match: define(['string', 'string'], ([pattern, text], { spend }) => regexpFor(pattern, text, spend).test(text)),
  reReplaceAll: define(['string', 'string', 'string'], ([pattern, by, text], { spend }) =>
    replaceMatches(mustRegexpFor(pattern, text, spend), text, { by, literal: false }, spend),
  ),
  safeHtml: define(['string'], ([text]) => text),
  graphLink: define(['string'], ([expression]) => link(expression, 0)),
  tableLink: define(['string'], ([expression]) => link(expression, 1)),
  stripPort: define(['string'], ([hostPort]) => stripPort(hostPort)),
  stripDomain: define(['string'], ([hostPort]) => stripDomain(hostPort)),
  externalURL: define([], (_, invocation) => externalUrl(invocation)),
  pathPrefix: define([], (_, invocation) => pathOf(externalUrl(invocation))),
  urlQueryEscape: define(['string'], ([text]) => escapeQuery(text)),
}
