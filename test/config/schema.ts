import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { parseArgv } from '../../src/cli/argv.ts'
import { configSchemaText, printConfigSchema } from '../../src/cli/config-schema.ts'
import type { ConfigError, ConfigWarning } from '../../src/config/config-error.ts'
import { documented, listOf, record, type Decoder } from '../../src/config/decoder.ts'
import { configDecoder, parseConfig } from '../../src/config/parse-config.ts'
import { referenceOf } from '../../src/config/reference.ts'
import { flag, text } from '../../src/config/scalars.ts'
import { jsonSchema } from '../../src/config/schema.ts'
import { parseYamlFile } from '../../src/config/yaml-file.ts'

const root = resolve(import.meta.dirname, '../..')
const FIXTURES = join(root, 'test/fixtures/config')
const doc = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')

const ajv = new Ajv({ allowUnionTypes: true, strictTypes: false })
ajv.addKeyword('deprecationMessage')
const schema = JSON.parse(configSchemaText()) as { readonly definitions: object; readonly properties: object }
const validate = ajv.compile(schema)

/** As an editor reads it: YAML 1.2, merge keys resolved. */
const asEditor = (yaml: string): unknown => parse(yaml, { merge: true, uniqueKeys: false }) ?? {}

t.test('docs/eventail.schema.json and the tables of docs/configuration.md are those of the decoders', (t) => {
  t.equal(doc('eventail.schema.json'), configSchemaText(), 'npm run config-reference')
  const page = doc('configuration.md')
  const { document, untold } = referenceOf(page, configDecoder)
  t.equal(page, document, 'npm run config-reference')
  t.strictSame(untold, [])
  t.strictSame(referenceOf(page.replace('keys: wal ', 'keys: waal '), configDecoder).untold.slice(0, 2), [
    'wal.enabled',
    'wal.dir',
  ])
  t.equal(parseArgv(['config', 'schema']).command, 'config schema')
  let printed = ''
  t.equal(printConfigSchema({ out: (text) => (printed += text), err: (text) => t.fail(text) }), 0)
  t.equal(printed, configSchemaText())
  t.end()
})

/** Every key with its decoder; of a mapping with any keys, the value as `<name>`. */
const keysOf = (decoder: Decoder<unknown>, path: string): readonly (readonly [string, Decoder<unknown>])[] => {
  if (decoder.item !== undefined && decoder.form === undefined) return keysOf(decoder.item, path)
  return Object.entries(decoder.fields ?? {}).flatMap(([key, field]) => [
    [`${path}.${key}`, field] as const,
    ...keysOf(field.named?.value ?? field, `${path}.${key}`),
  ])
}

/** What is wrong with a value of a key, taken by itself. */
const problemsOf = (decoder: Decoder<unknown>, value: string): readonly ConfigError[] => {
  const file = parseYamlFile(`it: ${value}`, 'example')
  record({ it: decoder }, () => null).read({
    walk: { targets: file.targets, findings: file.findings, budget: 1000 },
    node: file.root,
    ...{ path: '', offset: 0, keyOffset: 0, flag: null, overlay: null, secret: false, silent: false, depth: 0 },
  })
  return file.findings.errors
}

t.test('each key is told, and its example is taken by its decoder and its schema', (t) => {
  const keys = keysOf(configDecoder, '').filter(([, decoder]) => decoder.effect === undefined)
  t.ok(keys.length > 200)
  for (const [path, decoder] of keys) {
    const { about } = decoder
    if (about === undefined) {
      t.ok(keysOf(decoder, path).length > 0, `${path} has no description`)
      continue
    }
    t.match(about.says, /^[A-Z`'0-9][^]*[.:]$/, `${path}: a sentence`)
    t.strictSame(problemsOf(decoder, about.example), [], `${path}: ${about.example}`)
    const own = { ...jsonSchema(decoder, path), definitions: schema.definitions }
    const check = ajv.compile(own)
    t.ok(check(parse(about.example)), `${path}: ${about.example}: ${ajv.errorsText(check.errors)}`)
  }
  t.end()
})

const SCHEMA_KNOWS: ReadonlySet<string> = new Set(['BAD_TYPE', 'UNKNOWN_KEY'])

t.test('the schema takes every good file, and refuses the bad ones whose types or keys are wrong', (t) => {
  const files = readdirSync(FIXTURES).filter((name) => !/^(?:syntax|aliases)\.bad\.yaml$/.test(name))
  t.ok(files.length > 10)
  let refused = 0
  for (const name of files) {
    const yaml = readFileSync(join(FIXTURES, name), 'utf8')
    const parsed = parseConfig(yaml, name)
    const isGood = validate(asEditor(yaml))
    if (parsed.kind === 'valid') t.ok(isGood, `${name}: ${ajv.errorsText(validate.errors)}`)
    else if (parsed.errors.some(({ code }) => SCHEMA_KNOWS.has(code))) {
      t.notOk(isGood, name)
      refused += 1
    }
  }
  t.ok(refused >= 2)
  t.end()
})

const STAGES = `
  - json: { expressions: { pod: involvedObject.name }, source: message, drop_malformed: true }
  - logfmt: { mapping: { level: } }
  - regex: { expression: 'pod (?P<pod>\\w+)' }
  - template: { source: level, template: '{{ ToLower .Value }}' }
  - labels: { pod: , level: level }
  - static_labels: { team: a }
  - structured_metadata: { pod: pod }
  - structured_metadata_drop: [uid]
  - labeldrop: [host]
  - timestamp: { source: time, format: RFC3339, fallback_formats: [Unix], action_on_failure: skip }
  - match: { selector: '{type="Normal"}', stages: [{ drop: { source: [reason, type], value: a } }] }
  - drop: { source: reason, expression: Pulled, older_than: 24h, longer_than: 8KB }
  - tenant: { value: a }
  - limit: { rate: 10, burst: 100, drop: true, by_label_name: namespace }
  - sampling: { rate: 0.5 }
  - replace: { expression: '(a)', replace: b }
  - metrics: { events: { type: Counter, config: { action: inc, match_all: true } } }
  - pack: { labels: [pod], ingest_timestamp: false }
  - truncate: { rules: [{ limit: 1KB, suffix: etc, source_type: label, sources: [a] }] }
  - pattern: { pattern: '<a> <b>' }
  - output: { source: message }
  - decolorize:
`

const RULES =
  '[{ source_labels: [a], separator: /, regex: b, target_label: c, replacement: $1 }, { action: labeldrop, regex: x }]'

/** A configuration with nearly every key. */
const full = (): unknown => {
  const everything = asEditor(
    readFileSync(join(FIXTURES, 'everything.good.yaml'), 'utf8').replaceAll(/: (?:on|off|yes|no)\b/g, ': true'),
  ) as { scrape_configs: Record<string, unknown>[] }
  const [first] = everything.scrape_configs
  if (first !== undefined) {
    first['pipeline_stages'] = parse(STAGES)
    first['relabel_configs'] = parse(RULES)
  }
  return everything
}

type Container = Record<string, unknown> | unknown[]
const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null

/** Every mapping and list in a value. */
const containersOf = (value: unknown): readonly Container[] =>
  isContainer(value) ? [value, ...Object.values(value).flatMap(containersOf)] : []

const VALUES = [
  null,
  true,
  0,
  5,
  -1,
  2.5,
  1e9,
  '',
  'text',
  '10s',
  '1MB',
  '5',
  'all',
  'a b',
  [],
  [null],
  ['a'],
  [[]],
  {},
  { a: 1 },
]

const change = fc.record({
  where: fc.nat(),
  which: fc.nat(),
  value: fc.constantFrom<unknown>(...VALUES),
  how: fc.constantFrom('replace', 'replace', 'add', 'remove'),
})

const mutated = (changes: readonly { where: number; which: number; value: unknown; how: string }[]): unknown => {
  const config = full()
  for (const { where, which, value, how } of changes) {
    const containers = containersOf(config)
    const container = containers[where % containers.length] as Record<string, unknown>
    const keys = Object.keys(container)
    const key = keys[which % keys.length] ?? 'new'
    if (Array.isArray(container)) {
      if (how === 'replace' && keys.length > 0) container[Number(key)] = value
      else if (how === 'add') container.push(value)
    } else if (how === 'add') container[which % 2 === 0 ? 'zzz' : `${key}x`] = value
    else if (how === 'replace') container[key] = value
    else container[key] = null
  }
  return config
}

/** The agent only warns of these, because Promtail takes them without a word. */
const isTolerated = (warnings: readonly ConfigWarning[]): boolean =>
  warnings.some(({ message }) => message.includes('this stage has no such option'))

t.test('what the agent refuses for its type or key the schema refuses, and it refuses nothing else', (t) => {
  t.equal(parseConfig(JSON.stringify(full()), 'full').kind, 'valid')
  t.ok(validate(full()), ajv.errorsText(validate.errors))
  const seen = { good: 0, bad: 0 }
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
      const config = mutated(changes)
      const isGood = validate(config)
      // JSON is YAML, and leaves no doubt of what is text.
      const parsed = parseConfig(JSON.stringify(config), 'mutated')
      if (parsed.kind === 'valid') {
        seen.good += 1
        return isGood || isTolerated(parsed.warnings)
      }
      seen.bad += 1
      return !isGood || !parsed.errors.some(({ code }) => SCHEMA_KNOWS.has(code))
    }),
    { numRuns: 120 },
  )
  t.ok(seen.good > 0 && seen.bad > 0, JSON.stringify(seen))
  t.end()
})

t.test('a decoder that tells nothing is a mistake, and a table leaves out what is told more closely elsewhere', (t) => {
  t.throws(() => jsonSchema({ read: () => null }, 'a'), { message: 'a decoder that does not tell what it takes' })
  const inner = record({ on: documented(flag(false), { says: 'A | B.', example: 'true' }) }, () => null)
  const decoder = record({ a: listOf(inner), b: documented(text('x'), { says: 'B.', example: 'y' }) }, () => null)
  const page = '<!-- keys: a -->\n<!-- end of keys -->\n<!-- keys: a.on b -->\nold\n<!-- end of keys -->\n'
  const { document, untold } = referenceOf(page, decoder)
  t.strictSame(untold, [])
  t.match(document, '<!-- keys: a -->\n\n<!-- end of keys -->')
  t.match(document, '| `on` | boolean | false | `true` | A \\| B. |\n| `b` | text | x | `y` | B. |')
  t.equal(stringify(jsonSchema(inner, 'Inner')).split('\n')[1], 'title: Inner')
  t.end()
})
