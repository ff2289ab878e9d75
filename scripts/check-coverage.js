// Fails when the tests that just ran covered too few lines. tap wrote the summary (.taprc: coverage-report).
import { readFileSync } from 'node:fs'

const FLOOR_PERCENT = 95

const summary = JSON.parse(readFileSync(new URL('../.tap/report/coverage-summary.json', import.meta.url), 'utf8'))
const percent = summary.total.lines.pct
console.log(`# line coverage ${percent} %, floor ${FLOOR_PERCENT} %`)
if (!(percent >= FLOOR_PERCENT)) {
  const worst = Object.entries(summary)
    .filter(([file]) => file !== 'total')
    .sort((a, b) => a[1].lines.covered - a[1].lines.total - (b[1].lines.covered - b[1].lines.total))
    .slice(0, 5)
  for (const [file, { lines }] of worst) console.error(`# ${lines.total - lines.covered} lines uncovered in ${file}`)
  process.exitCode = 1
}
