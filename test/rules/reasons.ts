import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { parse } from 'yaml'
import { KNOWN_REASONS } from '../../src/rules/reasons.ts'

const root = resolve(import.meta.dirname, '../..')

/** Every file of rules/ and rules/tests/, by its path. */
const ruleTexts = (): ReadonlyMap<string, string> => {
  const paths = readdirSync(join(root, 'rules'), { recursive: true, encoding: 'utf8' })
  return new Map(
    paths
      .filter((path) => path.endsWith('.yaml'))
      .map((path) => [path, readFileSync(join(root, 'rules', path), 'utf8')] as const),
  )
}

/** The alternatives of `reason="a"` and `reason=~"a|b"`. */
const reasonsOfExpressions = (text: string): readonly string[] =>
  [...text.matchAll(/\breason=~?"([^"]+)"/g)].flatMap(([, alternatives = '']) =>
    alternatives.replace(/^\^\(|\)\$$/g, '').split('|'),
  )

type TestFile = { readonly events?: Readonly<Record<string, { readonly reason: string; readonly type: string }>> }
type RuleFile = {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string; readonly annotations?: object }[] }[]
}

t.test('every reason that a rule names is known', (t) => {
  const named = [...ruleTexts()].flatMap(([path, text]) =>
    reasonsOfExpressions(text).map((reason) => ({ path, reason })),
  )
  t.ok(named.length > 100)
  for (const { path, reason } of named) t.ok(KNOWN_REASONS.has(reason), `${reason} in ${path}`)
  t.end()
})

t.test('every regular expression of a label filter is anchored, as Loki does not anchor all of them', (t) => {
  const filters = [...ruleTexts()].flatMap(([path, text]) =>
    [...text.matchAll(/\| \w+[=!]~"([^"]+)"/g)].map(([, pattern = '']) => ({ path, pattern })),
  )
  t.ok(filters.length > 20)
  for (const { path, pattern } of filters) t.match(pattern, /^\^.+\$$/, path)
  t.end()
})

t.test('every event of the unit tests of rules has a known reason with a type its writers give it', (t) => {
  const events = [...ruleTexts()]
    .filter(([path]) => path.startsWith('tests/'))
    .flatMap(([, text]) => Object.entries((parse(text) as TestFile).events ?? {}))
  t.ok(events.length > 80)
  for (const [name, { reason, type }] of events) {
    const types: readonly string[] = KNOWN_REASONS.get(reason)?.types ?? []
    t.ok(types.includes(type), `${name}: ${reason}, ${type}`)
  }
  t.end()
})

t.test('every reason of the recording and of the incidents of the demo is known', (t) => {
  const folder = join(root, 'src/demo/recording')
  const recorded = readdirSync(folder).map((name) => gunzipSync(readFileSync(join(folder, name))).toString())
  const incidents = readFileSync(join(root, 'src/demo/incidents.ts'), 'utf8')
  const reasons = new Set([
    ...recorded.flatMap((text) => [...text.matchAll(/"reason":"(\w+)"/g)].map(([, reason = '']) => reason)),
    ...[...incidents.matchAll(/\b(?:reason: |says\()'(\w+)'/g)].map(([, reason = '']) => reason),
  ])
  t.ok(reasons.size > 40)
  t.ok(['BackOff', 'SystemOOM', 'NodeHasInsufficientMemory', 'FailedScheduling'].every((reason) => reasons.has(reason)))
  for (const reason of reasons) t.ok(KNOWN_REASONS.has(reason), reason)
  t.end()
})

t.test('a reason has all its writers, its types and the longest of their gaps', (t) => {
  t.strictSame(KNOWN_REASONS.get('BackOff'), {
    reason: 'BackOff',
    components: ['kubelet'],
    types: ['Normal', 'Warning'],
    gapSeconds: 300,
  })
  t.strictSame(KNOWN_REASONS.get('FailedScheduling')?.components, ['default-scheduler', 'karpenter'])
  t.equal(KNOWN_REASONS.get('FailedScheduling')?.gapSeconds, 1800)
  t.equal(KNOWN_REASONS.get('NodeNotReady')?.gapSeconds, null, 'told once for each change')
  t.strictSame(KNOWN_REASONS.get('TaintManagerEviction')?.types, ['Normal'])
  t.end()
})

t.test('every alert has its annotations and its runbook, and every runbook its alert', (t) => {
  const alerts = [...ruleTexts()]
    .filter(([path]) => !path.startsWith('tests/'))
    .flatMap(([, text]) => (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules))
    .filter(({ alert }) => alert !== undefined)
  for (const { alert = '', annotations } of alerts) {
    t.match(annotations, {
      summary: /\w/,
      description: /\{\{ externalURL \}\}\/explore/,
      runbook_url: `docs/runbooks/${alert}.md`,
    })
  }
  const runbooks = readdirSync(join(root, 'docs/runbooks')).map((name) => name.replace(/\.md$/, ''))
  t.strictSame(runbooks.sort(), alerts.map(({ alert }) => alert).sort())
  t.end()
})
