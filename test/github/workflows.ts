import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '../..')
const FOLDER = join(root, '.github/workflows')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, unknown>> }
type Permissions = Readonly<Record<string, string>>
type Job = {
  readonly 'runs-on': string
  readonly 'timeout-minutes'?: number
  readonly permissions?: Permissions
  readonly steps: readonly Step[]
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> }
}
type Workflow = { readonly on: object; readonly permissions: Permissions; readonly jobs: Readonly<Record<string, Job>> }

const NAMES = readdirSync(FOLDER)
const WORKFLOWS = NAMES.map((name) => [name, parse(read(join('.github/workflows', name))) as Workflow] as const)
const JOBS = WORKFLOWS.flatMap(([name, { jobs }]) =>
  Object.entries(jobs).map(([job, body]) => [`${name} ${job}`, body] as const),
)
const STEPS = JOBS.flatMap(([where, { steps }]) => steps.map((step) => [where, step] as const))

/** What a job may do beyond reading the code, and no job may more. */
const MORE: Readonly<Record<string, Permissions>> = {
  'codeql.yml analyze': { contents: 'read', 'security-events': 'write' },
  'release.yml publish': { attestations: 'write', contents: 'write', 'id-token': 'write', packages: 'write' },
}

t.test('actions are pinned by full commit with the version beside it, and always the same one', (t) => {
  const used = NAMES.flatMap((name) => [...read(join('.github/workflows', name)).matchAll(/uses: (.*)$/gm)])
  t.ok(used.length > 10)
  const pins = new Map<string, string>()
  for (const [, text = ''] of used) {
    const [, action = '', pin = ''] = /^([\w-]+\/[\w-]+)[\w/-]*@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(text) ?? []
    t.not(pin, '', text)
    t.equal(pins.get(action) ?? pin, pin, action)
    pins.set(action, pin)
  }
  t.end()
})

t.test('jobs have the least permissions, an end, and leave no credentials behind', (t) => {
  for (const [name, { permissions }] of WORKFLOWS) t.strictSame(permissions, { contents: 'read' }, name)
  for (const [where, job] of JOBS) {
    t.strictSame(job.permissions ?? {}, MORE[where] ?? {}, where)
    t.ok((job['timeout-minutes'] ?? Infinity) <= 60, `${where} ends`)
    t.match(job['runs-on'], /^ubuntu-\d/, where)
  }
  for (const [where, { uses, with: options }] of STEPS) {
    if (uses?.startsWith('actions/checkout@') === true) t.equal(options?.['persist-credentials'], false, where)
  }
  for (const name of NAMES) t.notMatch(read(join('.github/workflows', name)), /pull_request_target|continue-on-error/)
  t.end()
})

t.test('what a workflow runs is there, is a shell script, and takes no text of others into it', (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
  for (const [where, { run = '' }] of STEPS) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' })
    t.equal(status, 0, `${where}: ${stderr}`)
    t.notMatch(run, /\$\{\{/, `${where}: expressions are given by the environment`)
    for (const [, script = ''] of run.matchAll(/npm run (?:--silent )?([\w:-]+)/g))
      t.ok(Object.hasOwn(scripts, script), script)
    for (const [file] of run.matchAll(/(?<![\w:/.-])(?:\.ci|deploy|docs|test)\/[\w./-]*\w/g))
      t.ok(existsSync(join(root, file)), file)
    for (const [, variable = ''] of run.matchAll(/pinned (\w+_IMAGE)/g))
      t.match(read('deploy/Dockerfile'), `ARG ${variable}=`)
    for (const [, variable = ''] of run.matchAll(/--build-arg "(\w+)=/g))
      t.match(read('deploy/Dockerfile'), `ARG ${variable}=`)
    for (const [, pattern = ''] of run.matchAll(/s\|(\^[^|]+\$)\|/g))
      t.match(read('deploy/helm/eventail/values.yaml'), new RegExp(pattern, 'm'))
  }
  t.match(read('deploy/install.yaml'), /image: eventail:/)
  for (const name of ['ci.yml', 'release.yml']) {
    const steps = WORKFLOWS.find(([file]) => file === name)?.[1].jobs['test']?.steps ?? []
    const at = steps.findIndex(({ run }) => run === '.ci/run')
    t.match(steps[at - 1]?.run, /sudo apt-get install .*prometheus/, `${name}: .ci/run may install nothing there`)
  }
  t.end()
})

t.test('CI runs on every supported Node, and dependencies are looked after', (t) => {
  const ci = WORKFLOWS.find(([name]) => name === 'ci.yml')?.[1]
  t.strictSame(ci?.jobs['test']?.strategy?.matrix, { node: [20, 22, 24, 26] })
  const { engines } = JSON.parse(read('package.json')) as { readonly engines: { readonly node: string } }
  t.match(engines.node, />=20\./)
  const { updates } = parse(read('.github/dependabot.yml')) as {
    readonly updates: readonly { readonly 'package-ecosystem': string; readonly directory: string }[]
  }
  t.strictSame(updates.map((update) => update['package-ecosystem']).sort(), ['docker', 'github-actions', 'npm'])
  for (const { directory } of updates) t.ok(existsSync(join(root, directory)), directory)
  const objects = read('test/e2e/loki.yaml')
    .split('\n---\n')
    .map((text) => (parse(text) as { readonly kind: string }).kind)
  t.strictSame(objects, ['Namespace', 'Service', 'Deployment'])
  t.end()
})
