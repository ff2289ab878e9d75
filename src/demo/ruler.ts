import type { Clock } from '../clock.ts'
import type { MetricQuery } from '../logql/ast.ts'
import { evaluateInstant } from '../logql/evaluate.ts'
import { NO_LABELS, type Vector } from '../logql/metric.ts'
import { parseQuery } from '../logql/parse.ts'
import type { StreamSource } from '../logql/store.ts'
import { AlertState, type Alert, type RulerFacts } from '../rules/alert-state.ts'
import type { Source } from '../rules/read-sources.ts'
import { readRuleFile, type Rule, type RuleGroup } from '../rules/rule-file.ts'

/** When something was evaluated last, and how long that took. */
type Evaluated = { readonly atMs: number; readonly tookMs: number }

/** A rule with what its last evaluation found; `last` null: there was none. */
export type RuledRule = {
  readonly rule: Rule
  readonly last: Evaluated | null
  /** Why the last evaluation failed; '': it did not. */
  readonly lastError: string
  readonly alerts: readonly Alert[]
}

export type RuledGroup = {
  /** The file's name: what Loki calls the namespace. */
  readonly file: string
  readonly group: RuleGroup
  readonly last: Evaluated | null
  readonly rules: readonly RuledRule[]
}

export type RulerOptions = {
  /** Rule files without mistakes. */
  readonly sources: readonly Source[]
  /** Whose rules they are; other tenants have none. */
  readonly tenant: string
  readonly entries: StreamSource
  readonly clock: Clock
  readonly facts: RulerFacts
  /** Told of every alert that begins to fire, and of its end. */
  readonly changed?: (alert: Alert, change: AlertChange) => void
}

export type AlertChange = 'firing' | 'resolved'

const EVALUATION_MS = 60_000
/** The agent has shipped by then what was there when it began. */
const FIRST_MS = 5000

const queryOf = (expr: string): MetricQuery => {
  const parsed = parseQuery(expr)
  if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error(`a rule asks for no numbers: ${expr}`)
  return parsed.query
}

const firingIn = (alerts: readonly Alert[]): ReadonlyMap<string, Alert> =>
  new Map(alerts.filter(({ state }) => state === 'firing').map((alert) => [alert.labels.key, alert]))

class RunningRule {
  readonly #rule: Rule
  readonly #query: MetricQuery
  readonly #state: AlertState | null
  #last: Evaluated | null = null
  #lastError = ''

  constructor(rule: Rule, limit: number, facts: RulerFacts) {
    this.#rule = rule
    this.#query = queryOf(rule.expr.text)
    this.#state = rule.kind === 'alert' ? new AlertState(rule, limit, facts) : null
  }

  /** @returns how long it took, in milliseconds. */
  evaluate({ entries, clock, changed }: RulerOptions, nowMs: number): number {
    const startMs = clock.monotonicMs()
    const before = firingIn(this.#state?.alerts() ?? [])
    const samples = this.#samples(entries, nowMs)
    this.#lastError = 'why' in samples ? samples.why : (this.#state?.evaluate(samples.vector, nowMs) ?? '')
    const tookMs = clock.monotonicMs() - startMs
    this.#last = { atMs: nowMs, tookMs }
    const after = firingIn(this.#state?.alerts() ?? [])
    for (const [key, alert] of after) if (!before.has(key)) changed?.(alert, 'firing')
    for (const [key, alert] of before) if (!after.has(key)) changed?.(alert, 'resolved')
    return tookMs
  }

  get ruled(): RuledRule {
    const [rule, last, lastError] = [this.#rule, this.#last, this.#lastError]
    return { rule, last, lastError, alerts: this.#state?.alerts() ?? [] }
  }

  #samples(entries: StreamSource, nowMs: number): { readonly vector: Vector } | { readonly why: string } {
    const outcome = evaluateInstant(entries, this.#query, { timeNs: BigInt(nowMs) * 1_000_000n, by: 'ruler' })
    if (outcome.kind === 'error') return { why: outcome.message }
    if (outcome.kind === 'vector') return { vector: outcome.samples }
    return { vector: [{ metric: NO_LABELS, value: outcome.value }] }
  }
}

type RunningGroup = Omit<RuledGroup, 'rules' | 'last'> & {
  readonly rules: readonly RunningRule[]
  last: Evaluated | null
}

const groupsOf = ({ file, text }: Source, facts: RulerFacts): readonly RunningGroup[] => {
  const { groups, findings } = readRuleFile(text, file)
  if (findings.failed()) throw new Error(`${file}: ${findings.errors.map(({ message }) => message).join('; ')}`)
  return groups.map((group) => ({
    file: file.replace(/^.*\//, ''),
    group,
    last: null,
    rules: group.rules.map((rule) => new RunningRule(rule, group.limit, facts)),
  }))
}

/** The ruler of the embedded Loki: alerts are for its API alone, and what recording rules find goes nowhere. */
export class Ruler {
  readonly #options: RulerOptions
  readonly #groups: readonly RunningGroup[]

  constructor(options: RulerOptions) {
    this.#options = options
    this.#groups = options.sources.flatMap((source) => groupsOf(source, options.facts))
  }

  /** Evaluates all groups soon and then every minute, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    await clock.sleep(FIRST_MS, signal)
    while (!signal.aborted) {
      for (const group of this.#groups) await this.#evaluate(group, signal)
      await clock.sleep(EVALUATION_MS, signal)
    }
  }

  /** The groups of a tenant as their files have them. */
  groups(tenant: string): readonly RuledGroup[] {
    if (tenant !== this.#options.tenant) return []
    return this.#groups.map((group) => ({ ...group, rules: group.rules.map(({ ruled }) => ruled) }))
  }

  /** All rules of a group look at the same time, as in Loki. */
  async #evaluate(group: RunningGroup, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const atMs = Math.floor(clock.now())
    let groupMs = 0
    for (const rule of group.rules) {
      if (signal.aborted) return
      const tookMs = rule.evaluate(this.#options, atMs)
      groupMs += tookMs
      // Pushes and queries have their turn, and at least half of the time, however much there is to look at.
      await clock.sleep(tookMs, signal)
    }
    group.last = { atMs, tookMs: groupMs }
  }
}
