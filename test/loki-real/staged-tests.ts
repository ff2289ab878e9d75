import { resolve } from 'node:path'
import type { Labels } from '../../src/entry/entry.ts'
import { evaluateInstant } from '../../src/logql/evaluate.ts'
import { StreamIndex } from '../../src/logql/store.ts'
import { AlertState } from '../../src/rules/alert-state.ts'
import { prepareTests } from '../../src/rules/prepare-tests.ts'
import { readSources } from '../../src/rules/read-sources.ts'
import type { Prepared, RunnableRule } from '../../src/rules/run-test.ts'
import { START_MS } from '../../src/rules/test-entries.ts'
import type { PushedEntry } from './both-lokis.ts'

/** The unit tests of the shipped rules, brought to another time and place: a real Loki only takes what is recent. */

const TESTS = resolve(import.meta.dirname, '../../rules/tests')
const MINUTE_MS = 60_000
/** So long must an alert hold by itself, to be seen in a ruler that evaluates once a minute. */
const HOLDS_MS = 3 * MINUTE_MS

export const shippedTests = (): readonly Prepared[] => {
  const read = readSources([TESTS])
  if (read.kind === 'unreadable') throw new Error(read.why)
  return read.sources.flatMap((source) => {
    const prepared = prepareTests(source, { structuredMetadata: true, rewrite: (expr) => expr })
    if (prepared.kind === 'invalid') throw new Error(`${source.file} is invalid`)
    return prepared.tests
  })
}

/** What had arrived at a time of the test, with that time moved to `nowMs`. */
export const arrivedBy = (
  prepared: Prepared,
  { atMs, nowMs, labels }: { readonly atMs: number; readonly nowMs: number; readonly labels: (of: Labels) => Labels },
): readonly PushedEntry[] => {
  const moved = BigInt(nowMs - atMs - START_MS) * 1_000_000n
  const entries = prepared.arrivals
    .filter((arrival) => arrival.atMs <= atMs)
    .map((arrival) => ({
      labels: labels(arrival.labels),
      entry: { ...arrival.entry, timestampNs: arrival.entry.timestampNs + moved },
    }))
  // Copies of an entry fall away in Loki.
  return [
    ...new Map(
      entries.map((one) => [JSON.stringify([one.labels, `${one.entry.timestampNs}`, one.entry.line]), one]),
    ).values(),
  ]
}

const holds = (prepared: Prepared, { query }: RunnableRule, fromMs: number): boolean => {
  const index = new StreamIndex()
  const nowMs = START_MS + fromMs
  for (const { labels, entry } of arrivedBy(prepared, { atMs: fromMs, nowMs, labels: (of) => of })) {
    index.add(labels, [entry])
  }
  for (let ms = 0; ms <= HOLDS_MS; ms += MINUTE_MS) {
    const outcome = evaluateInstant(index, query, { timeNs: BigInt(nowMs + ms) * 1_000_000n, by: 'ruler' })
    if (outcome.kind !== 'vector' || outcome.samples.length === 0) return false
  }
  return true
}

/** A test of an alert and the time in it from which on its expression holds for a while. */
export type Scene = {
  readonly alert: string
  readonly prepared: Prepared
  readonly atMs: number
  readonly forMs: number
}

const sceneOf = (alert: string, prepared: Prepared, rule: RunnableRule): Scene | null => {
  const endMs = Math.max(0, ...prepared.test.alertCases.map(({ evalMs }) => evalMs))
  for (let atMs = 0; atMs <= endMs; atMs += MINUTE_MS) {
    if (holds(prepared, rule, atMs)) return { alert, prepared, atMs, forMs: rule.rule.forMs }
  }
  return null
}

/** One scene for each alert that the tests fire. */
export const scenes = (tests: readonly Prepared[]): readonly Scene[] => {
  const found = new Map<string, Scene>()
  for (const prepared of tests) {
    for (const { alert, expected } of prepared.test.alertCases) {
      const [rule] = prepared.alerts.get(alert.text) ?? []
      if (expected.length === 0 || found.has(alert.text) || rule === undefined) continue
      const scene = sceneOf(alert.text, prepared, rule)
      if (scene !== null) found.set(alert.text, scene)
    }
  }
  return [...found.values()]
}

export type ExpectedAlert = {
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly forMs: number
}

/** The alerts of a scene as the own engine and templates make them. */
export const alertsOf = (scene: Scene, labels: (of: Labels) => Labels): readonly ExpectedAlert[] => {
  const index = new StreamIndex()
  const nowMs = START_MS + scene.atMs
  for (const one of arrivedBy(scene.prepared, { atMs: scene.atMs, nowMs, labels })) index.add(one.labels, [one.entry])
  return (scene.prepared.alerts.get(scene.alert) ?? []).flatMap(({ rule, query, limit }) => {
    const outcome = evaluateInstant(index, query, { timeNs: BigInt(nowMs) * 1_000_000n, by: 'ruler' })
    const state = new AlertState(rule, limit, scene.prepared.facts)
    state.evaluate(outcome.kind === 'vector' ? outcome.samples : [], nowMs)
    return state.alerts().map((alert) => ({
      labels: Object.fromEntries(alert.labels.pairs),
      annotations: alert.annotations(),
      forMs: scene.forMs,
    }))
  })
}
