import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { request } from 'undici'
import { parseArgv } from '../src/cli/argv.ts'
import { systemClock } from '../src/clock.ts'
import { parseConfig } from '../src/config/parse-config.ts'
import { startApiServer } from '../src/demo/api-server.ts'
import { EventStore } from '../src/demo/event-store.ts'
import { HEARTBEAT_KEYS } from '../src/entry/names.ts'
import { silentLog } from '../src/log.ts'
import { REJECT_REASONS } from '../src/loki/reasons.ts'
import { Service } from '../src/service.ts'
import { startLoki } from './fixtures/loki-server.ts'

const root = resolve(import.meta.dirname, '..')
const doc = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')

type Metric = { readonly type: string; readonly labels: ReadonlySet<string> }

/** Families of an exposition; the labels of a histogram's buckets are not its own. */
const exposed = (text: string): ReadonlyMap<string, Metric> => {
  const families = new Map<string, { type: string; labels: Set<string> }>()
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    families.set(name, { type, labels: new Set() })
  }
  for (const [, series = '', labels = ''] of text.matchAll(/^([a-z_]+)\{(.*)\} \S+$/gm)) {
    const family = families.get(series) ?? families.get(series.replace(/_(?:bucket|sum|count)$/, ''))
    for (const [, label = ''] of labels.matchAll(/(?:^|,)(\w+)="/g)) if (label !== 'le') family?.labels.add(label)
  }
  return families
}

/** Rows `| name | type | labels | meaning |` of docs/metrics.md. */
const described = (text: string): ReadonlyMap<string, Metric> =>
  new Map(
    [...text.matchAll(/^\| `([a-z_]+)` +\| (counter|gauge|histogram) +\|(.*?)\| \S.*\|$/gm)].map(
      ([, name = '', type = '', labels = '']) => [
        name,
        { type, labels: new Set([...labels.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '')) },
      ],
    ),
  )

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/monitoring/leases'

t.test('docs/metrics.md tells every metric with its type and labels, and no other', async (t) => {
  const store = new EventStore()
  const api = await startApiServer({ store })
  const loki = await startLoki()
  const folder = t.testdir()
  const kubeconfig = join(folder, 'kubeconfig.yaml')
  writeFileSync(
    kubeconfig,
    `{clusters: [{name: c, cluster: {server: "${api.url}"}}], users: [{name: u, user: {token: t}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  const lease = { metadata: { name: 'eventail', namespace: 'monitoring' }, spec: {} }
  const made = await request(`${api.url}${LEASE}`, { method: 'POST', body: JSON.stringify(lease) })
  t.equal(made.statusCode, 201, await made.body.text())
  const parsed = parseConfig(
    `clients: [{url: "${loki.url}"}]
positions: {store: lease, lease: {namespace: monitoring}}
leader_election: {enabled: true}
heartbeat: 1s
wal: {enabled: true, dir: ${JSON.stringify(join(folder, 'wal'))}}
scrape_configs:
  - job_name: a
    kubernetes_events: {kubeconfig: ${JSON.stringify(kubeconfig)}, enrich: {owners: true}}
    pipeline_stages:
      - limit: {rate: 0.001, burst: 1, drop: true, by_label_name: namespace}
      - drop: {expression: Noise}
      - truncate: {rules: [{limit: 1MB}]}`,
    'test',
  )
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors))
  const service = new Service({
    clock: systemClock,
    log: silentLog,
    random: () => 0,
    savesPositions: true,
    onFatal: (why) => {
      t.fail(why)
    },
  })
  t.equal(await service.start(parsed.config, ''), null)
  for (const [name, namespace, reason] of [
    ['dropped', 'noisy', 'Noise'],
    ['limited', 'noisy', 'Noise'],
    ['sent', 'shop', 'Killing'],
  ] as const) {
    store.create({
      metadata: { name, namespace },
      involvedObject: { kind: 'Pod', namespace, name: 'web-0' },
      reason,
      type: 'Normal',
      firstTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    })
  }
  await loki.received(2)
  await service.stop()
  t.match(loki.entries().at(-1)?.entry.line, / received=3 .*filtered=2 sent=1 .* state=stream$/, 'a heartbeat')
  const families = exposed(await service.metrics())
  await api.close()
  await loki.close()

  const own = new Map([...families].filter(([name]) => !/^(?:process|nodejs)_/.test(name)))
  const told = described(doc('metrics.md'))
  t.ok(own.size > 50)
  t.strictSame([...told.keys()].sort(), [...own.keys()].sort())
  for (const [name, { type, labels }] of own) {
    t.equal(told.get(name)?.type, type, name)
    t.strictSame([...(told.get(name)?.labels ?? [])].sort(), [...labels].sort(), `labels of ${name}`)
  }

  for (const file of readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))) {
    for (const [, name = ''] of doc(file).matchAll(
      /`?\b((?:eventail|promtail|process|nodejs)_[a-z0-9_]*[a-z0-9])\b/g,
    )) {
      t.ok(families.has(name) || families.has(name.replace(/_(?:bucket|sum|count)$/, '')), `${file} names ${name}`)
    }
  }
})

/** Texts of the first argument of `log.warn` and `log.error`, by level. */
const logLines = (file: string): readonly (readonly [level: string, message: string])[] => {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true)
  const found: (readonly [string, string])[] = []
  const literalsIn = (node: ts.Node, level: string): void => {
    if (ts.isStringLiteral(node)) found.push([level, node.text])
    else
      node.forEachChild((child) => {
        literalsIn(child, level)
      })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression
      const isLog = /log(?:ger)?(?:\.with\(.*\))?$/i.test(expression.getText())
      const [message] = node.arguments
      if (isLog && message !== undefined && (name.text === 'warn' || name.text === 'error'))
        literalsIn(message, name.text)
    }
    node.forEachChild(visit)
  }
  visit(source)
  return found
}

t.test('docs/operations.md tells every line of level warn or error, with its level, and no other', (t) => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
  const lines = files.flatMap((file) => logLines(join(root, 'src', file))).map(([level, text]) => `${level} ${text}`)
  const told = [...doc('operations.md').matchAll(/^\| (error|warn) +\| `([^`]+)` +\|/gm)].map(
    ([, level = '', text = '']) => `${level} ${text}`,
  )
  t.ok(lines.length > 30)
  t.strictSame(told.toSorted(), [...new Set(lines)].sort())
  t.end()
})

t.test('docs tell every reason of a rejection and every key of a heartbeat', (t) => {
  const [, reasons = ''] = doc('operations.md').split('### Reasons of ')
  for (const reason of REJECT_REASONS) t.ok(reasons.includes(`\`${reason}\``), reason)
  const [, keys = ''] = doc('metrics.md').split('## Heartbeat')
  for (const key of HEARTBEAT_KEYS) t.ok(keys.includes(`\`${key}\``), key)
  t.end()
})

t.test('every test, script and command that docs/guarantees.md names is there', (t) => {
  const text = doc('guarantees.md')
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const named = [...text.matchAll(/`(test\/[\w/.-]+\.ts)`(?: \("([^"]+)"\))?/g)]
  t.ok(named.length > 8)
  for (const [, file = '', name] of named) {
    const source = readFileSync(join(root, file), 'utf8')
    if (name !== undefined) t.ok(source.includes(name), `${file}: ${name}`)
  }
  for (const [, script = ''] of text.matchAll(/npm run ([\w:]+)/g)) t.ok(Object.hasOwn(scripts, script), script)
  t.end()
})

/** Words of a shell command, up to what is not eventail's. */
const words = (command: string): readonly string[] =>
  [...(command.split(/ [>|] /)[0] ?? '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

t.test('commands in the documents about installing are understood, and their files are there', (t) => {
  for (const name of ['install.md', 'troubleshooting.md', 'migrating.md', 'comparison.md']) {
    const text = doc(name).replaceAll(/ \\\n\s*/g, ' ')
    const commands = [...text.matchAll(/(?:^|`)eventail ([^`\n]+)/gm), ...text.matchAll(/eventail\.js ([^`\n]+)/g)]
    for (const [, command = ''] of commands) {
      const asked = parseArgv(words(command))
      t.not(asked.command, 'usage-error', `${name}: eventail ${command}`)
    }
    for (const [path] of text.matchAll(/(?<![\w/.-])deploy\/[\w./-]*\w/g))
      t.ok(existsSync(join(root, path)), `${name}: ${path}`)
    for (const [, part = ''] of text.matchAll(/^\| `([\w-]+)` \| (?:What|Two|With|Watches)/gm))
      t.ok(existsSync(join(root, 'deploy/kustomize/overlays', part)), `${name}: ${part}`)
  }
  const [, components = ''] = /components it wants: ([^.]+)\./.exec(doc('install.md')) ?? []
  const told = [...components.matchAll(/`([\w-]+)`/g)].map((match) => match[1] ?? '')
  t.strictSame(told.sort(), readdirSync(join(root, 'deploy/kustomize/components')).sort())
  for (const column of ['symptom', 'metric', 'cause', 'fix']) t.match(doc('troubleshooting.md'), column)
  const [, , table = ''] = doc('comparison.md').split(/\n\n(?=\|)/)
  const rows = table.split('\n\n')[0]?.split('\n') ?? []
  t.ok(rows.length > 15)
  for (const row of rows) t.equal(row.split('|').length, 9, `${row.slice(0, 40)}: every program has a cell`)
  t.end()
})
