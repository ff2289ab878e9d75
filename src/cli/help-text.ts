import { COMMANDS, type CommandSpec } from './commands.ts'
import { isMeaningless, type Flag } from './flags.ts'

const column = (rows: readonly (readonly [left: string, right: string])[]): string[] => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

const flagRows = (flags: readonly Flag[]): string[] =>
  column(
    flags
      .filter((flag) => !isMeaningless(flag))
      .map((flag) => [`-${flag.name}${flag.kind === 'value' ? ' <value>' : ''}`, flag.help]),
  )

const commandHelp = (command: CommandSpec): string[] => [
  ...command.examples.map((example) => `  ${example}`),
  '',
  `${command.name}: ${command.summary}`,
  ...(command.flags.length === 0 ? [] : ['', 'Flags, with one dash or two:', ...flagRows(command.flags)]),
]

const overview = (): string[] => [
  ...COMMANDS.flatMap(({ examples }) => examples.map((example) => `  ${example}`)),
  '',
  'Commands:',
  ...column(COMMANDS.map(({ name, summary }) => [name, summary])),
  '',
  'eventail <command> -help tells the flags of a command. docs/command-line.md tells all of them.',
]

/** Help for one command, or for the program: examples first. */
export const helpText = (command: CommandSpec | null): string =>
  ['Examples:', ...(command === null ? overview() : commandHelp(command)), ''].join('\n')
