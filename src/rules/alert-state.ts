import type { Labels } from '../entry/entry.ts'
import { metricOf, type Metric, type Sample } from '../logql/metric.ts'
import type { Template } from '../template/template.ts'
import type { Rule } from './rule-file.ts'
import { parseRuleTemplate, templateDot } from './rule-template.ts'

/** What templates know of their surroundings. */
export type RulerFacts = { readonly externalLabels: Labels; readonly externalUrl: string }

/** An alert of a rule. */
export type Alert = {
  readonly state: 'pending' | 'firing'
  /** Since when the expression has held without a break, in milliseconds. */
  readonly activeAtMs: number
  readonly labels: Metric
  /** Of the expression, at the last evaluation. */
  readonly value: number
  /** As the last evaluation gives them; a template that fails gives its error as text, as in Prometheus. */
  readonly annotations: () => Readonly<Record<string, string>>
}

type Active = { sample: Sample; readonly labels: Metric; readonly activeAtMs: number; state: Alert['state'] }

const compiled = (texts: Rule['labels'], alert: string): readonly (readonly [string, Template])[] =>
  Object.entries(texts).map(([name, { text }]) => {
    const parsed = parseRuleTemplate(text, `__alert_${alert}`)
    if (parsed.kind === 'error') throw new Error(`a checked template does not parse: ${parsed.why}`)
    return [name, parsed.template]
  })

/**
 * The alerts of one rule from evaluation to evaluation (Prometheus' rules/alerting.go, `Eval`): pending until the
 * expression has held for `for`, gone at the first evaluation in which it does not.
 */
export class AlertState {
  readonly #rule: Rule
  readonly #limit: number
  readonly #facts: RulerFacts
  readonly #labels: readonly (readonly [string, Template])[]
  readonly #annotations: readonly (readonly [string, Template])[]
  #active = new Map<string, Active>()

  /** @param limit most alerts at once; 0: any number. */
  constructor(rule: Rule, limit: number, facts: RulerFacts) {
    this.#rule = rule
    this.#limit = limit
    this.#facts = facts
    this.#labels = compiled(rule.labels, rule.name.text)
    this.#annotations = compiled(rule.annotations, rule.name.text)
  }

  /** Takes the answer of the expression at one time. @returns why the evaluation failed, or null. */
  evaluate(samples: readonly Sample[], nowMs: number): string | null {
    const next = new Map<string, Active>()
    for (const sample of samples) {
      const labels = this.#labelsOf(sample)
      if (next.has(labels.key)) return 'vector contains metrics with the same labelset after applying alert labels'
      const earlier = this.#active.get(labels.key)
      const alert: Active = earlier ?? { sample, labels, activeAtMs: nowMs, state: 'pending' }
      alert.sample = sample
      if (nowMs - alert.activeAtMs >= this.#rule.forMs) alert.state = 'firing'
      next.set(labels.key, alert)
    }
    const isTooMany = this.#limit > 0 && next.size > this.#limit
    this.#active = isTooMany ? new Map<string, Active>() : next
    return isTooMany ? `exceeded limit of ${this.#limit} with ${next.size} alerts` : null
  }

  alerts(): readonly Alert[] {
    return [...this.#active.values()].map(({ sample, labels, activeAtMs, state }) => ({
      state,
      activeAtMs,
      labels,
      value: sample.value,
      annotations: () =>
        Object.fromEntries(this.#annotations.map(([name, text]) => [name, this.#render(text, sample)])),
    }))
  }

  #labelsOf(sample: Sample): Metric {
    const labels = new Map(sample.metric.pairs)
    for (const [name, template] of this.#labels) labels.set(name, this.#render(template, sample))
    labels.set('alertname', this.#rule.name.text)
    return metricOf([...labels].filter(([, value]) => value !== ''))
  }

  #render(template: Template, { metric, value }: Sample): string {
    const { externalUrl } = this.#facts
    const rendered = template.render(templateDot({ labels: metric.pairs, ...this.#facts, value }), { externalUrl })
    return rendered.kind === 'ok'
      ? rendered.text
      : `<error expanding template: error executing template ${rendered.why}>`
  }
}
