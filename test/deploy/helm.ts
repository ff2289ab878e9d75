import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { RE2JS } from 're2js'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { build, isOfTheCluster } from '../../deploy/render/build.ts'
import { parseObjects, type JsonMap, type KubeObject } from '../../deploy/render/object.ts'
import { parseArgv } from '../../src/cli/argv.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { accessRules } from '../../src/enrich/access-rules.ts'
import { configOf, deployedBy, theOnly } from '../fixtures/deployed.ts'
import { readChart } from '../fixtures/helm/chart-files.ts'
import { coalesce, isMapping, parseYaml, type Mapping } from '../fixtures/helm/chart-values.ts'
import { COMBINATIONS } from '../fixtures/helm/combinations.ts'
import { meaningOf } from '../fixtures/helm/meaning.ts'
import { objectsOf, renderChart, schemaErrors, type Release } from '../fixtures/helm/render-chart.ts'
import { faultsOfObjects } from '../fixtures/object-check.ts'
import { faultsOfRestricted, podOf } from '../fixtures/restricted-pod.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const folder = join(root, 'deploy/helm/eventail')
const chart = readChart(folder)
const EVENTAIL: Release = { name: 'eventail', namespace: 'eventail' }

const render = (values: Mapping = {}, release = EVENTAIL): ReadonlyMap<string, string> =>
  renderChart(chart, values, release)

/** @throws for a document that is no object of Kubernetes */
const objects = (values: Mapping = {}, release = EVENTAIL): readonly KubeObject[] =>
  objectsOf(render(values, release)).map((object) => parseObjects(JSON.stringify(object), 'chart')[0]!)

const notes = (values: Mapping = {}): string => render(values).get('templates/NOTES.txt')!

/** What a folder of kustomize builds, with more of the components. */
const kustomized = (t: Test, overlay: string, components: readonly string[] = []): readonly KubeObject[] => {
  const made = t.testdir()
  const path = (name: string): string => relative(made, join(root, 'deploy/kustomize', name))
  const text = {
    kind: 'Kustomization',
    resources: [path(overlay)],
    components: components.map((one) => path(`components/${one}`)),
  }
  writeFileSync(join(made, 'kustomization.yaml'), JSON.stringify(text))
  return build(made)
}

t.test('what the chart carries, its README and its version are up to date', (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/render-chart.js', '--check'], {
    cwd: root,
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  t.end()
})

t.test('the default rendering means what kustomize means', (t) => {
  t.strictSame(meaningOf(objects()), meaningOf(kustomized(t, 'overlays/default')))
  t.end()
})

/** What a file in a ConfigMap says, however it is written. */
const sayingOf = (key: string, value: unknown): unknown =>
  typeof value === 'string' && key.endsWith('.yaml') ? (parse(value) as unknown) : value

t.test('so does each other shape', (t) => {
  const shapes: readonly (readonly [string, Mapping, readonly KubeObject[]])[] = [
    ['two replicas', { replicas: 2 }, kustomized(t, 'overlays/ha')],
    ['a write-ahead log', { wal: { enabled: true } }, kustomized(t, 'overlays/wal')],
    ['namespaced', { rbac: { namespaces: ['team-a', 'team-b'] } }, kustomized(t, 'overlays/namespaced')],
    [
      'all that others take',
      {
        replicas: 2,
        networkPolicy: { enabled: true },
        serviceMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        lokiRules: { enabled: true, namespace: 'loki' },
        dashboards: { enabled: true, namespace: 'monitoring' },
      },
      kustomized(t, 'overlays/complete'),
    ],
  ]
  for (const [name, values, wanted] of shapes) {
    const said = (made: readonly KubeObject[]): unknown => JSON.parse(JSON.stringify(meaningOf(made), sayingOf))
    t.strictSame(said(objects(values)), said(wanted), name)
  }
  t.end()
})

t.test('every object of every combination of values is what the API says, and every pod is restricted', (t) => {
  const all = Object.values(COMBINATIONS).flatMap((values) => objects(values))
  t.ok(all.length > 100)
  t.strictSame(faultsOfObjects(all), [])
  const pods = all.flatMap((object) => podOf(object) ?? [])
  t.equal(
    pods.length,
    3 * Object.keys(COMBINATIONS).length - 1,
    'a Deployment and two tests each, where there is a Service',
  )
  for (const pod of pods) t.strictSame(faultsOfRestricted(pod), [])
  for (const [name, values] of Object.entries(COMBINATIONS)) {
    const ids = objects(values).map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
    t.equal(new Set(ids).size, ids.length, `${name}: no object twice`)
  }
  t.end()
})

t.test('values reach the configuration', (t) => {
  const { data, stringData, ...rest } = theOnly(objects(COMBINATIONS['configuration']), 'Secret')
  t.equal(data, undefined, rest.metadata.name)
  const text = (stringData as JsonMap)['eventail.yaml'] as string
  const parsed = parseConfig(text, 'eventail.yaml')
  if (parsed.kind === 'invalid') throw new Error(`${text}${parsed.errors.map(({ message }) => message).join('\n')}`)
  const { clients, scrapeConfigs, server, positions, drainTimeoutMs } = parsed.config
  t.match(
    clients.map(({ externalLabels }) => externalLabels),
    [{ cluster: 'other', zone: 'a' }, { cluster: 'prod-eu' }],
    'a client that names its cluster keeps it',
  )
  t.equal(server.httpListenPort, 9081)
  t.equal(positions.syncPeriodMs, 5000)
  t.equal(drainTimeoutMs, 30_000)
  t.strictSame(
    scrapeConfigs.map(({ jobName }) => jobName),
    ['kubernetes-events', 'eventail-more'],
  )
  t.match(text, "template: '{{ ToLower .Value }}'", 'stages are no templates of the chart')
  t.match(text, 'max_line_size: 64KB')

  t.match(deployedBy(objects(COMBINATIONS['file'])).configText, 'url: "http://loki/eventail"')
  const ha = configOf(objects(COMBINATIONS['ha']))
  t.match(ha.leaderElection, { enabled: true, timing: { leaseDurationMs: 30_000 } })
  t.match(configOf(objects(COMBINATIONS['wal'])).wal, { maxBytes: 4 * 2 ** 30, fsync: false })
  t.match(configOf(objects(COMBINATIONS['elects alone'])).leaderElection, { enabled: true })
  for (const [name, values] of Object.entries(COMBINATIONS)) {
    if (name !== 'bare' && name !== 'configuration') t.ok(configOf(objects(values)), name)
  }
  t.end()
})

t.test('values reach the pod', (t) => {
  const { deployment, container, environment } = deployedBy(
    objects({ ...COMBINATIONS['extras'], config: { clients: [{ url: 'http://loki' }] } }),
  )
  t.match(container, {
    image: /^mirror\.example\/eventail:/,
    args: ['run', '-config.file=/etc/eventail/eventail.yaml', '-log.level=debug'],
    envFrom: [{ secretRef: { name: 'loki' } }],
    volumeMounts: [{ name: 'config' }, { name: 'credentials' }],
  })
  t.equal(environment['HTTPS_PROXY'], 'http://proxy.example')
  t.match(environment['NODE_OPTIONS'], / --allow-fs-read=\/etc\/credentials$/, 'what is mounted may be read')
  t.match(deployment, {
    metadata: { annotations: { a: 'b' } },
    spec: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: {
        metadata: { annotations: { c: 'd' }, labels: { e: 'f' } },
        spec: {
          priorityClassName: 'system-cluster-critical',
          dnsPolicy: 'None',
          dnsConfig: { nameservers: ['192.0.2.2'] },
          hostAliases: [{ ip: '192.0.2.1' }],
          imagePullSecrets: [{ name: 'pull' }],
          tolerations: [{ operator: 'Exists' }],
          topologySpreadConstraints: [{ topologyKey: 'zone' }],
        },
      },
    },
  })
  const named = theOnly(objects(COMBINATIONS['names']), 'Deployment')
  t.equal(podOf(named)!.containers[0]!.image, `registry.example/eventail@sha256:${'0'.repeat(64)}`)
  t.equal(podOf(named)!.serviceAccountName, 'reader')
  const bare = podOf(theOnly(objects(COMBINATIONS['bare']), 'Deployment'))!
  t.match(bare, { serviceAccountName: 'default', volumes: [{ secret: { secretName: 'mine' } }] })
  t.strictSame(
    objects(COMBINATIONS['bare'])
      .map(({ kind }) => kind)
      .sort(),
    ['Deployment', 'Lease', 'Pod'],
  )
  const own = objects(COMBINATIONS['extras']).filter(({ metadata }) => ['one', 'eventail-two'].includes(metadata.name))
  t.match(own, [{ data: { a: '{{ not a template }}' } }, {}], 'a mapping is no template, a text is one')
  t.end()
})

t.test('a change of the configuration is a change of the pods, and nothing else is', (t) => {
  const checksum = (values: Mapping): unknown =>
    (
      theOnly(objects(values), 'Deployment') as unknown as {
        spec: { template: { metadata: { annotations?: JsonMap } } }
      }
    ).spec.template.metadata.annotations?.['checksum/config']
  t.match(checksum({}), /^[0-9a-f]{64}$/)
  t.equal(checksum({ podLabels: { a: 'b' } }), checksum({}))
  t.not(checksum({ config: { cluster: 'other' } }), checksum({}))
  t.equal(checksum(COMBINATIONS['bare']!), undefined)
  t.end()
})

t.test('the Lease stays, and no rendering says who holds it or where the position is', (t) => {
  for (const [name, values] of Object.entries(COMBINATIONS)) {
    const { metadata, ...rest } = theOnly(objects(values), 'Lease')
    t.strictSame(rest, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }, name)
    t.strictSame(metadata['annotations'], { 'helm.sh/resource-policy': 'keep' }, name)
  }
  // An upgrade to another version of the chart does not even touch it.
  const next = new Map([
    ...chart,
    ['Chart.yaml', read('deploy/helm/eventail/Chart.yaml').replaceAll(/ersion: \d.*/g, 'ersion: 99.0.0')],
  ])
  const lease = (files: typeof chart): string => renderChart(files, {}, EVENTAIL).get('templates/lease.yaml')!
  t.equal(lease(next), lease(chart))
  t.not(renderChart(next, {}, EVENTAIL).get('templates/deployment.yaml'), render().get('templates/deployment.yaml'))
  t.end()
})

t.test('the namespaced shape has no object of the cluster', (t) => {
  t.strictSame(objects(COMBINATIONS['namespaced']).filter(isOfTheCluster), [])
  t.equal(objects().filter(isOfTheCluster).length, 2)
  const roles = objects(COMBINATIONS['namespaced']).filter(
    ({ kind, metadata }) => kind === 'Role' && metadata.name === 'eventail-events',
  )
  t.match(roles, [
    { metadata: { namespace: 'shop' }, rules: [{ resources: ['events'] }, { resources: ['deployments'] }] },
  ])
  t.end()
})

t.test('what `enrich` needs is in the role, as `eventail rbac` has it, and nothing by default', (t) => {
  const rulesOf = (values: Mapping): readonly JsonMap[] => {
    const role = objects(values).find(
      ({ kind, metadata }) => kind.endsWith('Role') && metadata.name === 'eventail-events',
    )
    const [events, ...more] = role!['rules'] as readonly JsonMap[]
    t.match(events, { resources: ['events'] })
    return more
  }
  const sorted = (rules: readonly unknown[]): readonly string[] => rules.map((rule) => JSON.stringify(rule)).sort()
  const all = { owners: true, labels: ['team'], namespace_labels: ['cost'], node_labels: ['zone'] }
  const cases: readonly (readonly [Mapping, readonly string[]])[] = [
    [all, []],
    [{ owners: true, resources: ['pods', 'rollouts.argoproj.io', 'deployments.apps'] }, []],
    [{ namespace_labels: ['team'] }, []],
    [{ owners: true, namespace_labels: ['team'] }, ['team-a', 'team-b']],
  ]
  t.strictSame(rulesOf({}), [])
  for (const [enrich, namespaces] of cases) {
    const values = { rbac: { namespaces }, config: { snippets: { kubernetesEvents: { enrich } } } }
    const [job] = configOf(objects(values)).scrapeConfigs
    const { cluster, namespaces: within } = accessRules(job!.enrich!, job!.source.namespaces)
    const wanted = namespaces.length === 0 ? cluster : within['team-a']!
    t.ok(wanted.length > 0)
    t.strictSame(sorted(rulesOf(values)), sorted(wanted), JSON.stringify(enrich))
  }
  const nodes = { rbac: { namespaces: ['team-a'] }, config: { snippets: { kubernetesEvents: { enrich: all } } } }
  t.throws(() => render(nodes), /nodes are in no namespace/)
  t.end()
})

t.test('names follow the release, fit, and are told apart', (t) => {
  const nameOf = (values: Mapping, name: string): string =>
    theOnly(objects(values, { name, namespace: 'x' }), 'Deployment').metadata.name
  t.equal(nameOf({}, 'eventail'), 'eventail')
  t.equal(nameOf({}, 'prod'), 'prod-eventail')
  t.equal(nameOf({ fullnameOverride: 'tail' }, 'prod'), 'tail')
  t.equal(nameOf({ nameOverride: 'events' }, 'prod'), 'prod-events')
  const everything = { ...COMBINATIONS['for others'], wal: { enabled: true } }
  for (const { kind, metadata } of objects(everything, { name: 'r'.repeat(53), namespace: 'x' })) {
    if (kind !== 'ConfigMap') t.ok(metadata.name.length <= 63, `${kind} ${metadata.name}`)
  }
  const config = configOf(objects({}, { name: 'prod', namespace: 'x' }))
  t.equal(config.positions.lease.name, 'prod-eventail', 'each release has its own Lease')
  t.end()
})

const REFUSED: readonly (readonly [string, Mapping, RegExp])[] = [
  ['replicas', { replicas: '2' }, /\/replicas must be integer/],
  ['client', { config: { clients: [] } }, /\/config\/clients must NOT have fewer than 1/],
  ['client url', { config: { clients: [{}] } }, /\/config\/clients\/0 must have required property 'url'/],
  ['level', { config: { logLevel: 'trace' } }, /\/config\/logLevel must be equal to one of/],
  ['duration', { config: { drainTimeout: '20' } }, /\/config\/drainTimeout must match pattern/],
  ['port', { config: { serverPort: 80 } }, /\/config\/serverPort must be >= 1024/],
  ['size', { wal: { maxBytes: 1e9 } }, /\/wal\/maxBytes must be string/],
  ['quantity', { wal: { persistence: { size: '2 GB' } } }, /\/wal\/persistence\/size must match/],
  ['digest', { image: { digest: 'sha256:1' } }, /\/image\/digest must match/],
  ['tag', { image: { tag: 'a b' } }, /\/image\/tag must match/],
  ['namespace', { rbac: { namespaces: ['A'] } }, /\/rbac\/namespaces\/0 must match/],
  ['verb', { rbac: { extraRules: [{ apiGroups: [''], resources: ['pods'], verbs: ['delete'] }] } }, /verbs\/0 must be/],
  ['all', { rbac: { extraRules: [{ apiGroups: [''], resources: ['*'], verbs: ['get'] }] } }, /resources\/0 must match/],
  ['label', { podLabels: { a: 1 } }, /\/podLabels\/a must be string/],
  ['grace', { terminationGracePeriodSeconds: 10 }, /must be >= 30/],
  ['election', { leaderElection: { config: { lease: '1s' } } }, /additional properties lease/],
  ['runbook', { lokiRules: { runbookUrl: 'docs' } }, /must match/],
  ['budget', { podDisruptionBudget: { maxUnavailable: 'half' } }, /must match/],
  ['env', { extraEnv: [{ value: 'x' }] }, /\/extraEnv\/0 must have required property 'name'/],
  ['mount', { extraVolumeMounts: [{ name: 'a', mountPath: '/a b' }] }, /mountPath must match/],
]

/** Paths of the mappings among the default values whose keys are the chart's own. */
const ownMappings = (
  values: Mapping,
  schema: JsonMap,
  path: readonly string[] = [],
): readonly (readonly string[])[] => {
  const properties = schema['properties'] as Readonly<Record<string, JsonMap>> | undefined
  if (properties === undefined || path[0] === 'global') return []
  const inner = Object.entries(values).flatMap(([key, value]) =>
    isMapping(value) ? ownMappings(value, properties[key] ?? {}, [...path, key]) : [],
  )
  return [path, ...inner]
}

t.test('the schema knows every value, takes the defaults, and refuses what is mistyped, wherever it is', (t) => {
  t.strictSame(schemaErrors(chart, {}), [])
  for (const [name, values] of Object.entries(COMBINATIONS)) t.strictSame(schemaErrors(chart, values), [], name)
  for (const [name, values, why] of REFUSED) {
    t.match(schemaErrors(chart, values).join('\n'), why, name)
    t.throws(() => render(values), /values don't meet the specifications/, name)
  }
  const patterns = [...chart.get('values.schema.json')!.matchAll(/"pattern": (".*")/g)].map(
    ([, text = '']) => JSON.parse(text) as string,
  )
  t.ok(patterns.length > 8)
  for (const pattern of patterns)
    t.ok(RE2JS.compile(pattern), `${pattern}: Helm's validator has Go's regular expressions`)
  const schema = JSON.parse(chart.get('values.schema.json')!) as JsonMap
  const values = parseYaml(chart.get('values.yaml')!) as Mapping
  const mappings = ownMappings(values, schema)
  t.ok(mappings.length > 15, `${mappings.length} mappings`)
  for (const path of mappings) {
    const typo = path.reduceRight<Mapping>((inner, key) => ({ [key]: inner }), { tpyo: 1 })
    t.match(schemaErrors(chart, typo), [/must NOT have additional properties tpyo/], path.join('.'))
  }
  // Below a mapping that is empty by default, keys are those of another program.
  const known = (schema: JsonMap, values: Mapping, path: string): void => {
    const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonMap>>
    if (Object.keys(values).length === 0) return
    for (const [key, inner] of Object.entries(properties)) {
      t.ok(key in values, `values.yaml has ${path}${key}`)
      const value = values[key]
      if (isMapping(value)) known(inner, value, `${path}${key}.`)
    }
  }
  known(schema, values, '')
  t.end()
})

t.test('every key of the values is described in the README, and its examples are valid', (t) => {
  const readme = chart.get('README.md')!
  const described = new Set([...readme.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key))
  const keys = (values: Mapping, path = ''): readonly string[] =>
    Object.entries(values).flatMap(([key, value]) => {
      const whole = `${path}${key}`
      return described.has(whole) || !isMapping(value) || Object.keys(value).length === 0
        ? [whole]
        : keys(value, `${whole}.`)
    })
  t.strictSame(
    keys(parseYaml(chart.get('values.yaml')!) as Mapping).filter((key) => !described.has(key)),
    [],
  )
  const examples = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => parseYaml(text) as Mapping)
  t.ok(examples.length >= 5)
  const together = examples.reduce(coalesce, {})
  for (const values of [...examples, { ...together, replicas: 1 }]) t.ok(configOf(objects(values)))
  const elsewhere = examples.find((values) => 'podSecurityContext' in values)!
  t.strictSame(podOf(theOnly(objects(elsewhere), 'Deployment'))!.securityContext, {
    runAsNonRoot: true,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  })
  t.end()
})

t.test('mistakes that no schema sees are told', (t) => {
  const fails = (values: Mapping, why: RegExp): void => {
    t.throws(() => render(values), why)
  }
  fails({ replicas: 2, wal: { enabled: true } }, /two replicas cannot share the volume/)
  fails({ config: { create: false } }, /config.name is needed/)
  fails({ podDisruptionBudget: { minAvailable: 1 } }, /takes minAvailable or maxUnavailable/)
  fails({ serviceMonitor: { enabled: true }, service: { enabled: false } }, /finds the pods by the Service/)
  t.end()
})

t.test('the notes tell the first query, and what does not stay', (t) => {
  t.match(notes(), '{job="kubernetes-events", type="Warning", cluster="kubernetes"}')
  t.match(notes(), /CHOOSE A NAME/)
  t.match(notes(), /NOT PERSISTENT: there is no write-ahead log/)
  t.match(notes(), /helm -n eventail test eventail/)
  const named = notes({ config: { cluster: 'prod-eu', clients: [{ url: 'https://u:p@loki.example/push' }] } })
  t.notMatch(named, /CHOOSE A NAME/)
  t.match(named, 'https://<secret>@loki.example/push')
  t.notMatch(named, 'u:p')
  const withSecret = (kind: string): string =>
    notes({
      config: {
        kind,
        clients: [{ url: 'https://loki.example/push', basic_auth: { username: 'u', password: 'hidden' } }],
      },
    })
  t.match(withSecret('ConfigMap'), /A SECRET IS IN A CONFIGMAP/)
  t.notMatch(withSecret('Secret') + notes(COMBINATIONS['configuration']), /A SECRET IS IN A CONFIGMAP/)
  t.notMatch(withSecret('ConfigMap'), /hidden/)
  t.match(notes(COMBINATIONS['wal on an emptyDir']), /NOT PERSISTENT: the write-ahead log is on an emptyDir/)
  t.match(notes({ wal: { enabled: true } }), /PersistentVolumeClaim eventail-wal, which `helm uninstall` removes/)
  t.notMatch(notes(COMBINATIONS['wal on a claim']), /NOT PERSISTENT|removes/)
  t.match(notes(COMBINATIONS['namespaced']), /Only these namespaces are watched: shop/)
  t.match(notes(), /no alerts and no dashboards yet/)
  t.notMatch(notes(COMBINATIONS['for others']), /no alerts and no dashboards yet/)
  t.end()
})

t.test('helm test asks the Service of the release, and the doctor, and belongs to no selector', (t) => {
  const pods = (values: Mapping): readonly KubeObject[] =>
    objects(values, { name: 'prod', namespace: 'x' }).filter(({ kind }) => kind === 'Pod')
  const byName = new Map(pods({}).map((pod) => [pod.metadata.name, podOf(pod)!]))
  t.strictSame([...byName.keys()].sort(), ['prod-eventail-test-doctor', 'prod-eventail-test-ready'])
  t.match(byName.get('prod-eventail-test-ready'), {
    automountServiceAccountToken: false,
    containers: [{ env: [{ value: 'http://prod-eventail.x.svc:9080/ready' }] }],
  })
  const doctor = byName.get('prod-eventail-test-doctor')!
  t.strictSame(doctor.containers[0]!.args, ['doctor', '-config.file=/etc/eventail/eventail.yaml'])
  t.match(parseArgv(doctor.containers[0]!.args!), { command: 'doctor' }, 'a command that there is')
  const [node] = /\["(\S+)", "\/app\/eventail.js"\]/.exec(read('deploy/Dockerfile'))!.slice(1)
  t.equal(byName.get('prod-eventail-test-ready')!.containers[0]!.command![0], node, 'where the image has Node')
  t.match(doctor, {
    serviceAccountName: 'prod-eventail',
    volumes: [{ configMap: { name: 'prod-eventail-config' } }],
  })
  const all = objects({}, { name: 'prod', namespace: 'x' })
  const { metadata, spec } = theOnly(all, 'Service') as unknown as {
    readonly metadata: JsonMap
    readonly spec: { readonly selector: JsonMap; readonly ports: readonly JsonMap[] }
  }
  t.match([metadata, spec.ports], [{ name: 'prod-eventail' }, [{ port: 9080 }]])
  for (const pod of pods({})) {
    t.match(pod.metadata, { annotations: { 'helm.sh/hook': 'test' } })
    const component = 'app.kubernetes.io/component'
    t.not((pod.metadata['labels'] as JsonMap)[component], spec.selector[component])
  }
  const [onDisk] = pods(COMBINATIONS['wal']!)
  t.match(podOf(onDisk!)!.volumes, [{}, { name: 'wal', emptyDir: {} }], 'the volume is in use')
  t.equal(pods({ service: { enabled: false } }).length, 1)
  t.end()
})

/** The bound of a Secret, in which Helm keeps the chart and all that it rendered. */
const MAX_SECRET_BYTES = 1024 * 1024

t.test('rules and dashboards are whole, link to their runbooks, and fit', (t) => {
  const all = objects(COMBINATIONS['for others'])
  const rules = theOnly(
    all.filter(({ metadata }) => metadata.name === 'eventail-rules'),
    'ConfigMap',
  )
  const files = readdirSync(join(root, 'rules')).filter((name) => name.endsWith('.yaml'))
  t.strictSame(Object.keys(rules['data'] as JsonMap).sort(), files.sort())
  for (const [name, text] of Object.entries(rules['data'] as Readonly<Record<string, string>>)) {
    const links = [...text.matchAll(/runbook_url: (.*)$/gm)].map(([, link]) => link)
    if (name !== 'recording.yaml') t.ok(links.length > 0, name)
    for (const link of links) t.match(link, /^https:\/\/git\.example\/eventail\/docs\/runbooks\/\w+\.md$/)
    t.strictSame(parse(text.replaceAll('https://git.example/eventail/', '')), parse(read(`rules/${name}`)), name)
  }
  const alerts = JSON.stringify(theOnly(all, 'PrometheusRule'))
  t.match(alerts, /"runbook_url":"https:\/\/git\.example\/eventail\/docs\//)
  t.notMatch(alerts, /"runbook_url":"docs/)
  const dashboards = all.filter(({ metadata }) => (metadata['labels'] as JsonMap)['grafana_dashboard'] === '1')
  const shipped = readdirSync(join(root, 'dashboards')).filter((name) => name.endsWith('.json'))
  t.equal(dashboards.length, shipped.length)
  for (const { data, metadata } of dashboards) {
    for (const [name, text] of Object.entries(data as JsonMap)) t.equal(text, read(`dashboards/${name}`), metadata.name)
  }
  const everything = { chart: [...chart], manifest: [...render(COMBINATIONS['for others'])] }
  const kept = Buffer.from(gzipSync(JSON.stringify(everything)).toString('base64')).toString('base64')
  t.ok(kept.length < MAX_SECRET_BYTES / 2, `Helm's own Secret: about ${kept.length} bytes`)
  t.end()
})

const noHelm = spawnSync('helm', ['version']).status === 0 ? false : 'no helm is installed'

t.test('Helm itself renders the same objects, and finds nothing wrong', { skip: noHelm }, (t) => {
  const made = t.testdir()
  const file = join(made, 'values.json')
  // Files in ConfigMaps are compared as what they say: Helm's library of YAML may quote in another way.
  const said = (all: readonly KubeObject[]): readonly string[] =>
    all.map((object) => JSON.stringify(object, sayingOf).replace(/"checksum\/config":"\w+"/, '')).sort()
  for (const [name, values] of Object.entries(COMBINATIONS)) {
    writeFileSync(file, JSON.stringify(values))
    const args = ['template', 'eventail', folder, '--namespace', 'eventail', '--values', file]
    const real = parseObjects(execFileSync('helm', args, { encoding: 'utf8' }), name)
    t.strictSame(said(real), said(objects(values)), name)
  }
  t.equal(spawnSync('helm', ['lint', '--strict', folder]).status, 0)
  t.end()
})
