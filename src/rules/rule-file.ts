import { isScalar } from 'yaml'
import { listOf, mapOf, record, required, scalar, unsupported, wrong, type Decoder } from '../config/decoder.ts'
import type { Findings } from '../config/findings.ts'
import { report, type Place } from '../config/place.ts'
import { checkedText, integer, labelName, text } from '../config/scalars.ts'
import { parseYamlFile } from '../config/yaml-file.ts'
import { parsePrometheusDuration } from '../logql/duration.ts'
import { located, type Located } from './located.ts'

/** A rule as the ruler keeps it. */
export type Rule = {
  readonly kind: 'alert' | 'record'
  readonly name: Located
  readonly expr: Located
  readonly forMs: number
  readonly labels: Readonly<Record<string, Located>>
  readonly annotations: Readonly<Record<string, Located>>
  readonly place: Place
}

export type RuleGroup = {
  readonly name: Located
  /** null: that of the ruler. */
  readonly intervalMs: number | null
  /** Most alerts or series of a rule; 0: any number. */
  readonly limit: number
  readonly rules: readonly Rule[]
}

/** A file of rules; what is wrong with it is in `findings`, and what could be read is there nevertheless. */
export type RuleFile = {
  readonly file: string
  readonly text: string
  readonly groups: readonly RuleGroup[]
  readonly findings: Findings
}

/** Nodes of a file, counting what aliases repeat. */
const MAX_NODES = 400_000

const DURATION = 'a duration such as 30s, 5m or 1h30m'

/** Milliseconds of a duration in Prometheus' syntax. */
export const promDuration = <T>(absent: T): Decoder<T | number> =>
  scalar<T | number>(absent, DURATION, (value) => {
    const parsed = parsePrometheusDuration(value)
    if (parsed.kind === 'ok') return { value: Number(parsed.ns / 1_000_000n) }
    return wrong('BAD_DURATION', DURATION)
  })

const dropped = unsupported('Loki reads this key and drops it silently: it has no effect in its ruler')

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

const ruleLabel = (name: string): ReturnType<typeof labelName> =>
  name === '__name__' ? { code: 'BAD_LABEL', expected: 'a label other than __name__' } : labelName(name)

const nonEmpty = (expected: string): Decoder<Located> =>
  located(checkedText(expected, (value) => (value.trim() === '' ? { code: 'BAD_VALUE', expected } : null)))

const texts = (check: typeof labelName): Decoder<Readonly<Record<string, Located>>> => mapOf(located(text()), check)

const rule = record(
  {
    record: located(
      checkedText('the name of a metric', (name) =>
        METRIC_NAME.test(name) ? null : { code: 'BAD_VALUE', expected: 'the name of a metric' },
      ),
    ),
    alert: nonEmpty('the name of an alert'),
    expr: required(nonEmpty('a LogQL query')),
    for: promDuration(0),
    keep_firing_for: dropped,
    labels: texts(ruleLabel),
    annotations: texts(labelName),
  },
  (values, section): Rule => {
    const isRecord = section.has('record')
    if (isRecord === section.has('alert')) {
      const message = isRecord ? 'only one of record and alert must be set' : 'one of record and alert must be set'
      report(section.place, isRecord ? 'CONFLICT' : 'MISSING_KEY', message)
    }
    for (const key of isRecord ? ['for', 'annotations'] : []) {
      if (section.has(key)) section.reportKey(key, 'CONFLICT', `a recording rule has no ${key}`)
    }
    return {
      kind: isRecord ? 'record' : 'alert',
      name: isRecord ? values.record : values.alert,
      expr: values.expr,
      forMs: values.for,
      labels: values.labels,
      annotations: values.annotations,
      place: section.place,
    }
  },
)

const group = record(
  {
    name: required(nonEmpty('the name of a group')),
    interval: promDuration<null>(null),
    limit: integer(0, { min: 0 }),
    rules: listOf(rule),
    query_offset: dropped,
    labels: dropped,
  },
  (values): RuleGroup => ({
    name: values.name,
    intervalMs: values.interval,
    limit: values.limit,
    rules: values.rules,
  }),
)

const repeatedGroup = ({ name }: RuleGroup, earlier: readonly RuleGroup[]): string | null =>
  name.text !== '' && earlier.some((other) => other.name.text === name.text)
    ? `group name ${JSON.stringify(name.text)} is repeated in this file`
    : null

const ruleFile = record({ groups: required(listOf(group, repeatedGroup)) }, ({ groups }) => groups)

/** Reads a file with one decoder; null when the YAML itself is broken, which is then all that is told. */
export const decodeFile = <T>(
  source: string,
  file: string,
  decoder: Decoder<T>,
): { readonly value: T | null; readonly findings: Findings } => {
  const { findings, root, targets } = parseYamlFile(source, file)
  if (findings.failed()) return { value: null, findings }
  const place: Place = {
    walk: { targets, findings, budget: MAX_NODES },
    node: isScalar(root) && root.value === '' ? null : root,
    path: '',
    offset: 0,
    keyOffset: 0,
    flag: null,
    overlay: null,
    secret: false,
    silent: false,
    depth: 0,
  }
  return { value: decoder.read(place), findings }
}

/** Reads a file of rules as the ruler reads it: groups of rules with these keys and no others. */
export const readRuleFile = (source: string, file: string): RuleFile => {
  const { value, findings } = decodeFile(source, file, ruleFile)
  return { file, text: source, groups: value ?? [], findings }
}
