import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatConfigErrors } from '../config/config-error.ts'
import { checkRules } from '../rules/check-files.ts'
import { readSources } from '../rules/read-sources.ts'
import { type Rendered, renderRules, type RenderOptions } from '../rules/render.ts'
import type { RuleFile } from '../rules/rule-file.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'

export type RulesRenderFlags = RenderOptions & {
  readonly files: readonly string[]
  /** Folder to write to; '' = stdout. */
  readonly out: string
}

/** The rules of files that nothing is wrong with; null when there are none, which is told. */
export const soundRules = (names: readonly string[], output: Output): readonly RuleFile[] | null => {
  const read = readSources(names)
  if (read.kind === 'unreadable') {
    output.err(`${read.why}\n`)
    return null
  }
  const checked = checkRules(read.sources, 'generic')
  output.err(formatConfigErrors(checked.errors))
  return checked.errors.length === 0 ? checked.files : null
}

/** Writes files into a folder, which is made. @returns 0: done; 1: not, which is told */
export const writeAll = (folder: string, rendered: readonly Rendered[], output: Output): ExitCode => {
  try {
    mkdirSync(folder, { recursive: true })
    for (const { name, text } of rendered) writeFileSync(join(folder, name), text)
    return 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    output.err(`${printable(folder)}: cannot be written: ${error.message}\n`)
    return 1
  }
}

/** `rules render`: 0: done; 1: it could not be written; 2: a file is wrong or cannot be read. */
export const rulesRender = (flags: RulesRenderFlags, output: Output): ExitCode => {
  const files = soundRules(flags.files, output)
  if (files === null) return 2
  const rendered = renderRules(files, flags)
  if (flags.out !== '') return writeAll(flags.out, rendered, output)
  output.out(rendered.map(({ name, text }) => `# ${name}\n${text}`).join('---\n'))
  return 0
}
