// Writes src/dashboards/agent-metrics.generated.ts: the metrics that docs/metrics.md has, for the check of dashboards.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8')
const rows = [...text.matchAll(/^\| `([a-z_]+)` +\| (counter|gauge|histogram) /gm)]
const names = (isWanted) => rows.filter(([, , type]) => isWanted(type)).map(([, name]) => `    ${name}\n`)

writeFileSync(
  join(root, 'src', 'dashboards', 'agent-metrics.generated.ts'),
  `/** The metrics of the agent, as docs/metrics.md has them: made by \`npm run generate\`. */
export const AGENT_METRICS = {
  plain: \`
${names((type) => type !== 'histogram').join('')}  \`,
  histograms: \`
${names((type) => type === 'histogram').join('')}  \`,
} as const
`,
)
