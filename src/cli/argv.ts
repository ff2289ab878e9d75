import { Command, CommanderError } from 'commander'
import { AGENTS, type ConvertFlags } from './convert-flags.ts'
import type { DashboardsCheckFlags } from './dashboards-check.ts'
import { parseDashboardsCheckFlags, parseDashboardsRenderFlags } from './dashboards-flags.ts'
import type { DashboardsRenderFlags } from './dashboards-render.ts'
import type { DoctorFlags } from './doctor.ts'
import type { VerifyFlags } from './verify.ts'
import type { RulesCheckFlags } from './rules-check.ts'
import { parseRulesCheckFlags, parseRulesRenderFlags, parseRulesSyncFlags, parseRulesTestFlags } from './rules-flags.ts'
import type { RulesRenderFlags } from './rules-render.ts'
import type { RulesSyncFlags } from './rules-sync.ts'
import type { RulesTestFlags } from './rules-test.ts'
import type { WalInspectFlags } from './wal-inspect.ts'
import { closest } from '../config/closest.ts'
import { parseDuration } from '../config/go-duration.ts'
import type { Overlay } from '../config/place.ts'
import { COMMANDS, type CommandName, type CommandSpec } from './commands.ts'
import { type DemoFlags, parseDemoFlags } from './demo-flags.ts'
import { flagOverlay } from './flag-overlay.ts'
import type { Flag } from './flags.ts'
import { plainWords } from './go-flags.ts'
import { helpText } from './help-text.ts'
import { parseUiFlags, type UiFlags } from './ui-flags.ts'

/** Which configuration a command works on. */
export type LoadRequest = {
  /** Names separated by commas, the first that exists is read; '' = flags alone. */
  readonly files: string
  readonly expandEnv: boolean
  readonly overlay: Overlay
}

export type RunFlags = {
  readonly load: LoadRequest
  readonly dryRun: boolean
  readonly inspect: boolean
  readonly stdin: boolean
  readonly printConfig: boolean
  readonly logConfig: boolean
}

/** What the command line asks for. */
export type Argv =
  | ({ readonly command: 'run' } & RunFlags)
  /** `overlay`: what flags put over the demonstration's own configuration. */
  | ({ readonly command: 'demo'; readonly overlay: Overlay } & DemoFlags)
  /** Each is checked by itself. */
  | { readonly command: 'check'; readonly loads: readonly LoadRequest[] }
  | ({ readonly command: 'verify' } & VerifyFlags)
  | ({ readonly command: 'doctor' } & DoctorFlags)
  | ({ readonly command: 'wal inspect' } & WalInspectFlags)
  | ({ readonly command: 'rules check' } & RulesCheckFlags)
  | ({ readonly command: 'rules test' } & RulesTestFlags)
  | ({ readonly command: 'rules render' } & RulesRenderFlags)
  | ({ readonly command: 'dashboards check' } & DashboardsCheckFlags)
  | ({ readonly command: 'dashboards render' } & DashboardsRenderFlags)
  | ({ readonly command: 'convert' } & ConvertFlags)
  | ({ readonly command: 'ui' } & UiFlags)
  | { readonly command: 'version' | 'config schema' }
  /** For stdout, exit code 0. */
  | { readonly command: 'help'; readonly text: string }
  | ({ readonly command: 'rules diff' | 'rules sync' } & RulesSyncFlags)
  | UsageError

/** For stderr, exit code 2. */
type UsageError = { readonly command: 'usage-error'; readonly message: string }

type Given = {
  readonly files: readonly string[]
  readonly flags: ReadonlyMap<string, string>
  readonly overlay: Overlay
}

const ALL_FLAGS: ReadonlyMap<string, Flag> = new Map(
  COMMANDS.flatMap((command: CommandSpec) => command.flags.map((flag) => [flag.name, flag] as const)),
)

const usageError = (why: string): UsageError => ({
  command: 'usage-error',
  message: `${why}\nRun with -help to get list of available parameters\n`,
})

const isOn = (given: Given, name: string): boolean => given.flags.get(name) === 'true'

const loadRequest = (given: Given, files: string): LoadRequest => ({
  files,
  expandEnv: isOn(given, 'config.expand-env'),
  overlay: given.overlay,
})

const run = (given: Given): Argv => {
  if (isOn(given, 'version')) return { command: 'version' }
  const files = given.flags.get('config.file') ?? ''
  const load = loadRequest(given, files)
  if (isOn(given, 'check-syntax')) {
    return files === '' ? usageError('Invalid config file: set -config.file') : { command: 'check', loads: [load] }
  }
  if (files === '' && !given.flags.has('client.url')) return usageError('set -config.file, or at least -client.url')
  return {
    command: 'run',
    load,
    dryRun: isOn(given, 'dry-run'),
    inspect: isOn(given, 'inspect'),
    stdin: isOn(given, 'stdin'),
    printConfig: isOn(given, 'print-config-stderr'),
    logConfig: isOn(given, 'log-config-reverse-order'),
  }
}

const demo = ({ overlay, flags }: Given): Argv => {
  const parsed = parseDemoFlags(flags)
  return typeof parsed === 'string' ? usageError(parsed) : { command: 'demo', overlay, ...parsed }
}

const ui = ({ flags }: Given): Argv => {
  const parsed = parseUiFlags(flags)
  return typeof parsed === 'string' ? usageError(`ui: ${parsed}`) : { command: 'ui', ...parsed }
}

const verify = (given: Given): Argv => {
  const files = given.flags.get('config.file') ?? ''
  if (files === '') return usageError('verify: set -config.file')
  const sinceMs = parseDuration(given.flags.get('since') ?? '1h')
  if (sinceMs === null || sinceMs <= 0) return usageError('expected a duration such as 1h for -since')
  const format = given.flags.get('o') ?? 'table'
  if (format !== 'table' && format !== 'json') return usageError('expected table or json for -o')
  return { command: 'verify', load: loadRequest(given, files), sinceMs, format }
}

const doctor = (given: Given): Argv => {
  const files = given.flags.get('config.file') ?? ''
  if (files === '') return usageError('doctor: set -config.file')
  const format = given.flags.get('o') ?? 'table'
  if (format !== 'table' && format !== 'json') return usageError('expected table or json for -o')
  return { command: 'doctor', load: loadRequest(given, files), format }
}

const MAX_WAITING_ENTRIES = 1_000_000

const walInspect = ({ files: [directory = ''], flags }: Given): Argv => {
  const count = flags.get('entries') ?? '0'
  const entries = /^\d{1,7}$/.test(count) ? Number(count) : Infinity
  if (entries > MAX_WAITING_ENTRIES) return usageError('expected a number up to 1000000 for -entries')
  const format = flags.get('o') ?? 'table'
  if (format !== 'table' && format !== 'json') return usageError('expected table or json for -o')
  return { command: 'wal inspect', directory, entries, format }
}

/** A command that has a file of its own for its flags. */
const flagged = <C extends string, F extends object>(
  command: C,
  flags: F | string,
): ({ command: C } & F) | UsageError =>
  typeof flags === 'string' ? usageError(`${command}: ${flags}`) : { command, ...flags }

const convert = ({ files: [file = ''], flags }: Given): Argv => {
  const from = AGENTS.find((agent) => agent === flags.get('from'))
  if (from === undefined) return usageError(`convert: expected one of ${AGENTS.join(', ')} for -from`)
  return { command: 'convert', file, from, job: flags.get('job') ?? '', receiver: flags.get('receiver') ?? '' }
}

/** What each command makes of its flags and files. */
const MEANING: Readonly<Record<CommandName, (given: Given) => Argv>> = {
  run,
  demo,
  ui,
  check: (given) => ({ command: 'check', loads: given.files.map((file) => loadRequest(given, file)) }),
  verify,
  doctor,
  'wal inspect': walInspect,
  'rules check': (given) => flagged('rules check', parseRulesCheckFlags(given)),
  'rules test': (given) => flagged('rules test', parseRulesTestFlags(given)),
  'rules diff': (given) => flagged('rules diff', parseRulesSyncFlags(given)),
  'rules sync': (given) => flagged('rules sync', parseRulesSyncFlags(given)),
  'rules render': (given) => flagged('rules render', parseRulesRenderFlags(given)),
  'dashboards check': (given) => flagged('dashboards check', parseDashboardsCheckFlags(given)),
  'dashboards render': (given) => flagged('dashboards render', parseDashboardsRenderFlags(given)),
  convert,
  'config schema': () => ({ command: 'config schema' }),
  version: () => ({ command: 'version' }),
}

const commander = (spec: CommandSpec): Command => {
  const command = new Command(spec.name).exitOverride().helpOption(false).allowExcessArguments(false)
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
  if (spec.operands === 'files') command.argument('<files...>')
  if (spec.operands === 'file') command.argument('<file>')
  if (spec.operands === 'directory') command.argument('<directory>')
  for (const flag of spec.flags) command.option(`--${flag.name} <value>`)
  return command
}

/** What commander makes of the words of one command; its complaint when they do not fit. */
const given = (spec: CommandSpec, words: readonly string[]): Given | string => {
  const command = commander(spec)
  try {
    command.parse(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.message.replace(/^error: /, `${spec.name}: `)
  }
  const values = command.opts<Readonly<Record<string, string>>>()
  const flags = new Map<string, string>()
  for (const option of command.options) {
    const value = values[option.attributeName()]
    if (value !== undefined) flags.set(option.name(), value)
  }
  const made = flagOverlay(spec.flags, flags)
  return made.kind === 'wrong' ? made.message : { files: command.args, flags, overlay: made.overlay }
}

const isCalled = ({ name }: CommandSpec, words: readonly string[]): boolean => {
  const own = name.split(' ')
  return own.every((word, at) => words[at] === word)
}

const unknownCommand = (name: string): Argv => {
  const names = COMMANDS.map((command) => command.name)
  const meant = names.find((one) => one.startsWith(`${name} `)) ?? closest(name, [...names, 'help'])
  return usageError(`unknown command ${JSON.stringify(name)}${meant === null ? '' : `; did you mean ${meant}?`}`)
}

/** Understands a command line (without node and script): Promtail's flags with one dash or two, and sub-commands. */
export const parseArgv = (argv: readonly string[]): Argv => {
  const words = plainWords(argv, ALL_FLAGS)
  if (words.kind === 'wrong') return usageError(words.message)
  const asksHelp = words.operands[0] === 'help'
  const rest = asksHelp ? words.operands.slice(1) : words.operands
  const [name = COMMANDS[0].name] = rest
  const spec = COMMANDS.find((command) => isCalled(command, rest.length === 0 ? [name] : rest))
  if (spec === undefined) return unknownCommand(name)
  if (asksHelp || words.help) return { command: 'help', text: helpText(rest.length > 0 ? spec : null) }
  const found = given(spec, [...words.options, '--', ...rest.slice(spec.name.split(' ').length)])
  return typeof found === 'string' ? usageError(found) : MEANING[spec.name](found)
}
