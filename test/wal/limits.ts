import t from 'tap'
import { heldClient } from '../fixtures/held-client.ts'
import { NO_LOSS } from '../fixtures/torn-disk.ts'
import {
  acknowledged,
  DIRECTORY,
  end,
  entryOf,
  offer,
  positionAt,
  revisionOf,
  type Running,
  running,
  segmentsOf,
  turns,
} from '../fixtures/wal-life.ts'

const KB = 1024
const BOUNDS = { maxBytes: 1024 * KB, segmentBytes: 64 * KB }

/** Offers entries of 2 kB, as a source does: only while there is room. @returns the revision offered last. */
const fill = async (log: Running, from: number, most: number): Promise<number> => {
  let rv = from
  for (; rv <= most && log.outbox.hasRoom(); rv += 1) {
    offer(log, rv, rv, 2000)
    if (rv % 10 === 0) await log.clock.advance(20)
  }
  await log.clock.advance(100)
  return rv - 1
}

/** Whether a wait for room has ended. */
const waitForRoom = (log: Running): (() => boolean) => {
  let came = false
  void log.outbox.room(new AbortController().signal).then(() => {
    came = true
  })
  return () => came
}

t.test('a full log', (t) => {
  t.test('stops the source, says so, drops nothing, and goes on when there is room for a good while', async (t) => {
    const log = await running({ ...BOUNDS })
    const last = await fill(log, 1, 10_000)
    t.ok(last < 600, `full after ${last}`)
    t.notOk(log.outbox.hasRoom())
    t.equal(log.outbox.problem(), 'write-ahead log is full: no events are read')
    t.ok((await log.metric('eventail_wal_bytes')) <= BOUNDS.maxBytes)
    t.equal(await log.metric('eventail_wal_capacity_bytes'), BOUNDS.maxBytes)
    const hasCome = waitForRoom(log)
    await turns()
    t.notOk(hasCome())
    log.client.settle(log.client.held.slice(0, 20))
    await turns()
    t.notOk(hasCome(), 'a part of a segment is no room')
    log.client.settle(log.client.held.slice(0, 100))
    await turns()
    t.ok(hasCome())
    t.ok(log.outbox.hasRoom())
    t.equal(log.outbox.problem(), null)
    t.equal(await fill(log, last + 1, last + 50), last + 50)
    log.client.settle()
    t.equal(acknowledged(log), String(last + 50))
    t.strictSame(
      log.client.handed.map(revisionOf),
      [...Array(last + 50).keys()].map((at) => at + 1),
    )
    t.strictSame(log.dropped, {})
    await end(log)
  })

  t.test('is still full after a restart, and drains', async (t) => {
    const log = await running({ ...BOUNDS })
    const last = await fill(log, 1, 10_000)
    log.disk.crash(NO_LOSS)
    const client = heldClient('loki', 50)
    const again = await running({ ...BOUNDS, torn: log.disk, clients: [client] })
    t.notOk(again.outbox.hasRoom())
    const hasCome = waitForRoom(again)
    for (let n = 0; n < 100; n += 1) {
      client.settle()
      await turns(2)
    }
    t.ok(hasCome())
    t.equal(client.handed.length, last)
    t.equal(acknowledged(again), String(last))
    t.equal(segmentsOf(again.disk).length, 1)
    await end(again)
  })

  t.test('ends a wait for room at its signal', async (t) => {
    const log = await running({ ...BOUNDS })
    await fill(log, 1, 10_000)
    const stop = new AbortController()
    const waiting = log.outbox.room(stop.signal)
    stop.abort()
    await waiting
    await log.outbox.room(stop.signal)
    t.pass('both ended')
    await end(log)
  })

  t.test('lets the entries of a client go that is not required, counts them, and never waits for it', async (t) => {
    const [main, spare] = [heldClient('loki'), heldClient('spare', 10)]
    const log = await running({ ...BOUNDS, clients: [main, spare], optional: ['spare'] })
    for (let rv = 1; rv <= 2000; rv += 1) {
      if (!log.outbox.hasRoom()) t.fail(`no room for ${rv}`)
      offer(log, rv, rv, 2000)
      if (rv % 10 === 0) {
        await log.clock.advance(20)
        main.settle()
      }
    }
    await log.clock.advance(100)
    const { dropped, waiting } = log.outbox.account(1)
    t.ok(dropped > 1000, `${dropped} dropped`)
    t.equal(dropped + waiting + spare.handed.length, 2000, 'every entry has its place')
    t.strictSame(log.dropped, { spare: dropped })
    t.equal(await log.metric('eventail_wal_backlog_entries', 'spare'), waiting)
    t.strictSame(log.outbox.account(0), { recovered: 0, dropped: 0, waiting: 0 })
    t.match(log.logged.join(''), /entries for a client that is not required are dropped.*client=spare/)
    for (let n = 0; n < 400; n += 1) {
      spare.settle()
      await turns(1)
    }
    t.equal(spare.handed.length, 2000 - dropped, 'what is left comes when it is back')
    const revisions = spare.handed.map(revisionOf)
    t.strictSame(
      revisions,
      revisions.toSorted((a, b) => a - b),
    )
    t.equal(acknowledged(log), '2000')
    await end(log)
  })

  t.test('makes room for the source even when one segment less is hardly any', async (t) => {
    const torn = (await running()).disk
    torn.crash(NO_LOSS)
    // Restarts leave small segments.
    for (let life = 1; life <= 10; life += 1) {
      const small = await running({
        ...BOUNDS,
        torn,
        clients: [heldClient('loki'), heldClient('spare', 1)],
        optional: ['spare'],
      })
      offer(small, life)
      await small.clock.advance(1500)
      torn.crash(NO_LOSS)
    }
    const [main, spare] = [heldClient('loki'), heldClient('spare', 1)]
    const log = await running({ ...BOUNDS, torn, clients: [main, spare], optional: ['spare'] })
    const last = await fill(log, 11, 10_000)
    t.ok(last < 600, `full after ${last}`)
    const hasCome = waitForRoom(log)
    while (main.held.length > 0 && !hasCome()) {
      main.settle(main.held.slice(0, 1))
      await turns(1)
    }
    await turns()
    t.ok(hasCome(), 'the source goes on')
    await end(log)
  })
  t.end()
})

t.test('memory is bounded by what the client takes, not by what waits on disk', async (t) => {
  const client = heldClient('loki', 100)
  const log = await running({ clients: [client], maxBytes: 64 * 1024 * KB, segmentBytes: 1024 * KB })
  for (let rv = 1; rv <= 10_000; rv += 1) {
    offer(log, rv, rv, 2000)
    if (rv % 100 === 0) await log.clock.advance(20)
  }
  t.equal(client.held.length, 100)
  t.equal(log.outbox.account(0).waiting, 9900)
  log.outbox.moved(log.lane, positionAt(10_001))
  await log.clock.advance(1100)
  let settled = 0
  while (settled < 10_000) {
    settled += client.settle().length
    await turns(2)
    if (client.held.length === 0 && settled < 10_000) {
      t.fail(`it stopped at ${settled}`)
      break
    }
  }
  t.ok(
    client.handed.every((entry, at) => revisionOf(entry) === at + 1),
    'in order',
  )
  t.strictSame(client.handed[5000], entryOf(5001, '*', 2000))
  await turns()
  t.equal(acknowledged(log), '10001')
  t.equal(log.outbox.outstanding(log.lane), 0)
  t.ok(log.disk.files().has(`${DIRECTORY}/cursors.json`))
  await end(log)
})
