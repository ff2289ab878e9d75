import { createHash } from 'node:crypto'
import { expand } from '../regexp/expand.ts'
import type { Groups } from '../regexp/go-regexp.ts'
import { byBytes } from '../jmespath/json-text.ts'
import { remembered } from '../regexp/memo.ts'
import { toLower, toUpper } from './letter-case.ts'
import type { RelabelRule } from './rule.ts'

/** Labels by name; an empty value is no label. */
export type LabelMap = Map<string, string>

/** Changes the labels in place; false: the entry is not wanted. `first`: the labels before all rules, if asked for. */
type Step = (labels: LabelMap, first: ReadonlyMap<string, string>) => boolean

/** Sees a rule at work: answers what is to run in its place, which calls `apply` once. */
export type Watch = (rule: RelabelRule, index: number) => (labels: LabelMap, apply: () => boolean) => boolean

const set = (labels: LabelMap, name: string, value: string): void => {
  if (value === '') labels.delete(name)
  else labels.set(name, value)
}

const sourceValue = (rule: RelabelRule, labels: LabelMap): string => {
  const { sourceLabels, separator } = rule
  if (sourceLabels.length === 1) return labels.get(sourceLabels[0] ?? '') ?? ''
  return sourceLabels.map((name) => labels.get(name) ?? '').join(separator)
}

const hashMod = (value: string, modulus: bigint): string =>
  String(createHash('md5').update(value).digest().readBigUInt64BE(8) % modulus)

const replaceStep = (rule: RelabelRule): Step => {
  const find = remembered<Groups | null>((value) => rule.regexp.find(value))
  return (labels) => {
    const groups = find(sourceValue(rule, labels))
    if (groups === null) return true
    const target = expand(rule.target, groups)
    if (target !== '') set(labels, target, expand(rule.replacement, groups))
    return true
  }
}

/** The new name of a label whose name matches, or null. */
const renaming = ({ regexp, replacement }: RelabelRule): ((name: string) => string | null) =>
  remembered((name) => {
    let renamed = ''
    let after = 0
    for (const matcher of regexp.matches(name)) {
      const groups = Array.from({ length: regexp.names.length + 1 }, (_, group) => matcher.group(group))
      renamed += name.slice(after, matcher.start()) + expand(replacement, groups)
      after = matcher.end()
    }
    return regexp.test(name) ? renamed + name.slice(after) : null
  })

/** Prometheus' order, which decides when several labels get one name: by name, then those that a rule has set. */
const inOrder = (labels: LabelMap, first: ReadonlyMap<string, string>): readonly (readonly [string, string])[] => {
  const [old, changed]: [(readonly [string, string])[], (readonly [string, string])[]] = [[], []]
  for (const label of labels) (first.get(label[0]) === label[1] ? old : changed).push(label)
  return [...old.sort(([a], [b]) => byBytes(a, b)), ...changed]
}

const labelMapStep = (rule: RelabelRule): Step => {
  const renamed = renaming(rule)
  return (labels, first) => {
    for (const [name, value] of inOrder(labels, first)) {
      const other = renamed(name)
      if (other !== null) set(labels, other, value)
    }
    return true
  }
}

/** Removes the labels whose names match (`wanted` false), or all others. */
const selectStep = ({ regexp }: RelabelRule, wanted: boolean): Step => {
  const test = remembered((name) => regexp.test(name))
  return (labels) => {
    for (const name of [...labels.keys()]) if (test(name) !== wanted) labels.delete(name)
    return true
  }
}

const matchStep = (rule: RelabelRule, wanted: boolean): Step => {
  const test = remembered((value) => rule.regexp.test(value))
  return (labels) => test(sourceValue(rule, labels)) === wanted
}

const equalStep =
  (rule: RelabelRule, wanted: boolean): Step =>
  (labels) =>
    (sourceValue(rule, labels) === (labels.get(rule.targetLabel) ?? '')) === wanted

/** Sets the target label to something made of the value. */
const setStep =
  (rule: RelabelRule, make: (value: string) => string): Step =>
  (labels) => {
    set(labels, rule.targetLabel, make(sourceValue(rule, labels)))
    return true
  }

const stepOf = (rule: RelabelRule): Step => {
  switch (rule.action) {
    case 'replace':
      return replaceStep(rule)
    case 'keep':
    case 'drop':
      return matchStep(rule, rule.action === 'keep')
    case 'keepequal':
    case 'dropequal':
      return equalStep(rule, rule.action === 'keepequal')
    case 'hashmod':
      return setStep(
        rule,
        remembered((value) => hashMod(value, rule.modulus)),
      )
    case 'labelmap':
      return labelMapStep(rule)
    case 'labeldrop':
    case 'labelkeep':
      return selectStep(rule, rule.action === 'labelkeep')
    case 'lowercase':
      return setStep(rule, toLower)
    case 'uppercase':
      return setStep(rule, toUpper)
  }
}

/**
 * Rules ready to be applied, in their order (Prometheus, model/relabel/relabel.go). The labels are changed in place;
 * false: what has them is not wanted. Labels that begin with `__` are left to the caller.
 */
export const createRelabeler = (rules: readonly RelabelRule[], watch?: Watch): ((labels: LabelMap) => boolean) => {
  const steps = rules.map((rule, index): Step => {
    const step = stepOf(rule)
    const watched = watch?.(rule, index)
    return watched === undefined ? step : (labels, first) => watched(labels, () => step(labels, first))
  })
  const asksForFirst = rules.some(({ action }) => action === 'labelmap')
  return (labels) => {
    for (const [name, value] of labels) if (value === '') labels.delete(name)
    const first = asksForFirst ? new Map(labels) : labels
    return steps.every((step) => step(labels, first))
  }
}
