// Brings the Helm chart up to date: copies of the rules and dashboards that it carries, its version, and the table of
// values in its README. --check: writes nothing, and exits with 1 when something would change.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '..')
const chart = join(root, 'deploy/helm/eventail')
const read = (path) => readFileSync(path, 'utf8')

/** Where the files that the chart carries come from; Helm reads nothing outside of a chart. */
const CARRIED = [
  { from: 'rules', to: 'files/rules', extension: '.yaml' },
  { from: 'dashboards', to: 'files/dashboards', extension: '.json' },
  { from: 'deploy/prometheus', to: 'files/prometheus', extension: '.yaml' },
]

const carried = () =>
  CARRIED.flatMap(({ from, to, extension }) => {
    const folder = join(root, from)
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(extension)) : []
    return names.map((name) => [join(chart, to, name), read(join(folder, name))])
  })

/** What the chart carries and what no longer has a source. */
const leftOver = (wanted) =>
  CARRIED.flatMap(({ to }) => {
    const folder = join(chart, to)
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  }).filter((path) => !wanted.has(path))

/** One step deeper for each key that ends a line: `  key: rest`. */
const KEY = /^( *)([A-Za-z][\w.]*):(.*)$/

const shown = (value) => (value === null ? '' : `\`${JSON.stringify(value)}\``)

const valueAt = (values, path) => path.reduce((value, key) => value?.[key], values)

/** Rows of the keys that a comment `# -- text` describes; `# @default -- text` stands for a default that is long. */
const rowsOf = (text) => {
  const values = parse(text)
  const rows = []
  let path = []
  let described = null
  for (const line of text.split('\n')) {
    const [, comment] = /^ *# ?(.*)$/.exec(line) ?? []
    if (comment !== undefined) {
      if (comment.startsWith('-- ')) described = { text: comment.slice(3), default: null }
      else if (described !== null && comment.startsWith('@default -- ')) described.default = comment.slice(12)
      else if (described !== null) described.text += ` ${comment}`
      continue
    }
    const [, indent, key] = KEY.exec(line) ?? []
    if (key !== undefined) {
      path = [...path.slice(0, indent.length / 2), key]
      if (described !== null) {
        rows.push(
          `| \`${path.join('.')}\` | ${described.default ?? shown(valueAt(values, path))} | ${described.text} |`,
        )
      }
    }
    described = null
  }
  return rows
}

const BEGIN = '<!-- values: made from values.yaml by scripts/render-chart.js -->'
const END = '<!-- end of values -->'

const readme = () => {
  const text = read(join(chart, 'README.md'))
  const [before, rest] = text.split(BEGIN)
  const [, after] = rest.split(END)
  const rows = rowsOf(read(join(chart, 'values.yaml')))
  const table = ['| key | default | meaning |', '|---|---|---|', ...rows].join('\n')
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`
}

/** The chart has the version of the program. */
const chartYaml = () => {
  const { version } = JSON.parse(read(join(root, 'package.json')))
  return read(join(chart, 'Chart.yaml')).replaceAll(/^((?:appV|v)ersion): .*$/gm, `$1: ${version}`)
}

const wanted = new Map([...carried(), [join(chart, 'README.md'), readme()], [join(chart, 'Chart.yaml'), chartYaml()]])
const stale = [...wanted].filter(([path, text]) => !existsSync(path) || read(path) !== text).map(([path]) => path)
const gone = leftOver(wanted)

if (process.argv.includes('--check')) {
  for (const path of [...stale, ...gone])
    console.error(`${relative(root, path)} is out of date: node scripts/render-chart.js`)
  process.exitCode = stale.length + gone.length === 0 ? 0 : 1
} else {
  for (const path of gone) rmSync(path)
  for (const path of stale) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, wanted.get(path))
  }
}
