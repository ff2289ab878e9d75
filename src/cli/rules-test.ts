import { writeFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { formatConfigErrors } from '../config/config-error.ts'
import { byOwner } from '../rules/by-owner.ts'
import { junitXml, type TestResult } from '../rules/junit.ts'
import { prepareTests, type PreparedFile, type TestOptions } from '../rules/prepare-tests.ts'
import { readSources } from '../rules/read-sources.ts'
import type { GroupBy } from '../rules/render.ts'
import { runTest } from '../rules/run-test.ts'
import { withoutMetadata } from '../rules/without-metadata.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'

export type RulesTestFlags = {
  readonly files: readonly string[]
  /** Where results go as JUnit XML; '' = nowhere. */
  readonly junit: string
  /** False: rules and events as for a Loki without structured metadata. */
  readonly structuredMetadata: boolean
  readonly groupBy?: GroupBy
}

export type RulesTestSurroundings = { readonly clock: Clock; readonly output: Output }

const rewriteOf = ({ structuredMetadata, groupBy }: RulesTestFlags): TestOptions['rewrite'] => {
  if (groupBy === 'owner') return byOwner
  return structuredMetadata ? (expr) => expr : withoutMetadata
}

const optionsOf = (flags: RulesTestFlags): TestOptions => ({
  structuredMetadata: flags.structuredMetadata,
  rewrite: rewriteOf(flags),
})

const runFile = (prepared: PreparedFile & { readonly kind: 'prepared' }, clock: Clock): readonly TestResult[] =>
  prepared.tests.map((test) => {
    const start = clock.monotonicMs()
    const failures = runTest(test)
    const line = test.test.name.place.walk.findings.line(test.test.name.place)
    const name = test.test.name.text || `test on line ${line}`
    return { file: prepared.file, name, failures, elapsedMs: clock.monotonicMs() - start }
  })

const shown = (text: string): string => text.split('\n').map(printable).join('\n')

const tell = (results: readonly TestResult[], output: Output): void => {
  for (const { file, name, failures } of results) {
    if (failures.length > 0) output.err(shown(`FAILED ${file}: ${name}\n${failures.join('\n')}\n`))
  }
  const failed = results.filter(({ failures }) => failures.length > 0).length
  const files = new Set(results.map(({ file }) => file)).size
  output.out(`${results.length} tests in ${files} ${files === 1 ? 'file' : 'files'}: ${failed} failed\n`)
}

const written = (file: string, results: readonly TestResult[], output: Output): boolean => {
  if (file === '') return true
  try {
    writeFileSync(file, junitXml(results))
    return true
  } catch (error) {
    if (!(error instanceof Error)) throw error
    output.err(`${printable(file)}: cannot be written: ${error.message}\n`)
    return false
  }
}

/** `rules test`: 0: every test passed; 1: one failed; 2: a file is wrong or cannot be read, and nothing was run. */
export const rulesTest = (flags: RulesTestFlags, { clock, output }: RulesTestSurroundings): ExitCode => {
  const read = readSources(flags.files)
  if (read.kind === 'unreadable') {
    output.err(`${read.why}\n`)
    return 2
  }
  const prepared = read.sources.map((source) => prepareTests(source, optionsOf(flags)))
  const errors = prepared.flatMap((one) => (one.kind === 'invalid' ? one.errors : []))
  if (errors.length > 0) {
    output.err(formatConfigErrors(errors))
    return 2
  }
  const results = prepared.flatMap((one) => (one.kind === 'prepared' ? runFile(one, clock) : []))
  tell(results, output)
  if (!written(flags.junit, results, output)) return 2
  return results.every(({ failures }) => failures.length === 0) ? 0 : 1
}
