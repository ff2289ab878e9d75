import type { Clock } from '../clock.ts'
import { formatConfigErrors } from '../config/config-error.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/expand-env.ts'
import { loadConfig } from '../config/load.ts'
import { printClient, printConfig } from '../config/print-config.ts'
import { createLog, type Log } from '../log.ts'
import { createHttpServer, type HttpServer } from '../server/http-server.ts'
import { Service } from '../service.ts'
import type { ClientFactory } from '../sinks.ts'
import type { Inspect } from '../stages/stage.ts'
import { version } from '../version.ts'
import type { RunFlags } from './argv.ts'
import { createInspect } from './inspect.ts'
import type { ExitCode, Output } from './output.ts'
import { createPrintingClient } from './printing-client.ts'
import { shipStdin } from './ship-stdin.ts'

/** The process around a run. */
export type Surroundings = {
  readonly clock: Clock
  readonly environment: Environment
  readonly output: Output
  /** Whether stderr is a terminal. */
  readonly isTerminal: boolean
  readonly input: AsyncIterable<Uint8Array>
  /** SIGTERM, SIGINT. */
  readonly stop: AbortSignal
  /** SIGHUP; @returns a function that takes the listener away. */
  readonly onReload: (listener: () => void) => () => void
}

const load = (flags: RunFlags, { environment, output }: Surroundings): { config: Config; file: string } | null => {
  const loaded = loadConfig({ ...flags.load, environment })
  if (loaded.kind === 'invalid') {
    output.err(formatConfigErrors(loaded.errors))
    return null
  }
  for (const warning of loaded.warnings) output.err(`warning: ${warning}\n`)
  return loaded
}

const printWhatIsAsked = (flags: RunFlags, config: Config, output: Output): void => {
  if (flags.printConfig) output.err(printConfig(config))
  if (flags.logConfig) output.err(printConfig(config).trimEnd().split('\n').reverse().join('\n') + '\n')
  if (!flags.dryRun) return
  output.out('Clients configured:\n')
  for (const client of config.clients) output.out(`----------------------\n${printClient(client)}`)
}

/** `run`: tails until it is told to stop. 0: stopped as asked; 1: it could not go on; 2: configuration. */
export const run = async (flags: RunFlags, surroundings: Surroundings): Promise<ExitCode> => {
  const { output, clock } = surroundings
  const loaded = load(flags, surroundings)
  if (loaded === null) return 2
  const { config } = loaded
  printWhatIsAsked(flags, config, output)
  const { logLevel: level, logFormat: format } = config.server
  const log = createLog({ level, format, clock, write: output.err })
  const printing: ClientFactory | null = flags.dryRun
    ? (options, { settle }): ReturnType<ClientFactory> => createPrintingClient(options, settle, output)
    : null
  const inspect = flags.inspect ? inspector(surroundings) : undefined
  if (flags.stdin) {
    const { input, stop: signal } = surroundings
    return shipStdin({
      config,
      input,
      clock,
      log,
      output,
      signal,
      inspect,
      ...(printing && { createClient: printing }),
    })
  }
  log.info('starting', { version, node: process.version, config: loaded.file, clients: config.clients.length })
  return tail({ flags, config, log, printing, inspect }, surroundings)
}

type Tail = {
  readonly flags: RunFlags
  readonly config: Config
  readonly log: Log
  readonly printing: ClientFactory | null
  readonly inspect: Inspect | undefined
}

/** Colours are for terminals, and not for those who want none (no-color.org). */
const inspector = ({ environment, output, isTerminal }: Surroundings): Inspect =>
  createInspect({ write: output.err, coloured: isTerminal && (environment['NO_COLOR'] ?? '') === '' })

const tail = async ({ flags, config, log, printing, inspect }: Tail, surroundings: Surroundings): Promise<ExitCode> => {
  const { clock, stop } = surroundings
  const fatal = new AbortController()
  const service = new Service({
    clock,
    log,
    random: Math.random,
    savesPositions: !flags.dryRun,
    inspect,
    onFatal: () => {
      fatal.abort()
    },
    ...(printing && { createClient: printing }),
  })
  const again = (): Promise<string | null> => reload(flags, { surroundings, service, log })
  const server = await listen(config, { service, log, reload: again })
  if (server === 'failed') return 1
  const quietReload = surroundings.onReload(() => void again())
  const ended = aborted(AbortSignal.any([stop, fatal.signal]))
  const starting = service.start(config, printConfig(config))
  const why = await Promise.race([starting, ended.then(() => null)])
  if (why !== null) log.error('cannot start', { why })
  else await ended
  quietReload()
  log.info('stopping', { drain_timeout: `${config.drainTimeoutMs}ms` })
  const left = await service.stop()
  await starting
  await server?.close()
  log.info('stopped', { queued: left, position: left === 0 ? 'complete' : 'before what is queued' })
  return why === null && !fatal.signal.aborted ? 0 : 1
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else
      signal.addEventListener('abort', () => {
        resolve()
      })
  })

type Served = { readonly service: Service; readonly log: Log; readonly reload: () => Promise<string | null> }

const listen = async (config: Config, { service, log, reload }: Served): Promise<HttpServer | null | 'failed'> => {
  if (config.server.disable) return null
  const server = createHttpServer({
    options: config.server,
    metrics: () => service.metrics(),
    log: log.with({ component: 'server' }),
    status: () => service.status(),
    ...(config.server.enableRuntimeReload && { reload }),
  })
  const outcome = await server.listen()
  if (outcome.kind === 'listening') return server
  log.error('cannot listen', { why: outcome.why })
  return 'failed'
}

type Reload = { readonly surroundings: Surroundings; readonly service: Service; readonly log: Log }

/**
 * SIGHUP or `/reload`: an invalid file is told with all its errors, and keeps the old configuration running. @returns
 * null, or why, without a word of the file.
 */
const reload = async (flags: RunFlags, { surroundings, service, log }: Reload): Promise<string | null> => {
  const loaded = load(flags, surroundings)
  if (loaded === null) {
    service.refuseReload()
    log.error('configuration not reloaded: it is not valid; the old one stays in force')
    return 'it is not valid; its errors are in the log'
  }
  log.info('reloading the configuration; changes of "server" need a restart', { config: loaded.file })
  await service.reload(loaded.config, printConfig(loaded.config))
  log.info('configuration reloaded')
  return null
}
