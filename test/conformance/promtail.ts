import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import type { ScrapeConfig } from '../../src/config/config.ts'
import { formatConfigErrors } from '../../src/config/config-error.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { createRelabeler } from '../../src/relabel/relabel.ts'

/** What Promtail 3.6.15 really did with each input; other cases of this form may be put in their place. */
const folder = process.env['PROMTAIL_CASES'] ?? resolve(import.meta.dirname, '../fixtures/conformance/promtail')
const casesOf = <T>(file: string): readonly T[] => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T[]

type Refusal = { readonly error?: string; readonly crash?: string }
type Named = { readonly id: string; readonly title: string; readonly config: string }
type RelabelCase = Named & {
  readonly labels: Readonly<Record<string, string>>
  readonly expected: Refusal & { readonly keep?: boolean; readonly labels?: Readonly<Record<string, string>> }
}

/** The scrape config that has this text under `key`, or what is wrong with it. */
const scrapeConfig = (key: string, config: string): ScrapeConfig | string => {
  const value = config.replaceAll(/^(?=.)/gm, '      ')
  const text = `clients: [{url: http://loki}]\nscrape_configs:\n  - job_name: a\n    kubernetes_events: {}\n    ${key}:\n${value}`
  const parsed = parseConfig(text, 'case.yaml')
  if (parsed.kind === 'invalid') return formatConfigErrors(parsed.errors)
  return parsed.config.scrapeConfigs[0] ?? 'no scrape config'
}

const isRefusal = ({ error, crash }: Refusal): boolean => error !== undefined || crash !== undefined

const sorted = (labels: Iterable<readonly [string, unknown]>): (readonly [string, unknown])[] =>
  [...labels].sort(([a], [b]) => (a < b ? -1 : 1))

t.test('labels are rewritten as by Promtail', (t) => {
  for (const { id, title, config, labels, expected } of casesOf<RelabelCase>('relabel.json')) {
    const name = `${id}: ${title}`
    const found = scrapeConfig('relabel_configs', config)
    if (typeof found === 'string' || isRefusal(expected)) {
      if (typeof found !== 'string') t.fail(`${name}: refused`, { expected })
      else if (isRefusal(expected)) t.pass(name)
      else t.fail(name, { found })
      continue
    }
    const after = new Map(Object.entries(labels))
    const keep = createRelabeler(found.relabel)(after)
    const got = keep ? { keep, labels: sorted(after) } : { keep }
    const wanted = expected.labels === undefined ? {} : { labels: sorted(Object.entries(expected.labels)) }
    t.strictSame(got, { keep: expected.keep, ...wanted }, name)
  }
  t.end()
})
