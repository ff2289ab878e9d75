/** What kind of mistake it is; stable, for tests and for searching the documentation. */
export type ConfigErrorCode =
  | 'UNREADABLE'
  | 'EXPAND_ENV'
  | 'YAML_SYNTAX'
  | 'DUPLICATE_KEY'
  | 'UNKNOWN_KEY'
  | 'MISSING_KEY'
  | 'BAD_TYPE'
  | 'BAD_VALUE'
  | 'BAD_DURATION'
  | 'BAD_SIZE'
  | 'BAD_URL'
  | 'BAD_LABEL'
  | 'CONFLICT'
  | 'DUPLICATE_NAME'
  | 'UNSUPPORTED'

/** Where a value came from: a place in a file, or a flag (`line` 0). */
export type Origin = {
  /** The file as it was named, or the flag. */
  readonly file: string
  /** From 1; 0 = no line (a flag, or the file as a whole). */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly col: number
}

/** One mistake of the operator. Holds no secret: what came from a secret was masked. */
export type ConfigError = Origin & {
  readonly code: ConfigErrorCode
  /** `clients[0].batchwait`; '' = the whole file. */
  readonly path: string
  readonly message: string
  /** The line of the file and a caret under `col`; '' without a line. */
  readonly excerpt: string
}

/** Something that is accepted but deserves a word in the log at start. */
export type ConfigWarning = Origin & { readonly path: string; readonly message: string }

/** More errors than this are counted, not shown. */
const MAX_SHOWN = 50

/** `file:line:col`. */
export const formatOrigin = ({ file, line, col }: Origin): string => (line === 0 ? file : `${file}:${line}:${col}`)

const formatError = (error: ConfigError): string =>
  [[formatOrigin(error), error.path, error.message].filter((part) => part !== '').join(': '), error.excerpt]
    .filter((part) => part !== '')
    .join('\n')

/** All errors as text for a terminal, each with its source line and a caret; ends with a newline. */
export const formatConfigErrors = (errors: readonly ConfigError[]): string => {
  const shown = errors.slice(0, MAX_SHOWN).map((error) => `${formatError(error)}\n`)
  if (errors.length > MAX_SHOWN) shown.push(`... and ${errors.length - MAX_SHOWN} more errors\n`)
  return shown.join('')
}
