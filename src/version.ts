import { readFileSync } from 'node:fs'

declare const EVENTAIL_VERSION: string | undefined

const fromPackage = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const parsed = JSON.parse(text) as { readonly version: string }
  return parsed.version
}

/** The version in package.json; compiled into the bundle, read from the file when run from the sources. */
export const version: string = typeof EVENTAIL_VERSION === 'string' ? EVENTAIL_VERSION : fromPackage()

/** What Loki and the API server see of us; constant per version, because Loki uses it as a metric label. */
export const userAgent = `eventail/${version}`
