import { isMap, isSeq } from 'yaml'
import { listOf, mapOf, optional, record, required, scalar, wrong, type Decoder } from '../config/decoder.ts'
import type { Findings } from '../config/findings.ts'
import { childrenOf, described, items, report, scalarOf, type Place } from '../config/place.ts'
import { integer, labelName, text } from '../config/scalars.ts'
import type { Labels } from '../entry/entry.ts'
import { parseSelector } from '../logql/parse.ts'
import { located, type Located } from './located.ts'
import { decodeFile, promDuration } from './rule-file.ts'

/** What happens again and again, and when Loki has it; milliseconds since the start of the test. */
export type Occurrences = {
  readonly atMs: number
  readonly times: number
  readonly everyMs: number
  /** null: each at its own time. */
  readonly arrivesMs: number | null
  /** How often each stands in Loki. */
  readonly copies: number
}

/** `json`: what is written of a core/v1 Event. */
export type EventInput = Occurrences & { readonly json: Readonly<Record<string, unknown>>; readonly place: Place }

export type LineInput = Occurrences & { readonly line: string; readonly metadata: Labels }
export type StreamInput = { readonly labels: Labels; readonly entries: readonly LineInput[] }

export type ExpectedAlert = {
  readonly labels: Labels
  /** Null: not looked at. */
  readonly annotations: Readonly<Record<string, string>> | null
}

export type AlertCase = {
  readonly evalMs: number
  readonly alert: Located
  readonly expected: readonly ExpectedAlert[]
  readonly place: Place
}

export type ExpectedSample = { readonly labels: Labels; readonly value: number }

export type ExpressionCase = {
  readonly evalMs: number
  /** Either an expression or the name of a recording rule, the other is null. */
  readonly expr: Located | null
  readonly record: Located | null
  readonly expected: readonly ExpectedSample[]
  readonly place: Place
}

export type RuleTest = {
  readonly name: Located
  readonly intervalMs: number | null
  readonly externalLabels: Labels | null
  readonly events: readonly EventInput[]
  readonly streams: readonly StreamInput[]
  readonly alertCases: readonly AlertCase[]
  readonly expressionCases: readonly ExpressionCase[]
}

/** A file of unit tests; what is wrong with it is in `findings`. */
export type TestFile = {
  readonly file: string
  readonly text: string
  readonly ruleFiles: readonly Located[]
  readonly intervalMs: number
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly tests: readonly RuleTest[]
  readonly findings: Findings
}

/** More would not be a unit test. */
const MAX_OCCURRENCES = 100_000
const MAX_COPIES = 100
const MINUTE_MS = 60_000

const interval = <T>(absent: T): Decoder<T | number> => {
  const decoder = promDuration(absent)
  return {
    ...decoder,
    read: (place) => {
      const ms = decoder.read(place)
      if (ms !== 0) return ms
      report(place, 'BAD_DURATION', 'expected a duration above 0')
      return absent
    },
  }
}

/** Keys of an event that hold numbers; everything else is text there. */
const NUMBERS: ReadonlySet<string> = new Set(['count'])

const jsonOf = (place: Place, key: string): unknown => {
  if (isMap(place.node)) {
    return Object.fromEntries([...childrenOf(place)].map(([name, child]) => [name, jsonOf(child, name)]))
  }
  if (isSeq(place.node)) return items(place).map((item) => jsonOf(item, key))
  const found = scalarOf(place)
  if (found === null) return null
  return NUMBERS.has(key) && /^\d{1,15}$/.test(found.text) ? Number(found.text) : found.text
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const eventJson: Decoder<Readonly<Record<string, unknown>>> = {
  read: (place) => {
    const json = jsonOf(place, '')
    if (isObject(json)) return json
    if (json !== null) report(place, 'BAD_TYPE', `expected an event, got ${described(place)}`)
    return {}
  },
}

const OCCURRENCE_FIELDS = {
  at: required(promDuration(0)),
  times: integer(1, { min: 1, max: MAX_OCCURRENCES }),
  every: promDuration(0),
  arrives: promDuration<null>(null),
  copies: integer(1, { min: 1, max: MAX_COPIES }),
}

type OccurrenceValues = {
  readonly at: number
  readonly times: number
  readonly every: number
  readonly arrives: number | null
  readonly copies: number
}

const occurrences = ({ at, times, every, arrives, copies }: OccurrenceValues): Occurrences => ({
  atMs: at,
  times,
  everyMs: every,
  arrivesMs: arrives,
  copies,
})

const eventInput = record({ ...OCCURRENCE_FIELDS, event: required(eventJson) }, (values, section): EventInput => ({
  ...occurrences(values),
  json: values.event,
  place: section.place,
}))

const EXPECTED_LABELS = 'labels such as {job="eventail", cluster="prod"}'

const labelText: Decoder<Labels> = scalar<Labels>({}, EXPECTED_LABELS, (value) => {
  const parsed = parseSelector(value)
  if (parsed.kind === 'error' || parsed.matchers.some(({ op }) => op !== '='))
    return wrong('BAD_VALUE', EXPECTED_LABELS)
  return { value: Object.fromEntries(parsed.matchers.map((matcher) => [matcher.name, matcher.value])) }
})

const labels = mapOf(text(), labelName)

const streamInput = record(
  {
    stream: required(labelText),
    entries: listOf(
      record({ ...OCCURRENCE_FIELDS, line: text(), metadata: labels }, (values): LineInput => ({
        ...occurrences(values),
        line: values.line,
        metadata: values.metadata,
      })),
    ),
  },
  ({ stream, entries }): StreamInput => ({ labels: stream, entries }),
)

const alertCase = record(
  {
    eval_time: required(promDuration(0)),
    alertname: required(located(text())),
    exp_alerts: listOf(
      record({ exp_labels: labels, exp_annotations: optional(labels) }, (values): ExpectedAlert => ({
        labels: values.exp_labels,
        annotations: values.exp_annotations,
      })),
    ),
  },
  (values, { place }): AlertCase => ({
    evalMs: values.eval_time,
    alert: values.alertname,
    expected: values.exp_alerts,
    place,
  }),
)

const number = scalar(0, 'a number', (value) => {
  const parsed = Number(value.replace(/^([+-]?)Inf$/, '$1Infinity'))
  return value.trim() === '' || (Number.isNaN(parsed) && value !== 'NaN')
    ? wrong('BAD_TYPE', 'a number')
    : { value: parsed }
})

const expressionCase = record(
  {
    expr: optional(located(text())),
    record: optional(located(text())),
    eval_time: required(promDuration(0)),
    exp_samples: listOf(record({ labels: labelText, value: required(number) }, (values): ExpectedSample => values)),
  },
  (values, { place }): ExpressionCase => {
    if ((values.expr === null) === (values.record === null)) {
      report(place, 'CONFLICT', 'one of expr and record must be set')
    }
    return {
      evalMs: values.eval_time,
      expr: values.expr,
      record: values.record,
      expected: values.exp_samples,
      place,
    }
  },
)

const test = record(
  {
    name: located(text()),
    interval: interval<null>(null),
    external_labels: optional(labels),
    input_events: listOf(eventInput),
    input_streams: listOf(streamInput),
    alert_rule_test: listOf(alertCase),
    logql_expr_test: listOf(expressionCase),
  },
  (values, section): RuleTest => {
    if (values.alert_rule_test.length + values.logql_expr_test.length === 0) {
      report(section.place, 'MISSING_KEY', 'expected alert_rule_test or logql_expr_test: this test tests nothing')
    }
    return {
      name: values.name,
      intervalMs: values.interval,
      externalLabels: values.external_labels,
      events: values.input_events,
      streams: values.input_streams,
      alertCases: values.alert_rule_test,
      expressionCases: values.logql_expr_test,
    }
  },
)

/** For anchors. */
const anything: Decoder<null> = { read: () => null }

const testFile = record(
  {
    rule_files: required(listOf(located(text()))),
    evaluation_interval: interval(MINUTE_MS),
    external_labels: labels,
    external_url: text('http://localhost:3000'),
    events: anything,
    lines: anything,
    tests: required(listOf(test)),
  },
  (values): Omit<TestFile, 'file' | 'text' | 'findings'> => ({
    ruleFiles: values.rule_files,
    intervalMs: values.evaluation_interval,
    externalLabels: values.external_labels,
    externalUrl: values.external_url,
    tests: values.tests,
  }),
)

const NOTHING = { ruleFiles: [], intervalMs: MINUTE_MS, externalLabels: {}, externalUrl: '', tests: [] }

/** Reads a file of unit tests of rules; docs/rules.md has its keys. */
export const readTestFile = (source: string, file: string): TestFile => {
  const { value, findings } = decodeFile(source, file, testFile)
  return { ...(value ?? NOTHING), file, text: source, findings }
}
