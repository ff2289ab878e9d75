import { frameFindings } from './check-frame.ts'
import { type DashboardProfile, logqlFindings } from './check-logql.ts'
import { panelFindings } from './check-panels.ts'
import { promqlFindings } from './check-promql.ts'
import { unknownReferences, variableFindings } from './check-variables.ts'
import type { Finding } from './finding.ts'
import { fieldOf, isObject } from './json.ts'
import { type Model, modelOf, type Target } from './model.ts'

const referenceFindings = ({ variables }: Model, { where, expr }: Target): readonly Finding[] =>
  unknownReferences([expr], variables).map((name) => ({
    rule: 'variable-defined',
    where,
    message: `the dashboard has no variable ${JSON.stringify(name)}`,
  }))

const targetFindings = (model: Model, target: Target, profile: DashboardProfile): readonly Finding[] => {
  if (target.expr.trim() === '') return []
  const missing = referenceFindings(model, target)
  if (missing.length > 0) return missing
  if (target.source === 'loki') return logqlFindings(model, target, profile)
  return target.source === 'prometheus' ? promqlFindings(model, target, profile) : []
}

/** A file as the HTTP API hands it out has the dashboard under a key; the newer model has a `spec`. */
const shapeFinding = (json: unknown): Finding | null => {
  const rule = 'dashboard-model'
  if (!isObject(json)) return { rule, where: '', message: 'expected an object, as the classic model of a dashboard is' }
  if (Array.isArray(fieldOf(json, 'panels'))) return null
  const message = isObject(fieldOf(json, 'spec'))
    ? 'expected the classic model; this is a resource of a newer one: its "spec" may be it'
    : 'expected "panels", as the classic model of a dashboard has'
  return { rule, where: '', message }
}

/** Everything that is wrong with a dashboard in the classic model; `text` is that of its file. */
export const dashboardFindings = (text: string, profile: DashboardProfile): readonly Finding[] => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [{ rule: 'dashboard-json', where: '', message: `expected JSON: ${error.message}` }]
  }
  const shape = shapeFinding(json)
  if (shape !== null || !isObject(json)) return shape === null ? [] : [shape]
  const model = modelOf(json)
  const targets = [...model.panels.flatMap((panel) => panel.targets), ...model.annotations]
  return [
    ...frameFindings(model),
    ...variableFindings(model),
    ...panelFindings(model),
    ...targets.flatMap((target) => targetFindings(model, target, profile)),
  ]
}
