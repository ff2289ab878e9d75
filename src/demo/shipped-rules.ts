import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readSources, type Source } from '../rules/read-sources.ts'

/** A bundle keeps the rules beside itself; here they lie at the top of the repository. */
const FOLDERS = ['rules/', '../../rules/'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))

/** The alert rules that the project ships. Throws when they are missing. */
export const shippedRules = (): readonly Source[] => {
  const read = readSources(FOLDERS.filter((folder) => existsSync(folder)).slice(0, 1))
  if (read.kind === 'unreadable') throw new Error(read.why)
  if (read.sources.length === 0) throw new Error('the alert rules are missing')
  return read.sources
}
