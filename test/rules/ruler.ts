import { readFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { parseArgv } from '../../src/cli/argv.ts'
import type { ExitCode, Output } from '../../src/cli/output.ts'
import { rulesRender } from '../../src/cli/rules-render.ts'
import { rulesDiff, rulesSync } from '../../src/cli/rules-sync.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { checkRules } from '../../src/rules/check-files.ts'
import { withoutMetadata } from '../../src/rules/without-metadata.ts'
import { serve } from '../fixtures/http-server.ts'

const root = resolve(import.meta.dirname, '../..')

type Ran = { readonly code: ExitCode; readonly out: string; readonly err: string }

/** Runs a command line about rules. */
const run = async (...argv: readonly string[]): Promise<Ran> => {
  const texts = { out: '', err: '' }
  const output: Output = { out: (text) => void (texts.out += text), err: (text) => void (texts.err += text) }
  const asked = parseArgv(argv)
  if (asked.command === 'rules render') return { code: rulesRender(asked, output), ...texts }
  if (asked.command === 'rules diff') return { code: await rulesDiff(asked, output), ...texts }
  if (asked.command === 'rules sync') return { code: await rulesSync(asked, output), ...texts }
  if (asked.command !== 'usage-error') throw new Error(asked.command)
  return { code: 2, out: '', err: asked.message }
}

const folder = (t: Test, files: Readonly<Record<string, string>> = {}): string => {
  const path = mkdtempSync(join(tmpdir(), 'eventail-ruler-'))
  t.teardown(() => {
    rmSync(path, { recursive: true })
  })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

type Group = { readonly name: string; readonly interval?: string; readonly rules: readonly unknown[] }
type Asked = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A ruler as Loki's: groups of one namespace, and what was asked of it. */
const ruler = async (
  t: Test,
  groups: Group[] = [],
): Promise<{ url: string; asked: Asked[]; groups: Group[]; refuse: { name: string } }> => {
  const asked: Asked[] = []
  const refuse = { name: '' }
  const change = ({ method, url, body }: Asked): readonly [number, string] => {
    const group = method === 'POST' ? (parse(body) as Group) : null
    const name = group?.name ?? decodeURIComponent(/\/rules\/[^/]+\/(.+)$/.exec(url)?.[1] ?? '')
    if (name === refuse.name) return [400, `invalid rule group ${name}: secret-word`]
    const at = groups.findIndex((one) => one.name === name)
    if (at >= 0) groups.splice(at, 1)
    if (group !== null) groups.push(group)
    return [202, '{"status":"success"}']
  }
  const answerTo = (one: Asked): readonly [number, string] => {
    if (one.method !== 'GET') return change(one)
    // Durations come back in the ruler's own spelling.
    const yaml = stringify({ eventail: groups }).replaceAll('interval: 60s', 'interval: 1m')
    return groups.length === 0 ? [404, 'no rule groups found\n'] : [200, yaml]
  }
  const server = await serve(null, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
      asked.push(one)
      const [status, text] = answerTo(one)
      response.writeHead(status).end(text)
    })
  })
  t.teardown(server.close)
  return { url: server.url, asked, groups, refuse }
}

const fileOf = (group: string, expr: string, more = ''): string =>
  `groups:\n  - name: ${group}\n    interval: 60s\n    rules:\n      - alert: A-${group}\n        expr: ${expr}\n${more}`

t.test('names of metadata are read from the line, behind the line filters and before anything else', (t) => {
  const S = '{job="kubernetes-events", x="}\\"{"}'
  for (const [before, after] of [
    [`sum by (cluster) (count_over_time(${S} [5m]))`, null],
    [`sum by (name) (count_over_time(${S} [5m]))`, `sum by (name) (count_over_time(${S} | logfmt name [5m]))`],
    [
      `sum by (name) (count_over_time(${S}[5m] |= "a}" != "b" | reason="x"))`,
      `sum by (name) (count_over_time(${S}[5m] |= "a}" != "b" | logfmt reason, name | reason="x"))`,
    ],
    [
      `sum(count_over_time(${S} |= "a" | reason="x" [5m]))`,
      `sum(count_over_time(${S} |= "a" | logfmt reason | reason="x" [5m]))`,
    ],
    [
      `max_over_time({job="a"} | line_format "{{.node}}" | logfmt v | unwrap v [5m]) by (cluster)`,
      `max_over_time({job="a"} | logfmt node | line_format "{{.node}}" | logfmt v | unwrap v [5m]) by (cluster)`,
    ],
    [`sum by (name) (count_over_time({job="eventail"} [5m]))`, null],
    [`sum(count_over_time(${S}[5m] | reason="x"))`, `sum(count_over_time(${S}[5m] | logfmt reason | reason="x"))`],
    [
      `sum by (node) (sum_over_time({job="a"}[5m] | unwrap v))`,
      `sum by (node) (sum_over_time({job="a"}[5m] | logfmt node | unwrap v))`,
    ],
    [`{job="a"} | reason="x"`, null],
    [`no query`, null],
  ] as const) {
    t.equal(withoutMetadata(before), after ?? before)
    if (after !== null) t.equal(parseQuery(after).kind, 'ok')
  }
  t.end()
})

t.test('rendered files are sound, and have the same rules', async (t) => {
  const out = folder(t)
  t.equal((await run('rules', 'render', '-no-structured-metadata', `-out=${out}`, join(root, 'rules'))).code, 0)
  const names = readdirSync(out)
  t.strictSame(
    names,
    readdirSync(join(root, 'rules')).filter((name) => name.endsWith('.yaml')),
  )
  const sources = names.map((file) => ({ file, text: readFileSync(join(out, file), 'utf8') }))
  t.strictSame(checkRules(sources, 'eventail').errors, [])
  const plain = await run('rules', 'render', join(root, 'rules'))
  const rendered = parseAllDocuments(plain.out).map((document) => document.toJS() as unknown)
  t.strictSame(
    rendered,
    names.map((name) => parse(readFileSync(join(root, 'rules', name), 'utf8')) as unknown),
  )
  t.notSame(
    sources.map(({ text }) => parse(text) as unknown),
    rendered,
  )
})

t.test('rules are rendered as the objects that a sidecar, Alloy and the operator read', async (t) => {
  const files = folder(t, {
    'My_Rules.yaml': `${fileOf('g', 'vector(1)', '        for: 90s\n        annotations: { runbook_url: docs/x.md }\n')}      - { record: a:b, expr: vector(2) }\n`,
  })
  const objects = async (...flags: readonly string[]): Promise<readonly unknown[]> => {
    const { code, out, err } = await run('rules', 'render', ...flags, files)
    t.equal(code, 0, err)
    return parseAllDocuments(out).map((document) => document.toJS() as unknown)
  }
  const alert = { alert: 'A-g', expr: 'vector(1)', for: '1m30s', annotations: { runbook_url: 'https://r/docs/x.md' } }
  const record = { record: 'a:b', expr: 'vector(2)' }
  const group = { name: 'g', interval: '1m' }
  t.match(await objects('-as=configmap', '-namespace=monitoring'), [
    {
      kind: 'ConfigMap',
      metadata: { namespace: 'monitoring', labels: { loki_rule: '' } },
      data: { 'My_Rules.yaml': /^groups:\n {2}- name: g\n/ },
    },
  ])
  t.match(await objects('-as=prometheusrule', '-runbook-url=https://r/'), [
    {
      kind: 'PrometheusRule',
      metadata: { name: 'eventail-my-rules' },
      spec: { groups: [{ ...group, rules: [alert, record] }] },
    },
  ])
  t.match(await objects('-as=alertingrule', '-runbook-url=https://r', '-tenant=infrastructure'), [
    {
      kind: 'AlertingRule',
      metadata: { name: 'eventail-my-rules' },
      spec: { tenantID: 'infrastructure', groups: [{ ...group, rules: [alert] }] },
    },
    {
      kind: 'RecordingRule',
      metadata: { name: 'eventail-my-rules-recording' },
      spec: { groups: [{ ...group, rules: [record] }] },
    },
  ])
  t.match(await run('rules', 'render', '-as=helm', files), { code: 2, err: /expected one of files, configmap/ })
  t.match(await run('rules', 'render', `-out=${join(files, 'My_Rules.yaml')}`, files), {
    code: 1,
    err: /cannot be written/,
  })
})

t.test(
  'sync makes the namespace hold these rules and no others; diff tells the same beforehand and changes nothing',
  async (t) => {
    const present = (name: string, expr: string): Group => ({
      name,
      interval: '60s',
      rules: [{ alert: `A-${name}`, expr }],
    })
    const { url, asked, groups } = await ruler(t, [
      present('same', 'vector(1)'),
      present('old', 'vector(1)'),
      present('a/ b', 'vector(1)'),
    ])
    const files = folder(t, {
      '1.yaml': fileOf('same', 'vector(1)'),
      '2.yaml': fileOf('old', 'vector(2)'),
      '3.yaml': fileOf('new', 'vector(3)'),
      token: 'secret-word\n',
    })
    const diff = await run('rules', 'diff', `-url=${url}/`, '-tenant=prod', files)
    t.equal(diff.code, 1)
    t.equal(
      diff.out,
      `~ old
      rules:
        - alert: A-old
    -     expr: vector(1)
    +     expr: vector(2)
+ new
    + name: new
    + interval: 60000ms
    + rules:
    +   - alert: A-new
    +     expr: vector(3)
- a/ b
    - name: a/ b
    - interval: 60000ms
    - rules:
    -   - alert: A-a/ b
    -     expr: vector(1)
`,
    )
    t.match(asked, [{ method: 'GET', url: '/loki/api/v1/rules/eventail', headers: { 'x-scope-orgid': 'prod' } }])
    asked.length = 0

    const sync = ['rules', 'sync', `-url=${url}`, `-bearer-token-file=${join(files, 'token')}`, files]
    t.match(await run(...sync), {
      code: 0,
      err: '',
      out: 'changed old\nadded new\nremoved a/ b\n3 groups in eventail: 3 to change, 0 failed\n',
    })
    t.strictSame(
      asked.map(({ method, url: path }) => `${method} ${path}`),
      [
        'GET /loki/api/v1/rules/eventail',
        'POST /loki/api/v1/rules/eventail',
        'POST /loki/api/v1/rules/eventail',
        'DELETE /loki/api/v1/rules/eventail/a%2F%20b',
      ],
    )
    for (const { headers } of asked) t.equal(headers.authorization, 'Bearer secret-word')
    t.equal(asked[1]?.headers['content-type'], 'application/yaml')
    t.strictSame(groups.map(({ name }) => name).sort(), ['new', 'old', 'same'])

    t.match(await run(...sync), { code: 0, out: '3 groups in eventail: 0 to change, 0 failed\n' })
    t.match(await run('rules', 'diff', `-url=${url}`, files), { code: 0, out: '' })
  },
)

t.test('what the ruler refuses is told without secrets, and then nothing is taken away', async (t) => {
  const { url, asked, refuse } = await ruler(t, [{ name: 'gone', rules: [] }])
  refuse.name = 'b'
  const files = folder(t, {
    '1.yaml': fileOf('b', 'vector(1)'),
    '2.yaml': fileOf('c', 'vector(1)'),
    word: 'secret-word',
  })
  const { code, out, err } = await run(
    'rules',
    'sync',
    `-url=${url}`,
    '-user=me',
    `-password-file=${join(files, 'word')}`,
    files,
  )
  t.equal(code, 1)
  t.equal(out, 'added c\n2 groups in eventail: 3 to change, 1 failed\n')
  t.match(err, /^b: POST: 400: invalid rule group b: /)
  t.notMatch(err, 'secret-word')
  t.notOk(asked.some(({ method }) => method === 'DELETE'))
  t.equal(asked[0]?.headers.authorization, `Basic ${Buffer.from('me:secret-word').toString('base64')}`)
})

t.test('without a ruler, with rules that are wrong or flags that contradict each other nothing is done', async (t) => {
  const server = await serve(null, (_, response) => void response.writeHead(404).end('404 page not found\n'))
  t.teardown(server.close)
  const files = folder(t, { 'a.yaml': fileOf('a', 'vector(1)') })
  const sync = (...more: readonly string[]): Promise<Ran> => run('rules', 'sync', `-url=${server.url}`, ...more)
  t.match(await sync(files), { code: 2, err: /GET: 404 \(is the ruler enabled, with enable_api\?\)/ })
  t.match(await sync(files, join(files, 'a.yaml')), { code: 2, err: /two files have a group "a"/ })
  t.match(await sync(`-bearer-token-file=${join(files, 'none')}`, files), {
    code: 2,
    err: /credentials cannot be read/,
  })
  t.match(await sync('-user=a', '-bearer-token-file=b', files), { code: 2, err: /expected one of -user and/ })
  t.match(await run('rules', 'sync', '-url=ftp://x', files), { code: 2, err: /set -url to the URL of Loki/ })
  t.equal(server.opened(), 1)
  await server.close()
  t.match(await sync(files), { code: 2, err: /GET http:\/\/127\.0\.0\.1:\d+\/loki.*ECONNREFUSED/ })
})
