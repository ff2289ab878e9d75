import { formatConfigErrors } from '../config/config-error.ts'
import { checkRules, type RuleProfile } from '../rules/check-files.ts'
import { readSources } from '../rules/read-sources.ts'
import type { ExitCode, Output } from './output.ts'

export type RulesCheckFlags = { readonly files: readonly string[]; readonly profile: RuleProfile }

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/** `rules check`: 0: all files are right; 1: something is wrong with them, all of it told; 2: one cannot be read. */
export const rulesCheck = ({ files, profile }: RulesCheckFlags, output: Output): ExitCode => {
  const read = readSources(files)
  if (read.kind === 'unreadable') {
    output.err(`${read.why}\n`)
    return 2
  }
  const checked = checkRules(read.sources, profile)
  output.err(formatConfigErrors(checked.errors))
  const rules = checked.files.flatMap(({ groups }) => groups.flatMap((group) => group.rules))
  const alerts = rules.filter(({ kind }) => kind === 'alert').length
  const told = [
    counted(checked.files.length, 'file'),
    counted(alerts, 'alert'),
    counted(rules.length - alerts, 'recording rule'),
  ]
  output.out(`${told.join(', ')}: ${counted(checked.errors.length, 'error')}\n`)
  return checked.errors.length === 0 ? 0 : 1
}
