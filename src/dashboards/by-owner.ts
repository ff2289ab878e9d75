import { byOwner, KIND_AND_NAME } from '../rules/by-owner.ts'
import { fieldOf, isObject, objectsOf, textOf, type Json } from './json.ts'
import { withStandIns } from './stand-ins.ts'

/** A node is nobody's. */
const OF_NODES = 'kind="Node"'
const SAYS = ' By the controller of each object: a pod counts for its Deployment. Needs an agent with enrich.owners.'

const OWNERS: ReadonlyMap<string, string> = new Map(KIND_AND_NAME)

const exprByOwner = (expr: string): string =>
  expr.includes(OF_NODES) ? expr : withStandIns(expr, (query) => byOwner(query, KIND_AND_NAME))

/** A link to the timeline of one object leads to all whose names begin with the owner's, as its pods' do. */
const linkByOwner = (url: string): string => url.replace('&var-kind=${__data.fields.Kind}', '').replace('%24', '')

const legendByOwner = (legend: string): string =>
  legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (found, label: string) =>
    OWNERS.has(label) ? `{{${OWNERS.get(label) ?? label}}}` : found,
  )

/** Keys of a transformation that are names of fields. */
const FIELD_KEYS: ReadonlySet<string> = new Set(['excludeByName', 'includeByName', 'indexByName', 'renameByName'])

const fieldsByOwner = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [OWNERS.get(name) ?? name, value]))

const valueByOwner = (key: string, value: unknown): unknown => {
  if (typeof value === 'string') {
    if (key === 'expr') return exprByOwner(value)
    if (key === 'url') return linkByOwner(value)
    return key === 'legendFormat' ? legendByOwner(value) : value
  }
  if (Array.isArray(value)) return value.map((item) => valueByOwner(key, item))
  if (!isObject(value)) return value
  if (FIELD_KEYS.has(key)) return fieldsByOwner(value)
  return Object.fromEntries(Object.entries(value).map(([inner, field]) => [inner, valueByOwner(inner, field)]))
}

const isByObject = (panel: Json): boolean =>
  objectsOf(panel, 'targets').some((target) => exprByOwner(textOf(target, 'expr')) !== textOf(target, 'expr'))

const panelByOwner = (panel: Json): Json => {
  const inner = fieldOf(panel, 'panels')
  if (Array.isArray(inner)) return { ...panel, panels: objectsOf(panel, 'panels').map(panelByOwner) }
  if (!isByObject(panel)) return panel
  const changed = valueByOwner('', panel) as Json
  return { ...changed, description: `${textOf(panel, 'description')}${SAYS}` }
}

/**
 * A dashboard whose panels that count by object count by its owner instead; an object whose owner is not known stands for
 * itself. For entries of an agent with `enrich: {owners: true}`. What is about nodes stays as it is.
 */
export const dashboardByOwner = (dashboard: unknown): unknown =>
  isObject(dashboard) ? { ...dashboard, panels: objectsOf(dashboard, 'panels').map(panelByOwner) } : dashboard
