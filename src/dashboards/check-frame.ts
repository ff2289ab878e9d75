import type { Finding, Rule } from './finding.ts'
import { fieldOf, numberOf, textOf } from './json.ts'
import type { GridPos, Model, Panel } from './model.ts'

const GRID_WIDTH = 24
/** The last version of the classic model. */
const SCHEMA_VERSION = 42

/** Keys that a file must not have which is provisioned and imported: of one installation, or filled in by import alone. */
const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  id: 'it is of one installation, and another dashboard may have it in the next',
  __inputs: 'provisioning does not fill them in',
  __requires: 'provisioning may leave such a file out',
  __elements: 'provisioning may leave such a file out',
}

const wholeFindings = ({ json }: Model): readonly Finding[] => {
  const found: Finding[] = []
  const add = (rule: Rule, message: string): void => void found.push({ rule, where: '', message })
  if (fieldOf(json, 'editable') !== false) add('uneditable-dashboard-rule', 'expected "editable": false')
  if (textOf(json, 'title') === '') add('dashboard-title', 'expected a title, got none')
  if (!/^[\w-]{1,40}$/.test(textOf(json, 'uid'))) {
    add('dashboard-uid', 'expected a uid of up to 40 letters, digits, - and _: links and updates go by it')
  }
  const version = numberOf(json, 'schemaVersion')
  if (!(version <= SCHEMA_VERSION)) {
    add('schema-version', `expected a schemaVersion of the classic model, ${SCHEMA_VERSION} at most`)
  }
  for (const [key, why] of Object.entries(FOREIGN_KEYS)) {
    if (Object.hasOwn(json, key)) add('foreign-key', `expected no key ${key}: ${why}`)
  }
  return found
}

const isWithin = ({ x, y, w, h }: GridPos): boolean => {
  const isNatural = [x, y, w, h].every((one) => Number.isInteger(one) && one >= 0)
  return isNatural && w > 0 && h > 0 && x + w <= GRID_WIDTH
}

const overlap = (a: GridPos, b: GridPos): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

const placed = (panels: readonly Panel[]): readonly { readonly panel: Panel; readonly grid: GridPos }[] =>
  panels.flatMap((panel) => (panel.grid === null ? [] : [{ panel, grid: panel.grid }]))

const gridFindings = ({ everyPanel }: Model): readonly Finding[] => {
  const found: Finding[] = []
  const all = placed(everyPanel)
  for (const panel of everyPanel) {
    if (panel.grid === null || !isWithin(panel.grid)) {
      const message = `expected gridPos within ${GRID_WIDTH} columns, got ${JSON.stringify(panel.grid)}`
      found.push({ rule: 'panel-grid', where: panel.where, message })
    }
  }
  for (const [index, { panel, grid }] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (!overlap(grid, other.grid)) continue
      found.push({ rule: 'panel-overlap', where: other.panel.where, message: `it overlaps ${panel.where}` })
    }
  }
  return found
}

const idFindings = ({ everyPanel }: Model): readonly Finding[] => {
  const seen = new Map<number, Panel>()
  return everyPanel.flatMap((panel): readonly Finding[] => {
    const { id, where } = panel
    if (!Number.isInteger(id)) return [{ rule: 'panel-id', where, message: 'expected an id, a whole number' }]
    const first = seen.get(id)
    if (first !== undefined) return [{ rule: 'panel-id', where, message: `its id is that of ${first.where}` }]
    seen.set(id, panel)
    return []
  })
}

/** What is wrong with the file as such, with the ids of its panels and with where they stand. */
export const frameFindings = (model: Model): readonly Finding[] => [
  ...wholeFindings(model),
  ...idFindings(model),
  ...gridFindings(model),
]
