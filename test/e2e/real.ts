import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { systemClock } from '../../src/clock.ts'
import { openConnection } from '../../src/kube/credentials.ts'
import { silentLog } from '../../src/log.ts'
import { type AgentProcess, startAgentProcess } from '../fixtures/agent-process.ts'
import { type Cluster, openCluster, type Revision } from './cluster.ts'

// The agent as a process against a real API server and a real Loki, both given from outside:
//   KUBECONFIG   the API server; events are written to NAMESPACE ("default") and deleted at the end
//   LOKI_URL     such as http://127.0.0.1:3100
//   RESTART_API  optional: a command that kills and starts the API server
//   RESTART_ETCD optional: a command that kills and starts the etcd behind it
//   COMPACT      optional: a command that compacts etcd, so that old resourceVersions answer 410

const { KUBECONFIG = '', LOKI_URL = '', NAMESPACE = 'default' } = process.env
const { RESTART_API = '', RESTART_ETCD = '', COMPACT = '' } = process.env
const given = KUBECONFIG !== '' && LOKI_URL !== ''
const shell = promisify(execFile)

type Stored = { readonly id: string; readonly text: string }

/** Every entry of the run as Loki gives it back, duplicates included. */
const readBack = async (run: string): Promise<readonly Stored[]> => {
  const query = new URLSearchParams({ query: `{cluster="${run}"}`, limit: '5000', since: '2h', direction: 'forward' })
  const answer = await request(`${LOKI_URL}/loki/api/v1/query_range?${query.toString()}`)
  const body = (await answer.body.json()) as {
    readonly data: {
      readonly result: readonly { readonly stream: object; readonly values: readonly [string, string][] }[]
    }
  }
  return body.data.result.flatMap(({ stream, values }) =>
    values.map(([ns, line]) => ({
      id: `${/ uid=(\S+)/.exec(line)?.[1] ?? ''}/${/ rv=(\d+)/.exec(line)?.[1] ?? ''}`,
      text: JSON.stringify([stream, ns, line]),
    })),
  )
}

const idOf = ({ uid, resourceVersion }: Revision): string => `${uid}/${resourceVersion}`

/** A revision that the next one of the same event replaced while nobody watched may be gone for good. */
type Life = { readonly revisions: Revision[]; readonly supersededUnwatched: Set<string> }

class Agent {
  readonly #folder: string
  #process: AgentProcess | null = null

  constructor(folder: string, run: string, configuration: string) {
    this.#folder = folder
    writeFileSync(
      join(folder, 'eventail.yaml'),
      `server: {http_listen_port: 0, http_listen_address: 127.0.0.1}
clients: [{url: "${LOKI_URL}/loki/api/v1/push", external_labels: {cluster: ${run}}}]
positions: {filename: positions.yaml, sync_period: 500ms}
heartbeat: 0
scrape_configs:
  - job_name: e2e
    kubernetes_events: {namespaces: [${NAMESPACE}], field_selector: reason=EndToEnd, kubeconfig: ${KUBECONFIG}}
${configuration}
`,
    )
  }

  /** Resolves when it watches. */
  async start(): Promise<void> {
    this.#process = startAgentProcess({ args: ['-config.file=eventail.yaml'], cwd: this.#folder })
    await this.watching()
  }

  async watching(): Promise<void> {
    const isReady = async (): Promise<boolean> => (await this.#process?.page('/ready'))?.status === 200
    if (!(await until(isReady, 60_000))) throw new Error(`it does not watch: ${this.#process?.stderr() ?? ''}`)
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const agent = this.#process
    this.#process = null
    agent?.signal(signal)
    return agent === null ? null : agent.ended
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const until = async (satisfied: () => Promise<boolean>, timeoutMs: number): Promise<boolean> => {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    if (await satisfied()) return true
    await pause(500)
  }
  return false
}

type World = {
  readonly cluster: Cluster
  readonly agent: Agent
  readonly life: Life
  /** Resolves when Loki has all that was written, but for what is excused. */
  readonly arrived: () => Promise<void>
  watched: boolean
  round: number
}

/** Creates events and repeats them; what a repeat replaces while the agent is away is excused. */
const write = async (world: World, n: number): Promise<void> => {
  const { cluster, life } = world
  for (let i = 0; i < n; i += 1) {
    const name = `e2e-${world.round}-${i}.${Date.now().toString(16)}${i.toString(16).padStart(5, '0')}`
    const created = await cluster.create(name, `round ${world.round}, event ${i}`)
    life.revisions.push(created)
    if (i % 3 !== 0) continue
    if (!world.watched) life.supersededUnwatched.add(idOf(created))
    life.revisions.push(await cluster.repeat(created.name, 2))
  }
  world.round += 1
}

/** What is written from here on may be superseded before anybody watches again. */
const unwatched = async (world: World, meanwhile: () => Promise<unknown>): Promise<void> => {
  world.watched = false
  await meanwhile()
  await world.agent.watching()
  world.watched = true
}

/** Events are written all the while: whoever writes waits until it is possible again. */
const restart = async (world: World, command: string): Promise<void> => {
  if (command === '') return
  await unwatched(world, () => Promise.all([shell('sh', ['-c', command]), write(world, 60)]))
  await write(world, 20)
}

const steps: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'events created and patched while it watches': async (world) => {
    await write(world, 60)
  },
  'SIGKILL right behind a burst, more events while it is away, start': async (world) => {
    await write(world, 60)
    await world.agent.end('SIGKILL')
    await unwatched(world, async () => {
      await write(world, 40)
      await world.agent.start()
    })
    await write(world, 40)
  },
  'hundreds of events end at once, as with their namespace': async (world) => {
    await world.arrived()
    await write(world, 300)
    await world.cluster.removeAll()
    await write(world, 20)
  },
  'the API server restarts under it': (world) => restart(world, RESTART_API),
  'etcd restarts under the API server': (world) => restart(world, RESTART_ETCD),
  'its position is compacted away while it is killed': async (world) => {
    await world.arrived()
    await world.agent.end('SIGKILL')
    await unwatched(world, async () => {
      await write(world, 40)
      if (COMPACT !== '') await shell('sh', ['-c', COMPACT])
      await write(world, 20)
      await world.agent.start()
    })
    await write(world, 20)
  },
  'SIGTERM, more events, start': async (world) => {
    t.equal(await world.agent.end('SIGTERM'), 0, 'SIGTERM ends it with 0')
    await unwatched(world, async () => {
      await write(world, 20)
      await world.agent.start()
    })
  },
}

const wanted = { skip: given ? false : 'set KUBECONFIG and LOKI_URL', timeout: 300_000 }

/** Lets everything happen to an agent with this configuration, and compares what was written with what Loki has. */
const live = async (t: Test, configuration: string): Promise<void> => {
  const options = { kubeconfig: KUBECONFIG, context: '' }
  const opened = await openConnection({ options, clock: systemClock, log: silentLog })
  if (opened.kind === 'error') throw new Error(opened.why)
  const run = `e2e-${Date.now()}`
  const agent = new Agent(t.testdir(), run, configuration)
  const cluster = await openCluster(opened.connection, NAMESPACE, run)
  const life: Life = { revisions: [], supersededUnwatched: new Set() }
  let stored: readonly Stored[] = []
  const missing = (): string[] => {
    const ids = new Set(stored.map(({ id }) => id))
    return life.revisions.map(idOf).filter((id) => !ids.has(id) && !life.supersededUnwatched.has(id))
  }
  const arrived = async (): Promise<void> => {
    await until(async () => {
      stored = await readBack(run)
      return missing().length === 0
    }, 60_000)
  }
  const world: World = { cluster, agent, life, arrived, watched: true, round: 0 }
  t.teardown(async () => {
    await agent.end('SIGKILL')
    await cluster.removeAll()
    await cluster.close()
    opened.connection.close()
  })

  await agent.start()
  for (const [name, step] of Object.entries(steps)) {
    t.comment(name)
    await step(world)
  }
  await arrived()
  const expected = new Set(life.revisions.map(idOf))
  const ids = stored.map(({ id }) => id)
  const excused = [...life.supersededUnwatched].filter((id) => !ids.includes(id))
  t.comment(`revisions written ${expected.size}, in Loki ${ids.length}, excused as superseded unread ${excused.length}`)
  for (const id of excused) t.comment(`excused ${id}`)
  for (const id of missing()) {
    const at = life.revisions.findIndex((revision) => idOf(revision) === id)
    const later = life.revisions.slice(at + 1).find(({ uid }) => uid === life.revisions[at]?.uid)
    t.comment(`lost ${id} of ${life.revisions[at]?.name ?? ''}, replaced by ${later?.resourceVersion ?? 'nothing'}`)
  }
  t.strictSame(missing(), [], 'none is lost')
  t.equal(ids.length, new Set(ids).size, 'none is doubled')
  t.strictSame(
    ids.filter((id) => !expected.has(id)),
    [],
    'nothing else came',
  )
}

t.test(
  'case 29: every readable revision reaches a real Loki once, whatever happens to the agent and the API server',
  wanted,
  (t) => live(t, ''),
)

t.test('case 29: and with a write-ahead log', wanted, (t) => live(t, 'wal: {enabled: true, dir: wal}'))
