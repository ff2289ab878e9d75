import { formatConfigErrors } from '../config/config-error.ts'
import type { Environment } from '../config/expand-env.ts'
import { loadConfig } from '../config/load.ts'
import type { LoadRequest } from './argv.ts'
import type { ExitCode, Output } from './output.ts'

const VALID = 'Valid config file! No syntax issues found'

/** Checks each configuration and tells all that is wrong; 0 when all are valid, else 2. */
export const check = (loads: readonly LoadRequest[], environment: Environment, output: Output): ExitCode => {
  let exitCode: ExitCode = 0
  for (const load of loads) {
    const loaded = loadConfig({ ...load, environment })
    if (loaded.kind === 'valid') {
      for (const warning of loaded.warnings) output.err(`warning: ${warning}\n`)
      output.out(loads.length === 1 ? `${VALID}\n` : `${loaded.file}: ${VALID}\n`)
    } else {
      output.err(formatConfigErrors(loaded.errors))
      exitCode = 2
    }
  }
  return exitCode
}
