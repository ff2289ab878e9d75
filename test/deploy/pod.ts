import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { build } from '../../deploy/render/build.ts'
import { startApiServer } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { startAgentProcess } from '../fixtures/agent-process.ts'
import { deployedBy } from '../fixtures/deployed.ts'
import { startLoki } from '../fixtures/loki-server.ts'

const root = resolve(import.meta.dirname, '../..')
const DIST = join(root, 'dist')

/** Where the folders of a pod are on this machine. */
type Folders = { readonly config: string; readonly state: string }

/** The names of flags changed on the way to the Node of the image (24): older ones lack one, or call it otherwise. */
const forThisNode = (options: string): string => {
  const known = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag)
  return options
    .replace(/ --max-old-space-size-percentage=\d+/, known('--max-old-space-size-percentage') ? '$&' : '')
    .replace('--permission', known('--permission') ? '--permission' : '--experimental-permission')
}

const inFolders = (text: string, { config, state }: Folders): string =>
  text.replaceAll('/app', DIST).replaceAll('/etc/eventail', config).replaceAll('/var/lib/eventail', state)

/** A ConfigMap as the kubelet mounts it: files are links through a folder that is exchanged. */
const mountConfig = (folder: string, files: Readonly<Record<string, string>>): void => {
  mkdirSync(join(folder, '..2026_11_23'), { recursive: true })
  symlinkSync('..2026_11_23', join(folder, '..data'))
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, '..data', name), text)
    symlinkSync(join('..data', name), join(folder, name))
  }
}

/** What the container of an overlay runs: environment and arguments, with the folders of a pod put here. */
const podOn = (
  t: Test,
  overlay: string,
): { folders: Folders; env: Record<string, string>; args: string[]; text: string } => {
  const { container, environment, configText } = deployedBy(build(join(root, 'deploy/kustomize/overlays', overlay)))
  const folder = t.testdir({ config: {}, state: {} })
  const folders = { config: join(folder, 'config'), state: join(folder, 'state') }
  const options = forThisNode(inFolders(environment['NODE_OPTIONS'] ?? '', folders))
  return {
    folders,
    env: { ...environment, NODE_OPTIONS: options },
    args: (container.args ?? []).map((one) => inFolders(one, folders)),
    text: inFolders(configText, folders),
  }
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/eventail/leases'

/** Runs the pod of an overlay until an event is in Loki and its position in the Lease. */
const ships = async (t: Test, overlay: string): Promise<Folders> => {
  const store = new EventStore()
  const api = await startApiServer({ store })
  const loki = await startLoki()
  const { folders, env, args, text } = podOn(t, overlay)
  const made = await request(`${api.url}${LEASES}`, {
    method: 'POST',
    body: JSON.stringify({ metadata: { name: 'eventail', namespace: 'eventail' } }),
  })
  t.equal(made.statusCode, 201, await made.body.text())
  mountConfig(folders.config, {
    // Outside of a cluster: no account names the namespace, and the port may be taken.
    'eventail.yaml': text
      .replace('lease:\n    name: eventail', 'lease: {name: eventail, namespace: eventail}')
      .replace('http_listen_port: 9080', 'http_listen_port: 0'),
    kubeconfig: `{clusters: [{name: c, cluster: {server: "${api.url}"}}], users: [{name: u, user: {token: t}}],
      contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  })
  store.create({
    metadata: { name: 'web-0.1', namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0' },
    reason: 'Killing',
    type: 'Normal',
    firstTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
  })
  const agent = startAgentProcess({
    args,
    cwd: DIST,
    isBare: true,
    env: { ...env, LOKI_URL: loki.url, KUBECONFIG: join(folders.config, 'kubeconfig') },
  })
  const early = agent.ended.then((code) => {
    throw new Error(`ended with ${code} before it sent anything: ${agent.stderr()}`)
  })
  early.catch(() => undefined)
  await Promise.race([loki.received(1), early])
  t.match(loki.entries()[0]?.labels, /cluster="kubernetes"/)
  t.equal((await agent.page('/healthz')).status, 200)
  t.equal((await agent.page('/ready')).status, 200)
  t.ok((await agent.metric('process_resident_memory_bytes')) > 0, 'the metrics of the process read /proc')
  t.ok((await agent.metric('process_open_fds')) > 0)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0)
  t.notMatch(agent.stderr(), /ERR_ACCESS_DENIED|level=error/)
  const lease = (await (await request(`${api.url}${LEASES}/eventail`)).body.json()) as {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
  }
  t.match(lease.metadata.annotations['eventail/cursors'], /"watched/, 'the position is in the Lease')
  await api.close()
  await loki.close()
  return folders
}

t.test(
  'the program that is shipped runs with the arguments, the environment and the flags of the manifest',
  async (t) => {
    await ships(t, 'default')
  },
)

t.test('also with a write-ahead log on its volume, and as the leader of two', async (t) => {
  const { state } = await ships(t, 'wal')
  t.strictSame(readdirSync(state), ['wal'])
  t.match(readdirSync(join(state, 'wal')), [/\.wal$/])
  await ships(t, 'ha')
})

t.test('what the flags of the manifest forbid cannot be done', (t) => {
  const { folders, env } = podOn(t, 'default')
  const script = `
    import { spawnSync } from 'node:child_process'
    import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
    import { Worker } from 'node:worker_threads'
    const attempt = (name, what) => {
      try { what(); console.log(name, 'done') } catch (error) { console.log(name, error.code ?? error.name) }
    }
    attempt('read /etc/passwd', () => readFileSync('/etc/passwd'))
    attempt('list /etc', () => readdirSync('/etc'))
    attempt('write beside the program', () => writeFileSync(${JSON.stringify(join(DIST, 'x'))}, ''))
    attempt('write the configuration', () => writeFileSync(${JSON.stringify(join(folders.config, 'x'))}, ''))
    attempt('start a process', () => spawnSync('true'))
    attempt('start a worker', () => new Worker('1', { eval: true }))
    attempt('make code of text', () => new Function('return 1')())
    attempt('pollute a prototype', () => { if ({}.__proto__ === undefined) throw new TypeError('no __proto__') })
    attempt('read the configuration', () => readFileSync(${JSON.stringify(join(folders.config, 'probe.mjs'))}))
    attempt('write its state', () => writeFileSync(${JSON.stringify(join(folders.state, 'x'))}, ''))
  `
  writeFileSync(join(folders.config, 'probe.mjs'), script)
  const { stdout, stderr } = spawnSync(
    'env',
    ['-i', `NODE_OPTIONS=${env['NODE_OPTIONS']}`, process.execPath, join(folders.config, 'probe.mjs')],
    { encoding: 'utf8' },
  )
  t.strictSame(
    stdout.trim().split('\n'),
    [
      'read /etc/passwd ERR_ACCESS_DENIED',
      'list /etc ERR_ACCESS_DENIED',
      'write beside the program ERR_ACCESS_DENIED',
      'write the configuration ERR_ACCESS_DENIED',
      'start a process ERR_ACCESS_DENIED',
      'start a worker ERR_ACCESS_DENIED',
      'make code of text EvalError',
      'pollute a prototype TypeError',
      'read the configuration done',
      'write its state done',
    ],
    stderr,
  )
  t.end()
})
