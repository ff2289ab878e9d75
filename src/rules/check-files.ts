import type { ConfigError } from '../config/config-error.ts'
import { keyPlace, report, type Place } from '../config/place.ts'
import type { MetricQuery } from '../logql/ast.ts'
import { labelFaults, type QueryFault } from './check-labels.ts'
import { reasonFaults, windowFaults } from './check-reasons.ts'
import { checkExpression, checkTemplates } from './check-rule.ts'
import { placeAt } from './located.ts'
import { rangesOf } from './query-parts.ts'
import { readRuleFile, type Rule, type RuleFile } from './rule-file.ts'

/** `eventail`: rules on what the agent writes, held to its names. `generic`: anybody's rules for Loki's ruler. */
export type RuleProfile = 'eventail' | 'generic'

const SEVERITIES = ['critical', 'warning', 'info']
const ANNOTATIONS = ['summary', 'description', 'runbook_url']

const checkDemands = ({ kind, labels, annotations, place }: Rule): void => {
  if (kind === 'record') return
  const { severity } = labels
  if (severity === undefined) {
    report({ ...place, path: `${place.path}.labels` }, 'MISSING_KEY', 'expected a label severity, got none')
  } else if (!SEVERITIES.includes(severity.text)) {
    report(severity.place, 'BAD_VALUE', `expected one of ${SEVERITIES.join(', ')}`)
  }
  for (const name of ANNOTATIONS) {
    if ((annotations[name]?.text ?? '').trim() !== '') continue
    const at = { ...place, path: `${place.path}.annotations.${name}` }
    report(at, 'MISSING_KEY', `expected an annotation ${name}, got none`)
  }
}

const queryFaults = ({ kind }: Rule, query: MetricQuery): readonly QueryFault[] => {
  const ranges = rangesOf(query)
  return [
    ...labelFaults(query, ranges),
    ...ranges.flatMap(({ log }) => reasonFaults(log)),
    ...(kind === 'alert' ? ranges.flatMap(windowFaults) : []),
  ]
}

const checkRule = (source: string, rule: Rule, profile: RuleProfile): void => {
  const query = checkExpression(source, rule)
  checkTemplates(source, rule, query)
  if (profile === 'generic') return
  checkDemands(rule)
  if (query === null) return
  // One place has one error, so what is wrong at the same place is told together.
  const byOffset = new Map<number, { readonly place: Place; readonly messages: Set<string> }>()
  for (const { from, message } of queryFaults(rule, query)) {
    const place = placeAt(source, rule.expr, from)
    const found = byOffset.get(place.offset)
    if (found === undefined) byOffset.set(place.offset, { place, messages: new Set([message]) })
    else found.messages.add(message)
  }
  for (const { place, messages } of byOffset.values()) report(place, 'BAD_VALUE', [...messages].join('; '))
}

/** What makes a rule the same as another one: its name, and in a generic file its labels too. */
const identity = (rule: Rule, profile: RuleProfile): string => {
  const labels = Object.entries(rule.labels).map(([name, { text }]) => [name, text])
  return JSON.stringify([
    rule.kind,
    rule.name.text,
    profile === 'eventail' && rule.kind === 'alert' ? [] : labels.sort(),
  ])
}

const lineOf = ({ name }: Rule): number => name.place.walk.findings.line(keyPlace(name.place))

const checkDuplicates = (files: readonly RuleFile[], profile: RuleProfile): void => {
  const seen = new Map<string, string>()
  for (const file of files) {
    if (profile === 'generic') seen.clear()
    for (const rule of file.groups.flatMap(({ rules }) => rules)) {
      if (rule.name.text === '') continue
      const key = identity(rule, profile)
      const first = seen.get(key)
      const name = `${rule.kind} ${JSON.stringify(rule.name.text)}`
      if (first !== undefined) report(rule.name.place, 'DUPLICATE_NAME', `${name} is defined already, in ${first}`)
      else seen.set(key, `${file.file}:${lineOf(rule)}`)
    }
  }
}

export type CheckedRules = { readonly files: readonly RuleFile[]; readonly errors: readonly ConfigError[] }

/** Everything that is wrong with files of rules, in their order; each is given with its name and its text. */
export const checkRules = (
  sources: readonly { readonly file: string; readonly text: string }[],
  profile: RuleProfile,
): CheckedRules => {
  const files = sources.map(({ file, text }) => readRuleFile(text, file))
  for (const { text, groups } of files) {
    for (const rule of groups.flatMap(({ rules }) => rules)) checkRule(text, rule, profile)
  }
  checkDuplicates(files, profile)
  return { files, errors: files.flatMap(({ findings }) => findings.errors) }
}
