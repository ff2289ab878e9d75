import { readFileSync, statSync } from 'node:fs'
import { formatOrigin, type ConfigError, type ConfigWarning } from './config-error.ts'
import type { Config } from './config.ts'
import { expandEnv, type Environment } from './expand-env.ts'
import { parseConfig } from './parse-config.ts'
import type { Overlay } from './place.ts'

export type LoadOptions = {
  /** `-config.file`: names separated by commas, the first that exists is read; '' = no file, flags alone. */
  readonly files: string
  /** `-config.expand-env`. */
  readonly expandEnv: boolean
  readonly environment: Environment
  /** What flags put over the file. */
  readonly overlay: Overlay
}

export type Loaded =
  | { readonly kind: 'valid'; readonly config: Config; readonly file: string; readonly warnings: readonly string[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigError[] }

/** A Kubernetes ConfigMap cannot be larger. */
const MAX_FILE_BYTES = 1024 * 1024

/** Without a file, events of all namespaces go to the client that the flags name. */
const WITHOUT_FILE = 'scrape_configs: [{job_name: kubernetes-events, kubernetes_events: {}}]\n'

const invalid = (file: string, code: ConfigError['code'], message: string): Loaded => ({
  kind: 'invalid',
  errors: [{ file, line: 0, col: 0, code, path: '', message, excerpt: '' }],
})

type FileText = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'failed'; readonly loaded: Loaded }

const failed = (loaded: Loaded): FileText => ({ kind: 'failed', loaded })

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'code' in error

const readBytes = (file: string): Uint8Array | string => {
  try {
    return readFileSync(file)
  } catch (error) {
    if (!isSystemError(error)) throw error
    return error.message
  }
}

const decode = (file: string, bytes: Uint8Array): FileText => {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return failed(invalid(file, 'UNREADABLE', 'expected text in UTF-8, got other bytes'))
  }
}

const expanded = (file: string, text: string, environment: Environment): FileText => {
  const expansion = expandEnv(text, environment)
  if (expansion.kind === 'expanded') return decode(file, expansion.bytes)
  const before = Buffer.from(text).subarray(0, expansion.offset).toString()
  const line = before.split('\n').length
  const col = before.length - before.lastIndexOf('\n')
  const message = `expected \${VAR} references that can be expanded, got an error: ${expansion.why}`
  return failed({
    kind: 'invalid',
    errors: [{ file, line, col, code: 'EXPAND_ENV', path: '', message, excerpt: '' }],
  })
}

const textOf = (file: string, options: LoadOptions): FileText => {
  const bytes = readBytes(file)
  if (typeof bytes === 'string') return failed(invalid(file, 'UNREADABLE', `cannot be read: ${bytes}`))
  if (bytes.length > MAX_FILE_BYTES) {
    return failed(invalid(file, 'UNREADABLE', `expected at most ${MAX_FILE_BYTES} bytes, got ${bytes.length}`))
  }
  const read = decode(file, bytes)
  if (read.kind === 'failed') return read
  if (read.text.includes('\0')) return failed(invalid(file, 'UNREADABLE', 'expected text, got a U+0000 character'))
  return options.expandEnv ? expanded(file, read.text, options.environment) : read
}

const HINT = 'Use `-config.expand-env=true` flag if you want to expand environment variables in your config file'

/** Without expansion, a file with references gets Promtail's hint behind its errors. */
const withHint = (errors: readonly ConfigError[], file: string, wanted: boolean): readonly ConfigError[] =>
  wanted ? [...errors, { file, line: 0, col: 0, code: 'EXPAND_ENV', path: '', message: HINT, excerpt: '' }] : errors

const sayWarning = (warning: ConfigWarning): string =>
  [formatOrigin(warning), warning.path, warning.message].filter((part) => part !== '').join(': ')

const parsed = (text: string, file: string, options: LoadOptions): Loaded => {
  const result = parseConfig(text, file, options.overlay)
  if (result.kind === 'valid') return { ...result, file, warnings: result.warnings.map(sayWarning) }
  return { kind: 'invalid', errors: withHint(result.errors, file, !options.expandEnv && /\$\{\w/.test(text)) }
}

/** Reads the configuration from its file and the flags: all of it valid, or everything that is wrong. */
export const loadConfig = (options: LoadOptions): Loaded => {
  if (options.files === '') return parsed(WITHOUT_FILE, 'command line', options)
  const names = options.files.split(',').map((name) => name.trim())
  const file = names.find((name) => statSync(name, { throwIfNoEntry: false }) !== undefined)
  if (file === undefined) {
    return invalid(options.files, 'UNREADABLE', 'does not exist, set config.file for custom config path')
  }
  const text = textOf(file, options)
  return text.kind === 'failed' ? text.loaded : parsed(text.text, file, options)
}
