import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { checkRules } from '../../src/rules/check-files.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = join(root, 'deploy/compose')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

type Service = {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: readonly string[]
  readonly [key: string]: unknown
}
type Compose = {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const compose = parse(read('compose.yaml')) as Compose
const services = Object.entries(compose.services)
const service = (name: string): Service => compose.services[name]!

/** `source:target:mode`, where the source may be a variable with a default. */
const mounts = ({
  volumes = [],
}: Service): readonly { readonly source: string; readonly target: string; readonly mode: string }[] =>
  volumes.map((text) => {
    const [, source = '', target = '', mode = ''] = /^(\$\{.*?\}|[^:]+):([^:]+)(?::(\w+))?$/.exec(text) ?? []
    return { source, target, mode }
  })

/** What lies where a container sees it. @returns null for what is on a volume or is no file of this repository */
const hostPathOf = (name: string, target: string): string | null => {
  const mount = mounts(service(name)).find((one) => target === one.target || target.startsWith(`${one.target}/`))
  if (mount?.source.startsWith('.') !== true) return null
  return join(folder, mount.source, target.slice(mount.target.length))
}

t.test('what is mounted is there, read-only, and volumes are declared', (t) => {
  const named = new Set<string>()
  for (const [name, one] of services) {
    for (const { source, target, mode } of mounts(one)) {
      t.match(target, /^\//, `${name}: ${source}`)
      if (source.startsWith('.')) {
        t.ok(existsSync(join(folder, source)), `${name}: ${source}`)
        t.equal(mode, 'ro', `${name}: ${source}`)
        // A file is mounted as a file: Docker makes a folder of what is not there.
        t.equal(statSync(join(folder, source)).isFile(), /\.\w+$/.test(target), `${name}: ${source} as ${target}`)
      } else if (!source.startsWith('$')) named.add(source)
    }
    for (const needed of one.depends_on ?? []) t.ok(needed in compose.services, `${name} needs ${needed}`)
  }
  t.strictSame([...named].sort(), Object.keys(compose.volumes).sort())
  t.match(service('eventail').volumes, [/eventail\.yaml/, '${KUBECONFIG:-~/.kube/config}:/etc/eventail/kubeconfig:ro'])
  t.equal(service('eventail').environment!['KUBECONFIG'], '/etc/eventail/kubeconfig')
  t.end()
})

t.test(
  'images have a version, ports are those of this machine, and files of a configuration are what is mounted',
  (t) => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
    t.equal(service('eventail').image, `eventail:${version}`)
    const used = new Set<string>()
    for (const [name, { image, ports = [], command = [] }] of services) {
      t.match(image, /^[a-z/]+:v?\d+\.\d+\.\d+$/, name)
      for (const port of ports) {
        const [, address, host = ''] = /^(127\.0\.0\.1):(\d+):\2$/.exec(port) ?? []
        t.equal(address, '127.0.0.1', `${name}: ${port}`)
        t.notOk(used.has(host), port)
        used.add(host)
      }
      const [, file] = /config\.file=(\S+)/.exec(command.join(' ')) ?? []
      if (file !== undefined) t.ok(existsSync(hostPathOf(name, file)!), `${name}: ${file}`)
    }
    t.match(service('eventail'), { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    for (const [, url = ''] of read('README.md').matchAll(/^\| http:\/\/127\.0\.0\.1:(\d+)/gm)) t.ok(used.has(url), url)
    t.end()
  },
)

/** The addresses in a text whose host is no address of this machine. */
const hostsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:https?:\/\/|\[)([a-z]+):(\d+)/g)].map(([, host = '', port = '']) => `${host}:${port}`)

t.test('services find each other by name and port', (t) => {
  const listening = new Set(services.map(([name, { ports = [] }]) => `${name}:${ports[0]!.split(':')[2]!}`))
  const files = ['loki.yaml', 'prometheus.yaml', 'grafana/datasources/datasources.yaml', 'compose.yaml']
  for (const file of files) for (const host of hostsIn(read(file))) t.ok(listening.has(host), `${file}: ${host}`)
  t.strictSame(
    files.map((file) => hostsIn(read(file)).length),
    [2, 2, 3, 1],
  )
  t.strictSame(Object.keys((parse(read('compose.kind.yaml')) as Compose).services), ['eventail'])
  t.end()
})

t.test("the agent's configuration is valid, in its container and beside it", (t) => {
  const environment = service('eventail').environment!
  const load = (given: Readonly<Record<string, string>>): ReturnType<typeof loadConfig> =>
    loadConfig({ files: join(folder, 'eventail.yaml'), expandEnv: true, environment: given, overlay: {} })
  const inside = load({ ...environment, CLUSTER: 'laptop' })
  const beside = load({})
  if (inside.kind !== 'valid' || beside.kind !== 'valid') throw new Error('expected a valid configuration')
  t.equal(inside.config.clients[0]!.url, 'http://loki:3100/loki/api/v1/push')
  t.equal(beside.config.clients[0]!.url, 'http://127.0.0.1:3100/loki/api/v1/push')
  t.match(inside.config.positions, { store: 'file', filename: '/var/lib/eventail/positions.yaml' })
  t.strictSame(service('eventail')['tmpfs'], ['/var/lib/eventail:mode=1777'], 'the only place that may be written')
  t.strictSame(inside.config.clients[0]!.externalLabels, beside.config.clients[0]!.externalLabels)
  t.end()
})

type Loki = {
  readonly auth_enabled: boolean
  readonly schema_config: { readonly configs: readonly { readonly schema: string; readonly store: string }[] }
  readonly limits_config: { readonly allow_structured_metadata: boolean }
  readonly ruler: {
    readonly storage: { readonly type: string; readonly local: { readonly directory: string } }
    readonly alertmanager_url: string
    readonly external_url: string
    readonly enable_api: boolean
  }
}

t.test('Loki takes structured metadata, and its ruler has the rules of its tenant and nothing else', (t) => {
  const {
    auth_enabled: tenants,
    schema_config: schema,
    limits_config: limits,
    ruler,
  } = parse(read('loki.yaml')) as Loki
  t.equal(tenants, false)
  t.match(schema.configs.at(-1), { schema: 'v13', store: 'tsdb' })
  t.equal(limits.allow_structured_metadata, true)
  t.match(ruler, { storage: { type: 'local' }, enable_api: true, external_url: 'http://127.0.0.1:3000' })

  const rules = hostPathOf('loki', `${ruler.storage.local.directory}/fake`)!
  const names = readdirSync(rules, { recursive: true, encoding: 'utf8' }).sort()
  const shipped = readdirSync(join(root, 'rules')).filter((name) => name.endsWith('.yaml'))
  t.strictSame(names, shipped.sort(), 'one file that is none would take all rules away')
  const sources = names.map((file) => ({ file, text: readFileSync(join(rules, file), 'utf8') }))
  t.strictSame(checkRules(sources, 'eventail').errors, [])
  t.equal(mounts(service('loki')).filter(({ target }) => target.startsWith(ruler.storage.local.directory)).length, 1)
  t.end()
})

type DataSources = {
  readonly datasources: readonly { readonly uid: string; readonly type: string; readonly url: string }[]
}
type Providers = { readonly providers: readonly { readonly options: { readonly path: string } }[] }

t.test('Grafana has the data source that alerts link to, and every dashboard', (t) => {
  const { datasources } = parse(read('grafana/datasources/datasources.yaml')) as DataSources
  t.strictSame(
    datasources.map(({ uid, type }) => [uid, type]),
    [
      ['loki', 'loki'],
      ['prometheus', 'prometheus'],
      ['alertmanager', 'alertmanager'],
    ],
  )
  t.match(readFileSync(join(root, 'rules/pods.yaml'), 'utf8'), '"datasource":"loki"')
  const { providers } = parse(read('grafana/dashboards/dashboards.yaml')) as Providers
  const dashboards = hostPathOf('grafana', providers[0]!.options.path)!
  const names = readdirSync(dashboards).sort()
  t.strictSame(
    names,
    readdirSync(join(root, 'dashboards'))
      .filter((name) => name.endsWith('.json'))
      .sort(),
  )
  for (const name of names) {
    const { uid } = JSON.parse(readFileSync(join(dashboards, name), 'utf8')) as { readonly uid: string }
    t.match(uid, /^eventail-/, name)
  }
  for (const kind of ['datasources', 'dashboards']) {
    const path = hostPathOf('grafana', `/etc/grafana/provisioning/${kind}`)!
    t.strictSame(readdirSync(path), [`${kind}.yaml`])
  }
  t.end()
})

for (const [tool, args] of [
  ['promtool', ['check', 'config', 'prometheus.yaml']],
  ['amtool', ['check-config', 'alertmanager.yaml']],
] as const) {
  const absent = spawnSync(tool, ['--version']).error !== undefined && `no ${tool} is installed`
  t.test(`${tool} finds nothing wrong with ${basename(args.at(-1)!)}`, { skip: absent }, (t) => {
    const { status, stdout, stderr } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8' })
    t.equal(status, 0, `${stdout}${stderr}`)
    t.end()
  })
}
