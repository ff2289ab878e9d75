import { entriesOf, type Replicas, startReplicas, until } from '../fixtures/replicas.ts'

// What a change of leader, or a crash, costs; with the timings of client-go, which are the default.

const ELECTION = '{enabled: true}'
const entry = new URL('./eventail.js', import.meta.url).pathname

/** The leader ships, the other one stands by. */
const startBoth = async (world: Replicas): Promise<Record<'leader' | 'standby', ReturnType<Replicas['start']>>> => {
  const leader = world.start('a')
  await leader.line(/this replica leads/)
  const standby = world.start('b')
  await standby.line(/standing by/)
  await world.arrived(world.create(10))
  return { leader, standby }
}

/** From the signal until Loki has an event that was created with it, milliseconds. */
export const measureHandOver = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number> => {
  const world = await startReplicas({ election: ELECTION, entry })
  try {
    const { leader } = await startBoth(world)
    const from = performance.now()
    leader.signal(signal)
    const owed = world.create(1)
    await world.arrived(owed)
    return Math.round(performance.now() - from)
  } finally {
    await world.end()
  }
}

/** From `kill -9` until the same agent, started again at once, has shipped what was created meanwhile, milliseconds. */
export const measureRestart = async (): Promise<number> => {
  const world = await startReplicas({ election: null, entry })
  try {
    const agent = world.start('a')
    await world.arrived(world.create(10))
    const from = performance.now()
    agent.signal('SIGKILL')
    await agent.ended
    const owed = world.create(1)
    world.start('a')
    await world.arrived(owed)
    return Math.round(performance.now() - from)
  } finally {
    await world.end()
  }
}

export type Pause = {
  /** What the old leader pushed after it woke up. */
  readonly pushesAfter: number
  /** Created, and not in Loki. */
  readonly lost: number
  /** In Loki with different bytes. */
  readonly doubled: number
  readonly resent: number
}

/** A leader that sleeps for 40 s with a push unanswered, and wakes up beside a new one. */
export const measurePause = async (): Promise<Pause> => {
  const world = await startReplicas({ election: ELECTION, entry })
  try {
    const { leader, standby } = await startBoth(world)
    const expected = new Set(entriesOf(world.loki.a).map(({ id }) => id))
    const create = (n: number): readonly string[] => {
      const created = world.create(n)
      for (const id of created) expected.add(id)
      return created
    }
    let answer = (): void => undefined
    world.loki.a.answerWith(
      () =>
        new Promise((resolve) => {
          answer = (): void => {
            resolve({ status: 204 })
          }
        }),
    )
    const before = world.loki.a.requests.length
    create(5)
    await world.loki.a.received(before + 1)
    leader.signal('SIGSTOP')
    const slept = performance.now()
    await standby.line(/this replica leads/)
    await world.arrived(create(10))
    await until('40 s', () => performance.now() - slept >= 40_000)
    const pushes = world.loki.a.requests.length
    answer()
    leader.signal('SIGCONT')
    await leader.ended
    const entries = entriesOf(world.loki.a, world.loki.b)
    const there = new Set(entries.map(({ id }) => id))
    const wholes = new Set(entries.map(({ whole }) => whole))
    return {
      pushesAfter: world.loki.a.requests.length - pushes,
      lost: [...expected].filter((id) => !there.has(id)).length,
      doubled: wholes.size - there.size,
      resent: entries.length - wholes.size,
    }
  } finally {
    await world.end()
  }
}
