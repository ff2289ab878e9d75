import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parseArgv, type Argv } from '../../src/cli/argv.ts'
import { check } from '../../src/cli/check.ts'
import { COMMANDS, type CommandSpec } from '../../src/cli/commands.ts'
import { parseLabelFlag } from '../../src/cli/label-flag.ts'
import type { Output } from '../../src/cli/output.ts'
import { printVersion } from '../../src/cli/version.ts'
import { loadConfig } from '../../src/config/load.ts'

const recorder = (): Output & { readonly texts: { out: string; err: string } } => {
  const texts = { out: '', err: '' }
  return {
    texts,
    out: (text) => {
      texts.out += text
    },
    err: (text) => {
      texts.err += text
    },
  }
}

const usage = (argv: readonly string[]): string => {
  const parsed = parseArgv(argv)
  return parsed.command === 'usage-error' ? parsed.message : `no usage error but ${parsed.command}`
}

const LOAD = { files: 'e.yaml', expandEnv: false, overlay: {} }
const RUN: Argv = {
  command: 'run',
  load: LOAD,
  dryRun: false,
  inspect: false,
  stdin: false,
  printConfig: false,
  logConfig: false,
}

t.test('a command line is understood as Promtail and a shell user mean it', (t) => {
  const cases: readonly (readonly [words: string, expected: Argv])[] = [
    ['-config.file=e.yaml', RUN],
    ['-config.file e.yaml', RUN],
    ['--config.file=e.yaml', RUN],
    ['--config.file e.yaml', RUN],
    ['run -config.file=e.yaml', RUN],
    ['-config.file=e.yaml run', RUN],
    ['-config.file=other.yaml -config.file=e.yaml', RUN],
    ['-config.file=e.yaml -dry-run', { ...RUN, dryRun: true }],
    ['-dry-run -config.file=e.yaml', { ...RUN, dryRun: true }],
    ['-config.file=e.yaml -dry-run=false', RUN],
    ['-config.file=e.yaml --dry-run=T', { ...RUN, dryRun: true }],
    ['-config.file=e.yaml -dry-run -dry-run=0', RUN],
    ['-config.file=e.yaml -config.expand-env=true', { ...RUN, load: { ...LOAD, expandEnv: true } }],
    ['-config.file=e.yaml -inspect -stdin', { ...RUN, inspect: true, stdin: true }],
    ['-config.file=e.yaml -print-config-stderr', { ...RUN, printConfig: true }],
    ['-config.file=e.yaml -log-config-reverse-order', { ...RUN, logConfig: true }],
    ['-config.file=a=b,-c.yaml', { ...RUN, load: { ...LOAD, files: 'a=b,-c.yaml' } }],
    ['-config.file -strange.yaml', { ...RUN, load: { ...LOAD, files: '-strange.yaml' } }],
    ['-version', { command: 'version' }],
    ['--version', { command: 'version' }],
    ['version', { command: 'version' }],
    ['-config.file=e.yaml -check-syntax', { command: 'check', loads: [LOAD] }],
    ['check e.yaml', { command: 'check', loads: [LOAD] }],
    ['check e.yaml f.yaml', { command: 'check', loads: [LOAD, { ...LOAD, files: 'f.yaml' }] }],
    ['check -- -f.yaml', { command: 'check', loads: [{ ...LOAD, files: '-f.yaml' }] }],
  ]
  for (const [words, expected] of cases) t.strictSame(parseArgv(words.split(' ')), expected, words)
  t.match(parseArgv(['demo']), { command: 'demo', overlay: {} })
  t.match(parseArgv(['demo', '-server.http-listen-port=0']), {
    command: 'demo',
    overlay: { server: { http_listen_port: { flag: '-server.http-listen-port', text: '0' } } },
  })
  t.end()
})

t.test('a command line that makes no sense is refused with what was probably meant', (t) => {
  const cases: readonly (readonly [words: string, message: RegExp])[] = [
    [
      '-config.fil=e.yaml',
      /^flag provided but not defined: -config\.fil; did you mean -config\.file\?\nRun with -help/,
    ],
    ['--dryrun', /not defined: -dryrun; did you mean -dry-run\?/],
    ['-nothing.like.it', /^flag provided but not defined: -nothing\.like\.it\n/],
    ['-config.file', /^flag needs an argument: -config\.file\n/],
    ['-config.file=e.yaml -dry-run=maybe', /^invalid boolean value for -dry-run: expected true or false\n/],
    ['chekc e.yaml', /^unknown command "chekc"; did you mean check\?\n/],
    ['frobnicate', /^unknown command "frobnicate"\n/],
    ['-config.file=e.yaml run more', /^run: too many arguments/],
    ['check', /^check: missing required argument 'files'/],
    ['demo -client.url=http://x/y', /^demo: unknown option '--client\.url'/],
    ['ui', /^ui: set -loki to the URL of Loki/],
    ['ui -loki=loki:3100', /^ui: set -loki to the URL of Loki/],
    ['ui -loki=http://x -user=a -bearer-token-file=b', /^ui: expected one of -user and -bearer-token-file/],
    ['ui -loki=http://x -password-file=b', /^ui: expected -user with -password-file/],
    ['ui -loki=http://x -listen-port=99999', /^ui: expected a port for -listen-port, got "99999"/],
    ['demo -ui-port=http', /^expected a port for -ui-port, got "http"/],
    ['-check-syntax', /^Invalid config file/],
    ['-dry-run', /^set -config\.file/],
    ['-client.url=http://x/y -client.external-labels=a=1,b=2,c', /^expected labels such as a=b,c=d/],
  ]
  for (const [words, message] of cases) t.match(usage(words.split(' ')), message, words)
  t.match(usage([]), /^set -config\.file/, 'no words at all')
  t.notMatch(usage(['-client.pasword=hunter2-and-more']), /hunter2/, 'the value of an unknown flag may be a secret')
  t.end()
})

t.test('the page is for this machine alone unless it is told otherwise', (t) => {
  t.match(parseArgv(['ui', '-loki=http://loki:3100']), {
    command: 'ui',
    url: new URL('http://loki:3100'),
    tenant: '',
    listenAddress: '127.0.0.1',
    listenPort: 8090,
    allowedHosts: [],
  })
  t.match(parseArgv(['ui', '-loki=http://x', '-listen-address=', '-listen-port=0', '-allowed-host=A.corp,b']), {
    listenAddress: '',
    listenPort: 0,
    allowedHosts: ['a.corp', 'b'],
  })
  t.match(parseArgv(['demo', '-ui-port=0']), { uiPort: 0, lokiPort: null })
  t.end()
})

t.test('help shows examples first, for the program and for each command', (t) => {
  for (const words of ['-help', '--help', '-h', 'help', '-config.file=e.yaml -help']) {
    const parsed = parseArgv(words.split(' '))
    t.match(parsed, { command: 'help', text: /^Examples:\n {2}eventail -config\.file=/ }, words)
  }
  for (const command of COMMANDS) {
    const words = command.name.split(' ')
    const parsed = parseArgv([...words, '-help'])
    if (parsed.command !== 'help') return t.fail(command.name)
    t.match(parsed.text, /^Examples:/)
    t.match(parsed.text, `${command.name}: ${command.summary}`)
    t.strictSame(parseArgv(['help', ...words]), parsed)
  }
  t.end()
})

t.test('labels of a flag are read as Promtail reads them', (t) => {
  const cases: readonly (readonly [text: string, labels: unknown])[] = [
    ['a=b', [['a', 'b']]],
    ['a="b,c"', [['a', 'b,c']]],
    [
      'a=b,c=d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a=b=c,d=e',
      [
        ['a', 'b=c'],
        ['d', 'e'],
      ],
    ],
    [
      '"a=b,c",d=e',
      [
        ['a', 'b,c'],
        ['d', 'e'],
      ],
    ],
    [
      '"a=say ""hi""",d=e',
      [
        ['a', 'say "hi"'],
        ['d', 'e'],
      ],
    ],
    ['a=b,c', [['a', 'b,c']]],
    ['a=b,c=d,e', null],
    ['"a=b,c=d', null],
    ['a', null],
    ['', null],
  ]
  for (const [text, labels] of cases) t.strictSame(parseLabelFlag(text), labels, text)
  t.end()
})

t.test('flags win over the file, and the client of the flags joins those of the file', (t) => {
  const file = join(t.testdir(), 'e.yaml')
  writeFileSync(
    file,
    `
server: {http_listen_port: 1, log_level: warn}
clients: [{url: http://a/push, external_labels: {own: a, shared: a}}]
scrape_configs: [{job_name: j, kubernetes_events: {}}]
`,
  )
  const parsed = parseArgv([
    `-config.file=nowhere.yaml, ${file}`,
    '-server.http-listen-port=2',
    '-client.url=http://b/push',
    '-client.external-labels=shared=flag,more=flag',
    '-client.max-backoff=1m',
    '-client.drop-rate-limited-batches',
    '-positions.file=here.yaml',
    '-server.grpc-listen-port=0',
    '-target.sync-period=10s',
  ])
  if (parsed.command !== 'run') return t.fail(parsed.command)
  const loaded = loadConfig({ ...parsed.load, environment: {} })
  if (loaded.kind !== 'valid') return t.fail('invalid', loaded)
  t.match(loaded.config.server, { httpListenPort: 2, logLevel: 'warn' })
  t.match(loaded.config.positions, { store: 'file', filename: 'here.yaml' })
  t.strictSame(
    loaded.config.clients.map((client) => [client.url, client.externalLabels]),
    [
      ['http://a/push', { shared: 'a', more: 'flag', own: 'a' }],
      ['http://b/push', { shared: 'flag', more: 'flag' }],
    ],
  )
  t.match(loaded.config.clients[1], { backoff: { minMs: 500, maxMs: 60_000 }, dropRateLimited: true })
  t.strictSame(loaded.warnings, [
    'flag -server.grpc-listen-port: server.grpc_listen_port: accepted, without effect: there is no gRPC server here',
    'flag -target.sync-period: target_config.sync_period: accepted, without effect: it has no meaning here',
  ])
  t.end()
})

t.test('a flag with a wrong value is reported under its name', (t) => {
  const parsed = parseArgv(['-client.url=http://user:hunter2@b/push', '-client.batch-wait=5'])
  if (parsed.command !== 'run') return t.fail(parsed.command)
  const loaded = loadConfig({ ...parsed.load, environment: {} })
  if (loaded.kind !== 'invalid') return t.fail(loaded.kind)
  t.match(loaded.errors, [{ code: 'BAD_DURATION', file: 'flag -client.batch-wait', line: 0, path: 'client.batchwait' }])
  t.end()
})

t.test('without a file, the events of all namespaces go to the client of the flags', (t) => {
  const parsed = parseArgv(['-client.url=http://b/push'])
  if (parsed.command !== 'run') return t.fail(parsed.command)
  const loaded = loadConfig({ ...parsed.load, environment: {} })
  if (loaded.kind !== 'valid') return t.fail('invalid', loaded)
  t.match(loaded.config.scrapeConfigs, [{ jobName: 'kubernetes-events', source: { namespaces: { kind: 'all' } } }])
  t.match(loaded.config.clients, [{ url: 'http://b/push' }])
  t.end()
})

t.test('check says valid on stdout and everything else on stderr', (t) => {
  const folder = t.testdir({
    'good.yaml': 'clients: [{url: http://a/push}]\nscrape_configs: [{job_name: j, kubernetes_events: }]\n',
    'warned.yaml':
      'tracing: {}\nclients: [{url: http://a/push}]\nscrape_configs: [{job_name: j, kubernetes_events: }]\n',
    'bad.yaml': 'clients: [{url: http://a/push, batch_wait: 1s}]\nscrape_configs: []\n',
  })
  const load = (name: string) => ({ ...LOAD, files: join(folder, name) })

  const good = recorder()
  t.equal(check([load('good.yaml')], {}, good), 0)
  t.strictSame(good.texts, { out: 'Valid config file! No syntax issues found\n', err: '' })

  const warned = recorder()
  t.equal(check([load('warned.yaml')], {}, warned), 0)
  t.match(warned.texts.err, /^warning: .*warned\.yaml:1:10: tracing: accepted, without effect: traces are not sent\n$/)

  const several = recorder()
  t.equal(check([load('good.yaml'), load('bad.yaml'), load('none.yaml')], {}, several), 2)
  t.match(several.texts.out, /good\.yaml: Valid config file!/)
  t.match(several.texts.err, /bad\.yaml:1:32: clients\[0\]\.batch_wait: .*did you mean `batchwait`\?\n/)
  t.match(several.texts.err, /bad\.yaml:2:17: scrape_configs: expected at least one scrape config, got none\n/)
  t.match(several.texts.err, /none\.yaml: does not exist, set config\.file for custom config path\n/)
  t.end()
})

t.test('the version is the one of package.json', (t) => {
  const output = recorder()
  t.equal(printVersion(output), 0)
  const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly version: string
  }
  t.match(output.texts.out, `eventail, version ${manifest.version}\n`)
  t.end()
})

t.test('every flag and command is described in docs/command-line.md', (t) => {
  const doc = readFileSync(resolve(import.meta.dirname, '../../docs/command-line.md'), 'utf8')
  for (const command of COMMANDS as readonly CommandSpec[]) {
    t.ok(doc.includes(`\`${command.name}\``), command.name)
    for (const flag of command.flags) t.ok(doc.includes(`\`-${flag.name}\``), flag.name)
  }
  t.end()
})
