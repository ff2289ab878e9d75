import { version } from '../version.ts'
import type { ExitCode, Output } from './output.ts'

/** `-version`: the program's version in Promtail's form, then what it runs on. */
export const printVersion = (output: Output): ExitCode => {
  output.out(
    `eventail, version ${version}\n  node:      ${process.version}\n  platform:  ${process.platform}/${process.arch}\n`,
  )
  return 0
}
