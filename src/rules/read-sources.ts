import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A file as it was read. */
export type Source = { readonly file: string; readonly text: string }

export type Sources =
  { readonly kind: 'read'; readonly sources: readonly Source[] } | { readonly kind: 'unreadable'; readonly why: string }

/** Files of rules are some thousand bytes. */
const MAX_FILE_BYTES = 8 * 1024 * 1024

const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'code' in error

const attempt = <T>(file: string, read: () => T): { readonly value: T } | { readonly why: string } => {
  try {
    return { value: read() }
  } catch (error) {
    if (isSystemError(error) || error instanceof TypeError) return { why: `${file}: cannot be read: ${error.message}` }
    throw error
  }
}

const isRuleName = (name: string): boolean => /\.ya?ml$/.test(name) && !name.startsWith('.')

/** A folder stands for the YAML files in it, not for those of its folders. */
const expanded = (name: string): readonly string[] =>
  statSync(name).isDirectory()
    ? readdirSync(name, { withFileTypes: true })
        .filter((entry) => entry.isFile() && isRuleName(entry.name))
        .map((entry) => join(name, entry.name))
        .sort()
    : [name]

const textOf = (file: string): string => {
  const bytes = readFileSync(file)
  if (bytes.length > MAX_FILE_BYTES) throw new TypeError(`expected at most ${MAX_FILE_BYTES} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** Reads the files, and those of the folders, that are named; all of them, or why one cannot be. */
export const readSources = (names: readonly string[]): Sources => {
  const sources: Source[] = []
  for (const name of names) {
    const files = attempt(name, () => expanded(name))
    if ('why' in files) return { kind: 'unreadable', why: files.why }
    if (files.value.length === 0) return { kind: 'unreadable', why: `${name}: no YAML file in this folder` }
    for (const file of files.value) {
      const text = attempt(file, () => textOf(file))
      if ('why' in text) return { kind: 'unreadable', why: text.why }
      sources.push({ file, text: text.value })
    }
  }
  return { kind: 'read', sources }
}
