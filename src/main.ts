#!/usr/bin/env node
import { parseArgv, type Argv } from './cli/argv.ts'
import type { ExitCode, Output } from './cli/output.ts'
import { systemClock } from './clock.ts'
import { keepHeapSmall } from './heap.ts'

const output: Output = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
}

/** Aborts at the first SIGTERM or SIGINT, or another of these; a second one ends the process at once. */
const stopSignal = (...others: readonly NodeJS.Signals[]): AbortSignal => {
  const stop = new AbortController()
  const end = (): void => {
    if (stop.signal.aborted) {
      output.err('ended by a second signal; what was queued is read again at the next start\n')
      process.exit(1)
    }
    stop.abort()
  }
  for (const signal of ['SIGTERM', 'SIGINT', ...others]) process.on(signal, end)
  return stop.signal
}

const onReload = (listener: () => void): (() => void) => {
  process.on('SIGHUP', listener)
  return () => process.removeListener('SIGHUP', listener)
}

/** For commands that look at what is there and end. */
const lookingAround = () => ({ clock: systemClock, environment: process.env, output, stop: stopSignal() })

type Asked<C extends Argv['command']> = Extract<Argv, { readonly command: C }>

const inspectLog = async (asked: Asked<'wal inspect'>): Promise<ExitCode> => {
  const { walInspect } = await import('./cli/wal-inspect.ts')
  const { realDisk } = await import('./wal/disk.ts')
  const { realProcesses } = await import('./wal/owner.ts')
  return walInspect(asked, { disk: realDisk, processes: realProcesses(), output })
}

const runAgent = async (asked: Asked<'run'>): Promise<ExitCode> => {
  const { run } = await import('./cli/run.ts')
  const { env: environment, stdin: input } = process
  const isTerminal = process.stderr.isTTY
  return run(asked, { clock: systemClock, environment, output, isTerminal, input, stop: stopSignal(), onReload })
}

/** What a command does not need is not loaded: each is imported when it is asked for. */
const main = async (argv: readonly string[]): Promise<ExitCode> => {
  const asked = parseArgv(argv)
  switch (asked.command) {
    case 'help':
      output.out(asked.text)
      return 0
    case 'usage-error':
      output.err(asked.message)
      return 2
    case 'version':
      return (await import('./cli/version.ts')).printVersion(output)
    case 'config schema':
      return (await import('./cli/config-schema.ts')).printConfigSchema(output)
    case 'check':
      return (await import('./cli/check.ts')).check(asked.loads, process.env, output)
    case 'verify':
      return (await import('./cli/verify.ts')).verify(asked, lookingAround())
    case 'doctor':
      return (await import('./cli/doctor.ts')).doctor(asked, lookingAround())
    case 'rbac':
      return (await import('./cli/rbac.ts')).rbac(asked, process.env, output)
    case 'wal inspect':
      return inspectLog(asked)
    case 'rules check':
    case 'rules test':
    case 'rules render':
    case 'rules diff':
    case 'rules sync':
    case 'dashboards check':
    case 'dashboards render':
      return (await import('./cli/file-commands.ts')).runFileCommand(asked, { clock: systemClock, output })
    case 'convert':
      return (await import('./cli/convert.ts')).convert(asked, output)
    case 'ui':
      return (await import('./cli/ui.ts')).ui(asked, { clock: systemClock, output, stop: stopSignal() })
    case 'demo':
      return (await import('./cli/demo.ts')).demo(asked, {
        clock: systemClock,
        output,
        screen: { isTTY: process.stdout.isTTY, columns: process.stdout.columns },
        // Its terminal was closed.
        stop: stopSignal('SIGHUP'),
      })
    case 'run':
      return runAgent(asked)
  }
}

keepHeapSmall()
process.exitCode = await main(process.argv.slice(2))
