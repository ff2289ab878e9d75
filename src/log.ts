import type { Clock } from './clock.ts'

/** Debug: for developers. Info: normal life. Warn: unexpected, nothing lost. Error: data lost or a human is needed. */
export type Level = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'logfmt' | 'json'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The agent's own lines. Never a secret, never an event's text above debug. */
export type Log = {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A log whose every line also carries `fields`. */
  with(fields: LogFields): Log
}

export type LogOptions = {
  readonly level: Level
  readonly format: LogFormat
  readonly clock: Clock
  /** Takes one line with its newline. */
  readonly write: (line: string) => void
}

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
/** A line like its predecessor in level and message is held back this long and then written once with its count. */
const FOLD_MS = 10_000
/** Distinct (level, message, component) that are remembered for folding; the oldest is forgotten. */
const MAX_FOLDED = 256

const quote = (value: string): string =>
  value !== '' && /^[^\s"=\\\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value.toWellFormed())

const asLogfmt = (fields: LogFields): string => {
  const parts: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue
    parts.push(`${name}=${quote(String(value))}`)
  }
  return `${parts.join(' ')}\n`
}

const asJson = (fields: LogFields): string => `${JSON.stringify(fields)}\n`

type Fold = { sinceMs: number; held: number }

/** Writes lines of `level` and above; repeats of one message within 10 s are folded into one line with `repeated`. */
export const createLog = (options: LogOptions): Log => {
  const render = options.format === 'json' ? asJson : asLogfmt
  const folds = new Map<string, Fold>()

  const write = (level: Level, message: string, fields: LogFields, repeated: number): void => {
    const head = { ts: new Date(options.clock.now()).toISOString(), level, msg: message }
    options.write(render({ ...head, ...fields, ...(repeated > 0 ? { repeated } : {}) }))
  }

  const emit = (level: Level, message: string, fields: LogFields): void => {
    if (RANK[level] < RANK[options.level]) return
    const key = `${level} ${message} ${String(fields['component'])} ${String(fields['client'])} ${String(fields['scope'])}`
    const now = options.clock.monotonicMs()
    const fold = folds.get(key)
    if (fold !== undefined && now - fold.sinceMs < FOLD_MS) {
      fold.held += 1
      return
    }
    folds.delete(key)
    folds.set(key, { sinceMs: now, held: 0 })
    if (folds.size > MAX_FOLDED) folds.delete(folds.keys().next().value ?? '')
    write(level, message, fields, fold?.held ?? 0)
  }

  const withFields = (base: LogFields): Log => ({
    debug: (message, fields) => {
      emit('debug', message, { ...base, ...fields })
    },
    info: (message, fields) => {
      emit('info', message, { ...base, ...fields })
    },
    warn: (message, fields) => {
      emit('warn', message, { ...base, ...fields })
    },
    error: (message, fields) => {
      emit('error', message, { ...base, ...fields })
    },
    with: (fields) => withFields({ ...base, ...fields }),
  })
  return withFields({})
}

/** A log that says nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
}
