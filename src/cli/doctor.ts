import { Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import { openClusters } from '../clusters.ts'
import { formatConfigErrors } from '../config/config-error.ts'
import type { Environment } from '../config/expand-env.ts'
import { loadConfig } from '../config/load.ts'
import { examine } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'
import { ownNamespace } from '../kube/service-account.ts'
import { createLog } from '../log.ts'
import type { LoadRequest } from './argv.ts'
import type { ExitCode, Output } from './output.ts'
import { printable, printableJson } from './printable.ts'

export type DoctorFlags = { readonly load: LoadRequest; readonly format: 'table' | 'json' }

export type DoctorSurroundings = {
  readonly clock: Clock
  readonly environment: Environment
  readonly output: Output
  readonly stop: AbortSignal
}

const indented = (yaml: string): string =>
  yaml
    .trimEnd()
    .split('\n')
    .map((line) => `        ${printable(line)}`.trimEnd())
    .join('\n')

const linesOf = ({ verdict, about, says, remedy, yaml }: Finding): string => {
  const head = `${verdict.padEnd(4)}  ${printable(about)}: ${printable(says)}`
  const cure = remedy === '' ? '' : `\n      ${printable(remedy)}`
  return `${head}${cure}${yaml === '' ? '' : `\n${indented(yaml)}`}\n`
}

/** `doctor`: whether everything the agent needs is there. 0: it is (there may be warnings); 1: it is not; 2: no valid file. */
export const doctor = async (flags: DoctorFlags, surroundings: DoctorSurroundings): Promise<ExitCode> => {
  const { clock, environment, output, stop } = surroundings
  const loaded = loadConfig({ ...flags.load, environment })
  if (loaded.kind === 'invalid') {
    output.err(formatConfigErrors(loaded.errors))
    return 2
  }
  const { config } = loaded
  const log = createLog({ level: 'error', format: config.server.logFormat, clock, write: output.err })
  const opened = await openClusters(config.scrapeConfigs, { clock, log, registry: new Registry() })
  if (opened.kind === 'error') {
    output.err(`${printable(opened.why)}\n`)
    return 1
  }
  try {
    const { clusters } = opened
    const findings = await examine({ config, clusters, ownNamespace: ownNamespace(), clock, log, stop })
    output.out(flags.format === 'json' ? `${printableJson(findings)}\n` : findings.map(linesOf).join(''))
    return findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0
  } finally {
    for (const { client, connection } of opened.clusters.values()) {
      await client.close()
      connection.close()
    }
  }
}
