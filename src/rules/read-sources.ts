import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

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

/** Which files of a folder are meant, by their names. */
type IsWanted = (name: string) => boolean

const filesOf = (folder: string, isWanted: IsWanted): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isWanted(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort()

/** `*` for any characters but those of a path, in a text without other patterns. */
const matcherOf = (pattern: string): ((name: string) => boolean) => {
  const parts = pattern.split('*')
  return (name) => {
    let at = 0
    for (const [index, part] of parts.entries()) {
      const found = index === parts.length - 1 ? Math.max(at, name.length - part.length) : name.indexOf(part, at)
      if (found < at || (index === 0 && found !== 0) || !name.startsWith(part, found)) return false
      at = found + part.length
    }
    return !name.startsWith('.')
  }
}

/** A folder stands for the wanted files in it, not for those of its folders; `*` may stand in the name of a file. */
const expanded = (name: string, isWanted: IsWanted): readonly string[] => {
  if (basename(name).includes('*')) return filesOf(dirname(name), matcherOf(basename(name)))
  return statSync(name).isDirectory() ? filesOf(name, isWanted) : [name]
}

const textOf = (file: string): string => {
  const bytes = readFileSync(file)
  if (bytes.length > MAX_FILE_BYTES) throw new TypeError(`expected at most ${MAX_FILE_BYTES} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/**
 * Reads the files, and those of the folders, that are named; all of them, or why one cannot be. Of a folder the YAML
 * files, unless others are wanted.
 */
export const readSources = (names: readonly string[], isWanted: IsWanted = isRuleName): Sources => {
  const sources: Source[] = []
  for (const name of names) {
    const files = attempt(name, () => expanded(name, isWanted))
    if ('why' in files) return { kind: 'unreadable', why: files.why }
    if (files.value.length === 0) return { kind: 'unreadable', why: `${name}: no such file there` }
    for (const file of files.value) {
      const text = attempt(file, () => textOf(file))
      if ('why' in text) return { kind: 'unreadable', why: text.why }
      sources.push({ file, text: text.value })
    }
  }
  return { kind: 'read', sources }
}
