import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { build } from '../../deploy/render/build.ts'
import { startApiServer } from '../../src/demo/api-server.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { startAgentProcess } from '../fixtures/agent-process.ts'
import { deployedBy } from '../fixtures/deployed.ts'
import { startLoki } from '../fixtures/loki-server.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

type Instruction = { readonly name: string; readonly text: string }
type Stage = { readonly from: string; readonly alias: string; readonly instructions: readonly Instruction[] }

/** The stages of a Dockerfile: continued lines joined, comments left out. */
const stagesOf = (dockerfile: string): readonly Stage[] => {
  const stages: { from: string; alias: string; instructions: Instruction[] }[] = []
  const lines = dockerfile
    .replace(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    const [, from = '', alias = ''] = name === 'FROM' ? (/(\S+?)(?: AS (\S+))?$/.exec(text) ?? []) : []
    if (name === 'FROM') stages.push({ from, alias, instructions: [] })
    else if (name !== '') stages.at(-1)?.instructions.push({ name, text })
  }
  return stages
}

const STAGES = stagesOf(read('deploy/Dockerfile'))
const [buildStage, finalStage] = STAGES
if (buildStage === undefined || finalStage === undefined) throw new Error('expected two stages')

const valueOf = (stage: Stage, name: string): string =>
  stage.instructions.findLast((instruction) => instruction.name === name)?.text ?? ''

/** What of the repository the engine sees: `.dockerignore` refuses all but some names. */
const contextFiles = (): readonly string[] => {
  const [first, ...names] = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (first !== '*') throw new Error('expected .dockerignore to refuse everything first')
  return names.map((name) => {
    if (!name.startsWith('!')) throw new Error(`expected !name, got ${name}`)
    return name.slice(1)
  })
}

/** COPY as the engine does it: a folder's content goes into the target. */
const copy = (sources: readonly string[], target: string): void => {
  for (const source of sources) {
    const isFolder = statSync(source).isDirectory()
    cpSync(source, isFolder ? target : join(target, source.split('/').at(-1) ?? ''), { recursive: true })
  }
}

/** Does what the build stage says in a folder; answers where its root is. */
const runBuildStage = (folder: string): string => {
  const context = join(folder, 'context')
  mkdirSync(context)
  for (const name of contextFiles()) cpSync(join(root, name), join(context, name), { recursive: true })
  const stageRoot = join(folder, 'build')
  let workdir = stageRoot
  for (const { name, text } of buildStage.instructions) {
    if (name === 'WORKDIR') {
      workdir = join(stageRoot, text)
      mkdirSync(workdir, { recursive: true })
    } else if (name === 'COPY') {
      copy(
        text
          .split(' ')
          .slice(0, -1)
          .map((source) => join(context, source)),
        workdir,
      )
    } else if (text === 'npm ci --ignore-scripts') {
      // The lock file was followed when this repository was installed.
      symlinkSync(join(root, 'node_modules'), join(workdir, 'node_modules'))
    } else if (name === 'RUN') {
      execFileSync('sh', ['-c', text], { cwd: workdir, stdio: ['ignore', 'ignore', 'pipe'] })
    } else throw new Error(`the build stage has ${name}, which this test does not know`)
  }
  return stageRoot
}

/** Lays out the final stage; answers where its root is. */
const runFinalStage = (folder: string, stageRoot: string): string => {
  const image = join(folder, 'image')
  const workdir = join(image, valueOf(finalStage, 'WORKDIR'))
  mkdirSync(workdir, { recursive: true })
  for (const { name, text } of finalStage.instructions) {
    if (name !== 'COPY') continue
    const [, from = '', rest = ''] = /^--from=(\S+) (.*)$/.exec(text) ?? []
    if (from !== buildStage.alias) throw new Error(`COPY from ${from}`)
    copy(
      rest
        .split(' ')
        .slice(0, -1)
        .map((source) => join(stageRoot, source)),
      workdir,
    )
  }
  return image
}

const lock = (folder: string): void => {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) chmodSync(join(folder, name), 0o555)
  chmodSync(folder, 0o555)
}

const unlock = (folder: string): void => {
  chmodSync(folder, 0o755)
  for (const name of readdirSync(folder)) if (statSync(join(folder, name)).isDirectory()) unlock(join(folder, name))
}

t.test(
  'the Dockerfile: two pinned stages, distroless, no root, labels, and nothing of the repository but what is needed',
  (t) => {
    t.equal(STAGES.length, 2)
    t.match(read('deploy/Dockerfile'), 'ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot\n')
    t.notMatch(read('deploy/Dockerfile'), /@sha256:/, 'no digest is made up')
    t.equal(finalStage.from, '${RUNTIME_IMAGE}')
    t.equal(valueOf(finalStage, 'USER'), '65532:65532')
    t.notOk(
      finalStage.instructions.some(({ name }) => name === 'RUN'),
      'there is no shell',
    )
    for (const label of ['title', 'description', 'licenses', 'version', 'revision', 'created', 'source'])
      t.match(valueOf(finalStage, 'LABEL'), `org.opencontainers.image.${label}=`)
    t.strictSame(JSON.parse(valueOf(finalStage, 'ENTRYPOINT')), ['/nodejs/bin/node', '/app/eventail.js'])
    const { container } = deployedBy(build(join(root, 'deploy/kustomize/overlays/default')))
    const [command = '', config = ''] = container.args ?? []
    t.strictSame(
      JSON.parse(valueOf(finalStage, 'CMD')),
      [command, config],
      'the pod runs what the image runs by itself',
    )
    const kept = contextFiles()
    for (const name of kept) t.ok(existsSync(join(root, name)), name)
    for (const name of ['test', 'node_modules', '.git', 'docs', 'deploy']) t.notOk(kept.includes(name), name)
    t.end()
  },
)

const forThisNode = (options: string): string => {
  const known = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag)
  return options
    .replace(/ --max-old-space-size-percentage=\d+/, known('--max-old-space-size-percentage') ? '$&' : '')
    .replace('--permission', known('--permission') ? '--permission' : '--experimental-permission')
}

/** Runs the image's entry point with the pod's arguments and Node's permissions until an event is in Loki. */
const runImage = async (t: Test, image: string, folder: string): Promise<void> => {
  const { container, environment } = deployedBy(build(join(root, 'deploy/kustomize/overlays/default')))
  const [config, state] = [join(folder, 'etc'), join(folder, 'state')]
  for (const one of [config, state]) mkdirSync(one)
  const here = (text: string): string =>
    text
      .replaceAll('/app', join(image, 'app'))
      .replaceAll('/etc/eventail', config)
      .replaceAll('/var/lib/eventail', state)
  const store = new EventStore()
  const [api, loki] = [await startApiServer({ store }), await startLoki()]
  t.teardown(() => Promise.all([api.close(), loki.close()]))
  const cluster = `{clusters: [{name: c, cluster: {server: "${api.url}"}}], users: [{name: u, user: {token: t}}]`
  writeFileSync(
    join(config, 'kubeconfig'),
    `${cluster}, contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  )
  writeFileSync(
    join(config, 'eventail.yaml'),
    `server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
clients: [{url: "\${LOKI_URL}"}]
positions: {filename: ${join(state, 'positions.yaml')}}
scrape_configs: [{job_name: a, kubernetes_events: {kubeconfig: ${join(config, 'kubeconfig')}}}]`,
  )
  store.create({
    metadata: { name: 'e', namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0' },
    ...{ reason: 'Killing', type: 'Normal', firstTimestamp: new Date().toISOString().replace(/\.\d+/, '') },
  })
  const [, entry = ''] = JSON.parse(valueOf(finalStage, 'ENTRYPOINT')) as readonly string[]
  const [, nodeEnv = ''] = /^NODE_ENV=(.*)$/.exec(valueOf(finalStage, 'ENV')) ?? []
  const env = {
    ...environment,
    NODE_ENV: nodeEnv,
    LOKI_URL: loki.url,
    NODE_OPTIONS: forThisNode(here(environment['NODE_OPTIONS'] ?? '')),
  }
  const cwd = join(image, valueOf(finalStage, 'WORKDIR'))
  const agent = startAgentProcess({
    args: (container.args ?? []).map(here),
    cwd,
    env,
    entry: here(entry),
    isBare: true,
  })
  await loki.received(1)
  t.equal(loki.entries()[0]?.entry.line.includes('reason=Killing'), true)
  agent.signal('SIGTERM')
  t.equal(await agent.ended, 0, agent.stderr())
  t.match(readFileSync(join(state, 'positions.yaml'), 'utf8'), 'cursor-a')
}

t.test(
  'the tree that the image holds runs as the image would run it, and writes nowhere but in its state',
  async (t) => {
    const folder = t.testdir()
    const image = runFinalStage(folder, runBuildStage(folder))
    const app = join(image, 'app')
    for (const name of ['eventail.js', 'package.json', 'LICENSE', 'THIRD-PARTY-NOTICES.txt', 'rules', 'dashboards'])
      t.ok(existsSync(join(app, name)), name)
    t.notOk(existsSync(join(app, 'node_modules')), 'the bundle is all')
    lock(image)
    try {
      await runImage(t, image, folder)
    } finally {
      unlock(image)
    }
    t.equal(dirname(app), image)
  },
)

t.test('the SBOM names every package whose code is in the bundle, and so do the notices', (t) => {
  const sbom = JSON.parse(
    execFileSync('npm', ['run', '--silent', 'sbom'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    }),
  ) as { readonly bomFormat: string; readonly components: readonly { readonly purl: string }[] }
  t.equal(sbom.bomFormat, 'CycloneDX')
  const purls = new Set(sbom.components.map(({ purl }) => decodeURIComponent(purl)))
  const titles = [...read('THIRD-PARTY-NOTICES.txt').matchAll(/^-{80}\n(\S+) (\S+) \(.+\)\n-{80}$/gm)]
  t.ok(titles.length > 20)
  for (const [, name = '', version = ''] of titles) t.ok(purls.has(`pkg:npm/${name}@${version}`), `${name} ${version}`)
  t.end()
})
