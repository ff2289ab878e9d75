import { excerpt } from '../config/excerpt.ts'
import { dashboardFindings } from '../dashboards/check-dashboard.ts'
import type { DashboardProfile } from '../dashboards/check-logql.ts'
import type { Finding } from '../dashboards/finding.ts'
import { readSources, type Sources } from '../rules/read-sources.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'

export type DashboardsCheckFlags = { readonly files: readonly string[]; readonly profile: DashboardProfile }

/** More findings of one file than this are counted, not shown. */
const MAX_SHOWN = 50

/** The files of dashboards, and all JSON files of folders. */
export const readDashboards = (names: readonly string[]): Sources =>
  readSources(names, (name) => name.endsWith('.json') && !name.startsWith('.'))

/** The line of a query and a caret under the place. */
const placeIn = ({ text, at }: NonNullable<Finding['query']>): string => {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', start)
  return excerpt(text.slice(start, end < 0 ? undefined : end), at - start + 1)
}

const told = (file: string, { rule, where, message, query }: Finding): string => {
  const head = [file, where, rule, message].filter((part) => part !== '').map(printable)
  return `${head.join(': ')}\n${query === undefined ? '' : `${placeIn(query)}\n`}`
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/** `dashboards check`: 0: nothing is wrong; 1: something is, all of it told; 2: a file cannot be read. */
export const dashboardsCheck = ({ files, profile }: DashboardsCheckFlags, output: Output): ExitCode => {
  const read = readDashboards(files)
  if (read.kind === 'unreadable') {
    output.err(`${printable(read.why)}\n`)
    return 2
  }
  let total = 0
  for (const { file, text } of read.sources) {
    const findings = dashboardFindings(text, profile)
    for (const finding of findings.slice(0, MAX_SHOWN)) output.err(told(file, finding))
    if (findings.length > MAX_SHOWN) output.err(`${printable(file)}: ... and ${findings.length - MAX_SHOWN} more\n`)
    total += findings.length
  }
  output.out(`${counted(read.sources.length, 'dashboard')}: ${counted(total, 'finding')}\n`)
  return total === 0 ? 0 : 1
}
