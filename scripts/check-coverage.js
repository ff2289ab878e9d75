// Fails when the tests that just ran covered too few lines of src/. tap wrote the summary (.taprc: coverage-report).
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const FLOOR_PERCENT = 95

const root = fileURLToPath(new URL('..', import.meta.url))
const summary = JSON.parse(readFileSync(new URL('../.tap/report/coverage-summary.json', import.meta.url), 'utf8'))
// The source map of a built program that a test ran also names what was bundled into it.
const files = Object.entries(summary)
  .map(([file, { lines }]) => ({ file: relative(root, file), lines }))
  .filter(({ file }) => file.startsWith('src/'))
const total = files.reduce((sum, { lines }) => sum + lines.total, 0)
const covered = files.reduce((sum, { lines }) => sum + lines.covered, 0)
const percent = total === 0 ? 0 : (100 * covered) / total

console.log(`# line coverage of src/ ${percent.toFixed(2)} %, floor ${FLOOR_PERCENT} %`)
if (percent < FLOOR_PERCENT) {
  const uncovered = ({ lines }) => lines.total - lines.covered
  const worst = files.sort((a, b) => uncovered(b) - uncovered(a)).slice(0, 5)
  for (const each of worst) console.error(`# ${uncovered(each)} lines uncovered in ${each.file}`)
  process.exitCode = 1
}
