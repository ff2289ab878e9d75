import { dashboardFindings } from '../dashboards/check-dashboard.ts'
import { type DashboardRenderOptions, renderDashboards } from '../dashboards/render.ts'
import { readDashboards } from './dashboards-check.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'
import { writeAll } from './rules-render.ts'

export type DashboardsRenderFlags = DashboardRenderOptions & {
  readonly files: readonly string[]
  /** Folder to write to; '' = stdout. */
  readonly out: string
}

/** What keeps a file from being rendered at all; other findings are for `dashboards check`. */
const UNREADABLE: ReadonlySet<string> = new Set(['dashboard-json', 'dashboard-model'])

/** `dashboards render`: 0: done; 1: it could not be written; 2: a file is no dashboard or cannot be read. */
export const dashboardsRender = (flags: DashboardsRenderFlags, output: Output): ExitCode => {
  const read = readDashboards(flags.files)
  if (read.kind === 'unreadable') {
    output.err(`${printable(read.why)}\n`)
    return 2
  }
  const wrong = read.sources.flatMap(({ file, text }) =>
    dashboardFindings(text, 'generic')
      .filter(({ rule }) => UNREADABLE.has(rule))
      .map(({ message }) => `${printable(file)}: ${printable(message)}\n`),
  )
  if (wrong.length > 0) {
    output.err(wrong.join(''))
    return 2
  }
  const rendered = renderDashboards(read.sources, flags)
  if (flags.out !== '') return writeAll(flags.out, rendered, output)
  for (const { text } of rendered) output.out(text)
  return 0
}
