import t from 'tap'
import type { CursorScope } from '../../src/kube/cursor.ts'
import type { Lane } from '../../src/outbox.ts'
import { heldClient } from '../fixtures/held-client.ts'
import { ALL_LOST, NO_LOSS, TornDisk } from '../fixtures/torn-disk.ts'
import {
  DIRECTORY,
  end,
  entryOf,
  jobScope,
  type Life,
  offer,
  openedLife,
  positionAt,
  revisionOf,
  running,
  savedNow,
  segmentsOf,
  turns,
} from '../fixtures/wal-life.ts'

const LANES = ['east', 'west'] as const
const SCOPE: CursorScope = { ...jobScope(), namespaces: [...LANES] }
const LAST = 7

type TwoLanes = Life & { readonly lanes: readonly Lane[]; readonly client: ReturnType<typeof heldClient> }

const open = async (torn: TornDisk): Promise<TwoLanes> => {
  const client = heldClient('loki')
  const life = await openedLife({ disk: torn.mount(), clients: [client], jobs: [{ scope: SCOPE, saved: null }] })
  const lanes = LANES.map((name) => life.outbox.openLane('events', name, null))
  life.outbox.keepStreams('events', () => ({ namespace: ['east'] }))
  life.outbox.start()
  await turns(2)
  return { ...life, lanes, client }
}

const give = ({ outbox, lanes }: TwoLanes, place: number, revision: number): void => {
  const lane = lanes[place]
  if (lane !== undefined) outbox.offer(lane, entryOf(revision, LANES[place]), positionAt(revision))
}

/** Three segments, in each lane 1 to 7, all of it durable and nothing of it settled. */
const whole = async (): Promise<TornDisk> => {
  const torn = new TornDisk()
  for (const revisions of [
    [1, 2],
    [3, 4, 5],
    [6, 7],
  ]) {
    const life = await open(torn)
    for (const revision of revisions) for (const place of [0, 1]) give(life, place, revision)
    const [lane] = life.lanes
    if (revisions.includes(4) && lane !== undefined) life.outbox.moved(lane, positionAt(5))
    await life.clock.advance(1100)
    await end(life)
  }
  return torn
}

const handed = ({ client }: TwoLanes, place: number): ReadonlySet<number> =>
  new Set(client.handed.filter(({ labels }) => labels['namespace'] === LANES[place]).map(revisionOf))

const firstMissing = (there: ReadonlySet<number>): number => {
  let revision = 1
  while (there.has(revision)) revision += 1
  return revision
}

/** What is wrong with an agent that begins with this disk; null: nothing. */
const wrongWith = async (torn: TornDisk, isTail: boolean): Promise<string | null> => {
  const life = await open(torn)
  const { outbox, lanes, client, clock } = life
  for (const entry of client.handed) {
    const expected = entryOf(revisionOf(entry), entry.labels['namespace'])
    if (entry.line !== expected.line || entry.timestampNs !== expected.timestampNs) return `not it: ${entry.line}`
  }
  const recovered = LANES.map((_, place) => handed(life, place))
  const isWhole = recovered.every((there) => firstMissing(there) > LAST)
  const corrupt = await life.metric('eventail_wal_records_corrupt_total')
  if (!isWhole && corrupt === 0 && !isTail) return 'something is missing, and nobody says so'
  if (isWhole && corrupt > 1) return `nothing is missing, and ${corrupt} are said to be`
  const resumed = lanes.map((lane) => Number(outbox.resume(lane)?.watched ?? 0))
  client.settle()
  for (const [place, lane] of lanes.entries()) {
    const first = firstMissing(recovered[place] ?? new Set())
    const [from = 0, claimed] = [resumed[place], Number(outbox.acknowledged(lane)?.watched ?? 0)]
    if (from >= first) return `the source goes on from ${from}, and ${first} is lost`
    if (claimed >= first) return `${claimed} is acknowledged, and ${first} is lost`
    for (let revision = from + 1; revision <= LAST; revision += 1) give(life, place, revision)
  }
  await clock.advance(25)
  client.settle()
  for (const [place, lane] of lanes.entries()) {
    if (firstMissing(handed(life, place)) <= LAST) return `${firstMissing(handed(life, place))} never comes`
    const claimed = outbox.acknowledged(lane)?.watched
    if (claimed !== String(LAST)) return `${claimed ?? 'nothing'} is acknowledged in the end`
  }
  return life.broken.length === 0 ? null : `broken: ${life.broken.join()}`
}

/** Harms a file at every byte (or at every `step`th), in three ways. */
const harmed = async (torn: TornDisk, path: string, { step = 1, isTail = false } = {}): Promise<string | null> => {
  const bytes = torn.files().get(path) ?? Buffer.alloc(0)
  const harms = {
    flipped: (at: number): Buffer => {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8))
      return copy
    },
    zeroed: (at: number): Buffer => Buffer.from(bytes).fill(0, at, Math.min(at + 64, bytes.length)),
    cut: (at: number): Buffer => bytes.subarray(0, at),
  }
  for (const [how, harm] of Object.entries(harms)) {
    for (let at = 0; at < bytes.length; at += step) {
      const copy = torn.copy()
      copy.put(path, harm(at))
      const wrong = await wrongWith(copy, isTail)
      if (wrong !== null) return `${how} at ${at} of ${bytes.length}: ${wrong}`
    }
  }
  return null
}

t.test('damage at any byte is cut, or skipped, counted and read again', async (t) => {
  const torn = await whole()
  const segments = segmentsOf(torn)
  t.equal(segments.length, 3)
  t.test('of a segment', async (t) => {
    t.equal(await harmed(torn, segments[1] ?? ''), null)
  })
  t.test('of the first one', async (t) => {
    t.equal(await harmed(torn, segments[0] ?? '', { step: 5 }), null)
  })
  t.test('of the last one, whose end is taken for a write that was cut short', async (t) => {
    t.equal(await harmed(torn, segments[2] ?? '', { step: 5, isTail: true }), null)
  })
  t.test('of the cursors and of the identity', async (t) => {
    t.equal(await harmed(torn, `${DIRECTORY}/cursors.json`), null)
    t.equal(await harmed(torn, `${DIRECTORY}/wal.json`), null)
  })
  t.test('of any file when it is missing as a whole', async (t) => {
    for (const path of torn.files().keys()) {
      const copy = torn.copy()
      copy.drop(path)
      t.equal(await wrongWith(copy, path === segments[2]), null, path)
    }
  })
})

t.test('a hole', (t) => {
  t.test('is reported once with its place, and gone when its segment is', async (t) => {
    const log = await running()
    offer(log, 1, 20)
    await log.clock.advance(100)
    log.disk.crash(NO_LOSS)
    const [path = ''] = segmentsOf(log.disk)
    const bytes = log.disk.files().get(path) ?? Buffer.alloc(0)
    bytes.fill(0, 1000, 1300)
    log.disk.put(path, bytes)
    const again = await running({ torn: log.disk })
    const resumed = Number(again.outbox.resume(again.lane)?.watched)
    const corrupt = await again.metric('eventail_wal_records_corrupt_total')
    t.equal(again.client.handed.length, 20 - corrupt)
    t.match(
      again.logged.join(''),
      new RegExp(`level=error msg="write-ahead log is damaged.*records=${corrupt} places=1`),
    )
    t.equal(again.outbox.acknowledged(again.lane), null)
    again.client.settle()
    t.equal(again.outbox.acknowledged(again.lane)?.watched, String(resumed), 'no further than before it')
    offer(again, resumed + 1, 20)
    await again.clock.advance(100)
    again.client.settle()
    await again.clock.advance(1100)
    t.equal(again.outbox.acknowledged(again.lane)?.watched, '20')
    t.equal(segmentsOf(again.disk).length, 1)
    const saved = savedNow(again, [again.lane])
    again.disk.crash(NO_LOSS)
    const third = await running({ torn: again.disk, jobs: [{ scope: jobScope(), saved }] })
    t.equal(await third.metric('eventail_wal_records_corrupt_total'), 0)
    t.equal(third.outbox.resume(third.lane)?.watched, '20')
    await end(third)
  })

  t.test('behind which nothing comes keeps nobody from going on', async (t) => {
    const log = await running()
    offer(log, 1, 20)
    await log.clock.advance(100)
    await end(log)
    await end(await running({ torn: log.disk }))
    const [path = ''] = segmentsOf(log.disk)
    const bytes = log.disk.files().get(path) ?? Buffer.alloc(0)
    log.disk.put(path, bytes.subarray(0, bytes.length - 5))
    const again = await running({ torn: log.disk })
    t.equal(again.client.handed.length, 19)
    t.equal(again.outbox.resume(again.lane)?.watched, '19')
    offer(again, 20, 30)
    await again.clock.advance(100)
    again.client.settle()
    t.equal(again.outbox.acknowledged(again.lane)?.watched, '30')
    t.strictSame(again.broken, [])
    await end(again)
  })

  t.test('does not take a newer position from the checkpoint that knows that all before it is settled', async (t) => {
    const log = await running()
    offer(log, 1, 20)
    await log.clock.advance(100)
    log.client.settle(log.client.held.slice(0, 15))
    await log.clock.advance(1100)
    const saved = savedNow(log, [log.lane])
    log.disk.crash(NO_LOSS)
    const [path = ''] = segmentsOf(log.disk)
    const bytes = log.disk.files().get(path) ?? Buffer.alloc(0)
    bytes.fill(0, 700, 800)
    log.disk.put(path, bytes)
    const again = await running({ torn: log.disk, jobs: [{ scope: jobScope(), saved }] })
    t.equal(again.outbox.resume(again.lane)?.watched, '15')
    t.equal(again.outbox.acknowledged(again.lane)?.watched, '15')
    t.strictSame(again.client.handed.map(revisionOf), [16, 17, 18, 19, 20])
    again.client.settle()
    t.equal(again.outbox.acknowledged(again.lane)?.watched, '15')
    await end(again)
  })
  t.end()
})

t.test('a write that was cut short is cut off, and no damage from then on', async (t) => {
  const log = await running()
  offer(log, 1, 20)
  await log.clock.advance(100)
  log.disk.crash(NO_LOSS)
  const [path = ''] = segmentsOf(log.disk)
  const bytes = log.disk.files().get(path) ?? Buffer.alloc(0)
  log.disk.put(path, bytes.subarray(0, bytes.length - 5))
  for (let life = 0; life < 3; life += 1) {
    const again = await running({ torn: log.disk })
    t.equal(await again.metric('eventail_wal_records_corrupt_total'), 0)
    t.equal(again.logged.join('').includes('was cut short'), life === 0)
    t.equal(again.outbox.resume(again.lane)?.watched, '19')
    await end(again)
  }
})

t.test('cursors that count on records that are gone settle nothing that comes in their place', async (t) => {
  const log = await running({ fsync: false })
  offer(log, 1, 10)
  await log.clock.advance(100)
  // Something else syncs the disk now and then.
  const torn = log.disk.copy()
  offer(log, 11, 50)
  await log.clock.advance(100)
  log.client.settle()
  await log.clock.advance(1100)
  torn.put(`${DIRECTORY}/cursors.json`, log.disk.files().get(`${DIRECTORY}/cursors.json`) ?? Buffer.alloc(0))
  const again = await running({ torn })
  t.equal(again.outbox.resume(again.lane)?.watched, '10')
  offer(again, 11, 30)
  await again.clock.advance(100)
  // Killed before the cursors were saved again.
  torn.crash(ALL_LOST)
  const third = await running({ torn })
  t.equal(third.outbox.resume(third.lane)?.watched, '30')
  t.strictSame(
    third.client.handed.map(revisionOf),
    Array.from({ length: 20 }, (_, at) => 11 + at),
  )
  await end(third)
})
