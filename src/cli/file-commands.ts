import type { Clock } from '../clock.ts'
import type { Argv } from './argv.ts'
import type { ExitCode, Output } from './output.ts'

/** A command on files of rules or of dashboards. */
export type FileCommand = Extract<Argv, { readonly command: `${'rules' | 'dashboards'} ${string}` }>

/** Runs it; each command is loaded when it is asked for. */
export const runFileCommand = async (
  asked: FileCommand,
  { clock, output }: { readonly clock: Clock; readonly output: Output },
): Promise<ExitCode> => {
  switch (asked.command) {
    case 'rules check':
      return (await import('./rules-check.ts')).rulesCheck(asked, output)
    case 'rules test':
      return (await import('./rules-test.ts')).rulesTest(asked, { clock, output })
    case 'rules render':
      return (await import('./rules-render.ts')).rulesRender(asked, output)
    case 'rules diff':
      return (await import('./rules-sync.ts')).rulesDiff(asked, output)
    case 'rules sync':
      return (await import('./rules-sync.ts')).rulesSync(asked, output)
    case 'dashboards check':
      return (await import('./dashboards-check.ts')).dashboardsCheck(asked, output)
    case 'dashboards render':
      return (await import('./dashboards-render.ts')).dashboardsRender(asked, output)
  }
}
