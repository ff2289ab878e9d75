import { groupedBy } from './grouped.ts'

/** What became of one test. */
export type TestResult = {
  readonly file: string
  readonly name: string
  /** None: it passed. */
  readonly failures: readonly string[]
  readonly elapsedMs: number
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no other characters. */
const NO_CHARACTER = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(NO_CHARACTER, '\ufffd')
    .replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char)

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

const testcase = ({ file, name, failures, elapsedMs }: TestResult): string => {
  const head = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" time="${seconds(elapsedMs)}"`
  if (failures.length === 0) return `${head}/>`
  const message = `${failures.length} of its expectations not met`
  return `${head}>\n      <failure message="${message}">${escaped(failures.join('\n'))}</failure>\n    </testcase>`
}

const totals = (results: readonly TestResult[]): string => {
  const failed = results.filter(({ failures }) => failures.length > 0).length
  const ms = results.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)
  return `tests="${results.length}" failures="${failed}" time="${seconds(ms)}"`
}

/** Results in the form of JUnit that CI systems read: a suite for each file. */
export const junitXml = (results: readonly TestResult[]): string => {
  const suites = [...groupedBy(results, ({ file }) => file)].map(
    ([file, own]) =>
      `  <testsuite name="${escaped(file)}" ${totals(own)}>\n${own.map(testcase).join('\n')}\n  </testsuite>\n`,
  )
  const all = `<testsuites name="eventail rules test" ${totals(results)}>\n${suites.join('')}</testsuites>\n`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${all}`
}
