import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { Role } from 'kubernetes-types/rbac/v1.js'
import t from 'tap'
import { parse } from 'yaml'
import { build, isOfTheCluster } from '../../deploy/render/build.ts'
import { generatedFiles } from '../../deploy/render/generated.ts'
import { parseObjects, type Json, type JsonMap, type KubeObject } from '../../deploy/render/object.ts'
import { isSame } from '../../deploy/render/patch.ts'
import { PAGES } from '../../src/server/pages.ts'
import { checkRules } from '../../src/rules/check-files.ts'
import { configOf, deployedBy, quantityBytes, theOnly } from '../fixtures/deployed.ts'
import { faultsOfObjects } from '../fixtures/object-check.ts'
import { faultsOfRestricted, podOf } from '../fixtures/restricted-pod.ts'

const root = resolve(import.meta.dirname, '../..')
const kustomize = join(root, 'deploy/kustomize')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const OVERLAYS = readdirSync(join(kustomize, 'overlays')).sort()
const overlays = new Map(OVERLAYS.map((name) => [name, build(join(kustomize, 'overlays', name))]))
const overlay = (name: string): readonly KubeObject[] => overlays.get(name)!

/** A copy of the kustomization, with an overlay of its own in it. @returns the overlay's folder. */
const copyWith = (folder: string, overlayText: string): string => {
  cpSync(kustomize, folder, { recursive: true })
  writeFileSync(join(folder, 'overlays/ha/kustomization.yaml'), overlayText)
  return join(folder, 'overlays/ha')
}

const withComponents = (components: readonly string[], more = ''): string => `kind: Kustomization
resources: [../../base]
components: ${JSON.stringify(components.map((one) => `../../components/${one}`))}
${more}`

/** Every component that does not exclude another. */
const EVERYTHING = readdirSync(join(kustomize, 'components')).filter((one) => one !== 'ha' && one !== 'namespaced')

const everything = (folder: string): readonly KubeObject[] => build(copyWith(folder, withComponents(EVERYTHING)))

t.test('what is generated in deploy/ is what `npm run generate` makes of its sources now', (t) => {
  for (const { path, text } of generatedFiles(root)) t.equal(read(`deploy/${path}`), text, path)
  const files = readdirSync(join(root, 'deploy'), { recursive: true, encoding: 'utf8' })
  const made = new Set(generatedFiles(root).map(({ path }) => path))
  for (const file of files.filter((one) => one.endsWith('.generated.yaml'))) t.ok(made.has(file), `${file} is made`)
  t.end()
})

const [, readmeExample = ''] = /```yaml\n([\s\S]*?)```/.exec(read('deploy/kustomize/README.md')) ?? []

/** Why kubectl cannot be asked; false: it is there, and has a kustomize that knows components as they are now. */
const noKubectl = ((): string | false => {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
  if (status !== 0) return 'no kubectl is installed'
  const { clientVersion } = JSON.parse(stdout) as { readonly clientVersion: { readonly minor: string } }
  return Number.parseInt(clientVersion.minor, 10) >= 27 ? false : 'kubectl is older than 1.27'
})()

t.test('kustomize itself builds the same objects in the same order', { skip: noKubectl }, (t) => {
  const real = (folder: string): readonly KubeObject[] =>
    parseObjects(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }), folder)
  for (const [name, objects] of overlays) {
    t.ok(isSame(objects, real(join(kustomize, 'overlays', name))), `overlay ${name}`)
  }
  const elsewhere = withComponents(EVERYTHING, 'namespace: monitoring\n')
  const image = 'images: [{name: eventail, newName: registry.example:5000/x, digest: "sha256:0123"}]\n'
  for (const text of [elsewhere, readmeExample, withComponents(['ha'], image)]) {
    const folder = copyWith(t.testdir(), text)
    t.ok(isSame(build(folder), real(folder)), text)
  }
  t.end()
})

t.test('what kustomize refuses is refused, and what is not known here is not passed over', (t) => {
  const fails = (text: string, pattern: RegExp): void => {
    t.throws(() => build(copyWith(t.testdir(), text)), pattern)
  }
  fails(withComponents(['ha', 'pvc-wal']), /testing value \/spec\/replicas failed/)
  fails(withComponents(['pvc-wal', 'ha']), /testing value .*volumeMounts failed/)
  fails(withComponents(['ha', 'ha']), /PodDisruptionBudget\/eventail\/eventail is there twice/)
  fails(withComponents([], 'namePrefix: x-\n'), /namePrefix: not a key/)
  fails('kind: Other\n', /expected a kind/)
  fails('- a\n', /expected a kustomization/)
  const patch = (text: string, target = ''): string => withComponents([], `patches: [{patch: "${text}"${target}}]\n`)
  fails(patch('{apiVersion: v1, kind: Pod, metadata: {name: x}}'), /no Pod x for a patch/)
  fails(patch('[{op: move, path: /a, from: /b}]', ', target: {kind: Deployment}'), /move: not an operation/)
  fails(patch('{kind: Deployment}'), /expected objects/)
  t.end()
})

t.test('a changed configuration is another ConfigMap, and rolls the pods', (t) => {
  const folder = t.testdir()
  const changed = build(copyWith(folder, withComponents([])))
  const before = JSON.stringify(theOnly(changed, 'Deployment'))
  const file = join(folder, 'base/eventail.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8')}heartbeat: 30s # <&>\n`)
  const after = build(join(folder, 'overlays/ha'))
  t.not(JSON.stringify(theOnly(after, 'Deployment')), before)
  t.match(JSON.stringify(theOnly(after, 'Deployment')), theOnly(after, 'ConfigMap').metadata.name)
  t.equal(configOf(after).heartbeatMs, 30_000)
  t.end()
})

t.test('every object is what the API says of its kind, and has no field that does not exist', (t) => {
  const objects = [...overlays.values(), everything(t.testdir())].flat()
  t.ok(objects.length > 60)
  t.strictSame(faultsOfObjects(objects), [])

  const [deployment] = overlay('default').filter(({ kind }) => kind === 'Deployment')
  const text = JSON.stringify(deployment)
  const spoilt = [
    text.replace('"readOnlyRootFilesystem"', '"readOnlyRootFileSystem"'),
    text.replace('"periodSeconds":15', '"periodSeconds":"15s"'),
    text.replace('"selector":', '"selektor":'),
    text.replace('"apps/v1"', '"apps/v9"'),
  ].map((one, index) => JSON.parse(one.replace('"name":"eventail"', `"name":"spoilt-${index}"`)) as KubeObject)
  const monitor = theOnly(overlay('complete'), 'ServiceMonitor')
  const faults = faultsOfObjects([...spoilt, { ...monitor, spec: { ...(monitor['spec'] as JsonMap), endpoint: [] } }])
  t.match(faults, [
    /^Deployment spoilt-0: .*readOnlyRootFileSystem.* does not exist/,
    /^Deployment spoilt-1: .*string.* not assignable to type 'number'/,
    /^Deployment spoilt-2: .*selektor.* does not exist/,
    /^Deployment spoilt-3: Cannot find module/,
    /^ServiceMonitor eventail: .*endpoint.* does not exist/,
  ])
  t.end()
})

t.test('every pod is let into a namespace of the level "restricted", but one that reads the kernel log', (t) => {
  const pods = [...overlays.values(), everything(t.testdir())].flat().flatMap((object) => {
    const pod = podOf(object)
    return pod === null ? [] : [[object.metadata.name, faultsOfRestricted(pod)] as const]
  })
  for (const [name, faults] of pods) if (name !== 'node-problem-detector') t.strictSame(faults, [], name)
  const [detector] = pods.filter(([name]) => name === 'node-problem-detector')
  t.ok(detector![1].includes('volume kmsg: hostPath'), 'it lies in kube-system')
  t.equal(pods.length, OVERLAYS.length + 2)

  const pod = podOf(theOnly(overlay('default'), 'Deployment'))!
  const [container] = pod.containers
  const spoilt: readonly PodSpec[] = [
    { ...pod, hostNetwork: true },
    { ...pod, hostPID: true, hostIPC: true },
    { ...pod, securityContext: {} },
    { ...pod, volumes: [{ name: 'host', hostPath: { path: '/' } }] },
    { ...pod, initContainers: [{ name: 'init', image: 'x' }] },
    ...[
      { privileged: true },
      { allowPrivilegeEscalation: true },
      { readOnlyRootFilesystem: false },
      { runAsNonRoot: false },
      { runAsUser: 0 },
      { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } },
      { capabilities: { drop: ['NET_RAW'] } },
      { seccompProfile: { type: 'Unconfined' } },
      { procMount: 'Unmasked' },
      { seLinuxOptions: { type: 'spc_t' } },
    ].map((change) => ({
      ...pod,
      containers: [{ ...container!, securityContext: { ...container!.securityContext, ...change } }],
    })),
    { ...pod, containers: [{ ...container!, ports: [{ containerPort: 1, hostPort: 1 }] }] },
  ]
  for (const one of spoilt) t.ok(faultsOfRestricted(one).length > 0, JSON.stringify(one).slice(0, 80))
  t.end()
})

/** Rules as lines "verbs resources[/names] in where", and who is bound to them. */
const permissions = (objects: readonly KubeObject[]): readonly string[] => {
  const where = ({ metadata }: KubeObject): string => metadata.namespace ?? 'the cluster'
  const rules = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
  const bindings = objects.filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
  const lines = rules.flatMap((object) =>
    ((object as unknown as Role).rules ?? []).map(
      ({ apiGroups = [], resources = [], resourceNames = [], verbs, ...rest }) => {
        const named = resourceNames.length === 0 ? '' : ` named ${resourceNames.join()}`
        const what = resources.map((one) => `${one}${apiGroups.join() === '' ? '' : `.${apiGroups.join()}`}${named}`)
        return `${verbs.join()} ${what.join()} in ${where(object)}${Object.keys(rest).join()}`
      },
    ),
  )
  const bound = bindings.map((object) => {
    const { roleRef, subjects } = object as unknown as {
      readonly roleRef: { readonly kind: string; readonly name: string }
      readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[]
    }
    const who = subjects.map(({ kind, name, namespace }) => `${kind} ${namespace}/${name}`).join()
    return `${who} has ${roleRef.kind} ${roleRef.name} in ${where(object)}`
  })
  return [...lines, ...bound].sort()
}

t.test('the agent may do this, and nothing else', (t) => {
  const own = [
    'get namespaces in eventail',
    'get,update leases.coordination.k8s.io named eventail in eventail',
    'ServiceAccount eventail/eventail has Role eventail in eventail',
  ]
  const everywhere = [
    ...own,
    'list,watch events in the cluster',
    'ServiceAccount eventail/eventail has ClusterRole eventail-events in the cluster',
  ]
  for (const name of ['default', 'ha', 'wal', 'complete']) {
    t.strictSame(permissions(overlay(name)), everywhere.toSorted(), name)
  }
  const teams = ['team-a', 'team-b'].flatMap((team) => [
    `list,watch events in ${team}`,
    `ServiceAccount eventail/eventail has Role eventail-events in ${team}`,
  ])
  t.strictSame(permissions(overlay('namespaced')), [...own, ...teams].sort(), 'namespaced')
  t.end()
})

t.test('the namespaced shape has no object of the cluster, and watches what it may', (t) => {
  const objects = overlay('namespaced')
  t.strictSame(objects.filter(isOfTheCluster), [])
  t.strictSame(configOf(objects).scrapeConfigs[0]?.source.namespaces, { kind: 'only', names: ['team-a', 'team-b'] })
  const watched = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'eventail-events')
  t.strictSame(
    watched.map(({ metadata }) => metadata.namespace),
    ['team-a', 'team-b'],
  )
  t.end()
})

t.test('the account is mounted where it is needed, and the Lease is there without a holder or a position', (t) => {
  for (const [name, objects] of overlays) {
    t.equal(theOnly(objects, 'ServiceAccount')['automountServiceAccountToken'], false, name)
    const pod = podOf(theOnly(objects, 'Deployment'))!
    t.match(pod, { automountServiceAccountToken: true, serviceAccountName: 'eventail', enableServiceLinks: false })
    // Applied again, a manifest takes away only what it had said before.
    const { metadata, ...rest } = theOnly(objects, 'Lease')
    t.strictSame(rest, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' })
    t.equal(metadata['annotations'], undefined)
    const { lease, store } = configOf(objects).positions
    t.strictSame([store, lease], ['lease', { name: metadata.name, namespace: '' }])
  }
  t.end()
})

/** To an API server that hangs: a write of the position that is under way, the last one, and the release of the Lease. */
const LAST_WRITES_MS = 3 * 10_000

t.test('a pod has the time to drain, and the shape that its configuration needs', (t) => {
  for (const [name, objects] of overlays) {
    const { deployment } = deployedBy(objects)
    const config = configOf(objects)
    const spec = deployment.spec!
    const graceMs = spec.template.spec!.terminationGracePeriodSeconds! * 1000
    const needed = config.drainTimeoutMs + LAST_WRITES_MS + config.server.gracefulShutdownTimeoutMs
    t.ok(graceMs > needed, `${name}: ${graceMs} ms are more than ${needed} ms`)
    const { enabled } = config.leaderElection
    t.equal(enabled, spec.replicas! > 1, `${name}: leader election is for more than one replica`)
    t.equal(
      spec.strategy?.type,
      enabled ? 'RollingUpdate' : 'Recreate',
      `${name}: one agent at a time writes a position`,
    )
    t.equal(
      objects.some(({ kind }) => kind === 'PodDisruptionBudget'),
      enabled,
      `${name}: a budget for one replica would block every drain`,
    )
  }
  t.match(podOf(theOnly(overlay('ha'), 'Deployment')), {
    topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }],
  })
  t.end()
})

t.test('the log of the shape with a volume is on it, may be written, and is smaller', (t) => {
  for (const [name, objects] of overlays) if (name !== 'wal') t.equal(configOf(objects).wal, null, name)
  const objects = overlay('wal')
  const { container } = deployedBy(objects)
  const wal = configOf(objects).wal!
  const claim = theOnly(objects, 'PersistentVolumeClaim')
  const size = parse(JSON.stringify(claim['spec'])) as { resources: { requests: { storage: string } } }
  t.ok(quantityBytes(size.resources.requests.storage) >= 2 * wal.maxBytes)
  const mount = container.volumeMounts!.find((one) => wal.directory.startsWith(`${one.mountPath}/`))
  t.match(podOf(theOnly(objects, 'Deployment'))!.volumes, [
    { name: mount!.name, persistentVolumeClaim: { claimName: claim.metadata.name } },
  ])
  t.end()
})

t.test('memory follows what was measured, and the heap follows the memory', (t) => {
  const { container } = deployedBy(overlay('default'))
  const { requests = {}, limits = {} } = container.resources!
  const limit = quantityBytes(limits['memory'])
  t.ok(quantityBytes(requests['memory']) > 100e6, 'more than idle')
  t.ok(limit > 1.5 * 161e6, 'half as much again as the most that was measured under it')
  t.notOk('cpu' in limits, 'a burst is not throttled')
  const [, percent = ''] = /--max-old-space-size-percentage=(\d+)/.exec(
    deployedBy(overlay('default')).environment['NODE_OPTIONS']!,
  )!
  const outside = 60e6 + 16e6
  t.ok((limit * Number(percent)) / 100 + outside < limit, 'beside the heap there is room for Node and the queue')
  t.end()
})

t.test('selectors, ports and paths fit together', (t) => {
  const objects = overlay('complete')
  const { deployment, container } = deployedBy(objects)
  const labels = deployment.spec!.template.metadata!.labels!
  const selects = (selector: Json | undefined): boolean =>
    Object.entries(selector as Readonly<Record<string, string>>).every(([key, value]) => labels[key] === value)
  type Selecting = { readonly selector: JsonMap; readonly podSelector: JsonMap; readonly ports: readonly JsonMap[] }
  const specOf = (kind: string): Selecting => theOnly(objects, kind)['spec'] as unknown as Selecting
  t.ok(selects(specOf('Service').selector))
  t.ok(selects(specOf('Deployment').selector['matchLabels']))
  t.ok(selects(specOf('PodDisruptionBudget').selector['matchLabels']))
  t.ok(selects(specOf('NetworkPolicy').podSelector['matchLabels']))
  const [spread] = deployment.spec!.template.spec!.topologySpreadConstraints!
  t.ok(selects(spread!.labelSelector!.matchLabels))
  const service = theOnly(objects, 'Service')
  const monitored = specOf('ServiceMonitor').selector['matchLabels'] as Readonly<Record<string, string>>
  for (const [key, value] of Object.entries(monitored)) t.equal((service.metadata['labels'] as JsonMap)[key], value)

  const [port] = container.ports!
  t.equal(port!.containerPort, configOf(objects).server.httpListenPort)
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    t.equal(probe?.httpGet?.port, port!.name)
    t.ok(PAGES.has(probe!.httpGet!.path!))
  }
  t.not(container.livenessProbe!.httpGet!.path, '/ready', 'a restart mends neither Loki nor the API server')
  t.match(specOf('Service').ports, [{ name: port!.name, targetPort: port!.name, port: port!.containerPort }])
  t.end()
})

t.test('the README tells every overlay and every component', (t) => {
  const readme = read('deploy/kustomize/README.md')
  for (const name of [...OVERLAYS, ...readdirSync(join(kustomize, 'components'))]) {
    t.match(readme, `\n| \`${name}\` | `, name)
  }
  const objects = build(copyWith(t.testdir(), readmeExample))
  t.match(configOf(objects).clients, [{ tenantId: 'platform', externalLabels: { cluster: 'prod-eu' } }])
  t.match(deployedBy(objects).container.image, /^registry\.example\/eventail:\d/)
  t.end()
})

t.test('the image has the version of this release', (t) => {
  const { version } = JSON.parse(read('package.json')) as { readonly version: string }
  for (const [name, objects] of overlays) t.equal(deployedBy(objects).container.image, `eventail:${version}`, name)
  t.end()
})

/** etcd takes 1.5 MiB and the API server 1 MiB of a ConfigMap; `kubectl apply` keeps a copy in an annotation of 256 KiB. */
const MAX_OBJECT_BYTES = 256 * 1024

t.test('rules and dashboards are objects that can be applied, and that sidecars find', (t) => {
  const objects = everything(t.testdir())
  for (const object of objects) {
    const bytes = Buffer.byteLength(JSON.stringify(object))
    t.ok(bytes < MAX_OBJECT_BYTES, `${object.kind} ${object.metadata.name} has ${bytes} bytes`)
  }
  const configMaps = objects.filter(({ kind }) => kind === 'ConfigMap')
  const [rules, ...others] = configMaps.filter(({ metadata }) => 'loki_rule' in ((metadata['labels'] ?? {}) as object))
  t.strictSame(others, [])
  t.match(rules!.metadata, { namespace: 'loki', annotations: { 'k8s-sidecar-target-directory': '/rules/fake' } })
  const files = Object.entries(rules!['data'] as Readonly<Record<string, string>>)
  t.strictSame(
    checkRules(
      files.map(([file, text]) => ({ file, text })),
      'eventail',
    ).errors,
    [],
  )
  const alerts = (text: string): readonly string[] =>
    [...text.matchAll(/^ *- "?alert"?: "?(\w+)"?$/gm)].map(([, name = '']) => name).sort()
  const shipped = alerts(
    readdirSync(join(root, 'rules'))
      .filter((one) => one.endsWith('.yaml'))
      .map((one) => read(`rules/${one}`))
      .join('\n'),
  )
  t.ok(shipped.length > 40)
  t.strictSame(alerts(files.map(([, text]) => text).join('\n')), shipped)
  for (const component of ['alloy-rules', 'loki-operator-rules']) {
    t.strictSame(alerts(read(`deploy/kustomize/components/${component}/rules.generated.yaml`)), shipped, component)
  }

  const dashboards = configMaps.filter(({ metadata }) => (metadata['labels'] as JsonMap)['grafana_dashboard'] === '1')
  const named = dashboards.flatMap((object) => Object.keys(object['data'] as JsonMap)).sort()
  t.strictSame(
    named,
    (existsSync(join(root, 'dashboards')) ? readdirSync(join(root, 'dashboards')) : [])
      .filter((one) => one.endsWith('.json'))
      .sort(),
  )
  for (const object of dashboards) {
    t.match(object.metadata['annotations'], { grafana_folder: 'Kubernetes events' })
    for (const [file, text] of Object.entries(object['data'] as JsonMap))
      t.equal(text, read(`dashboards/${file}`), file)
  }
  t.end()
})

const PROMETHEUS = 'deploy/prometheus/eventail.yaml'
const PROMETHEUS_TESTS = 'deploy/prometheus/tests/eventail.yaml'

type PrometheusAlert = { readonly alert: string; readonly expr: string; readonly labels: { readonly severity: string } }

const prometheusAlerts = (parse(read(PROMETHEUS)) as { groups: { rules: PrometheusAlert[] }[] }).groups.flatMap(
  ({ rules }) => rules,
)

const noPromtool = spawnSync('promtool', ['--version']).status === 0 ? false : 'no promtool is installed'

t.test(
  'promtool finds nothing wrong with the alerts on the agent, and their unit tests hold',
  { skip: noPromtool },
  (t) => {
    const promtool = (...args: readonly string[]): void => {
      const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: root, encoding: 'utf8' })
      t.equal(status, 0, `${stdout}${stderr}`)
    }
    promtool('check', 'rules', PROMETHEUS)
    promtool('test', 'rules', PROMETHEUS_TESTS)
    t.end()
  },
)

t.test('each alert on the agent is of a metric that there is, has two tests, and is told', (t) => {
  t.ok(prometheusAlerts.length > 20)
  const { tests } = parse(read(PROMETHEUS_TESTS)) as { readonly tests: readonly { readonly name: string }[] }
  const tested = new Set(tests.map(({ name }) => name))
  const metrics = new Set([...read('docs/metrics.md').matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name))
  metrics.add('process_resident_memory_bytes')
  const told = read('docs/operations.md')
  for (const { alert, expr, labels } of prometheusAlerts) {
    t.ok(tested.has(`${alert} fires`) && tested.has(`${alert} is silent`), `${alert} has tests`)
    for (const [name] of expr.matchAll(/\b(?:eventail|process)_\w+/g)) {
      t.ok(metrics.has(name.replace(/_bucket$/, '')), `${alert}: ${name}`)
    }
    t.ok(['critical', 'warning'].includes(labels.severity))
    t.match(told, `\`${alert}\``, `docs/operations.md tells ${alert}`)
  }
  const rule = theOnly(overlay('complete'), 'PrometheusRule')
  t.strictSame(rule['spec'], parse(read(PROMETHEUS)))
  t.end()
})
