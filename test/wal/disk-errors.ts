import t from 'tap'
import { heldClient } from '../fixtures/held-client.ts'
import { diskError, type Fault, NO_LOSS, TornDisk } from '../fixtures/torn-disk.ts'
import {
  acknowledged,
  end,
  jobScope,
  offer,
  openedLife,
  openLife,
  revisionOf,
  type Running,
  running,
  savedNow,
  segmentsOf,
  turns,
} from '../fixtures/wal-life.ts'

const KB = 1024
/** Whether a wait for room has ended. */
const waitForRoom = (log: Running): (() => boolean) => {
  let came = false
  void log.outbox.room(new AbortController().signal).then(() => {
    came = true
  })
  return () => came
}

t.test('a disk that refuses', (t) => {
  for (const [code, why] of [
    ['ENOSPC', 'no space left on the device'],
    ['EIO', 'input/output error'],
  ] as const) {
    t.test(`(${code}) stops the reading after a while, says why, and is tried again until it takes`, async (t) => {
      let refuses = false
      const fault: Fault = (operation, path) =>
        refuses && ['write', 'sync', 'create'].includes(operation) && !path.endsWith('lock') ? diskError(code) : null
      const log = await running({ fault, maxBytes: 64 * 1024 * KB, segmentBytes: 16 * 1024 * KB })
      offer(log, 1, 10)
      await log.clock.advance(100)
      refuses = true
      let rv = 11
      for (; log.outbox.hasRoom() && rv < 100_000; rv += 1) {
        offer(log, rv, rv, 2000)
        if (rv % 100 === 0) await log.clock.advance(10)
      }
      t.ok(rv > 1500 && rv < 3000, `${rv} of 2 kB are taken without a disk`)
      await log.clock.advance(60_000)
      log.client.settle()
      t.equal(acknowledged(log), '10', 'what is not on disk is not acknowledged, although Loki has it')
      t.equal(log.outbox.problem(), `write-ahead log cannot be written: ${why}`)
      t.match(log.logged.join(''), `why="${why}"`)
      const failures = await log.metric('eventail_wal_write_failures_total')
      t.ok(failures > 5 && failures < 30, `tried ${failures} times in a minute`)
      const hasCome = waitForRoom(log)
      refuses = false
      await log.clock.advance(15_000)
      t.ok(hasCome())
      t.equal(log.outbox.problem(), null)
      t.equal(acknowledged(log), String(rv - 1))
      offer(log, rv)
      await log.clock.advance(50)
      log.disk.crash(NO_LOSS)
      const again = await running({ torn: log.disk })
      t.equal(again.outbox.resume(again.lane)?.watched, String(rv))
      t.equal(await again.metric('eventail_wal_records_corrupt_total'), 0)
      await end(again)
    })
  }

  t.test('between two segments of one group takes the second one later', async (t) => {
    for (const operation of ['create', 'write', 'sync', 'syncDirectory'] as const) {
      let refuses = true
      let beganSecond = false
      const fault: Fault = (asked, path) => {
        beganSecond ||= path.endsWith('2.wal')
        const concerned =
          asked === operation && (path.endsWith('2.wal') || (operation === 'syncDirectory' && beganSecond))
        return refuses && concerned ? diskError('ENOSPC') : null
      }
      const log = await running({ fault })
      await log.clock.advance(2000)
      // One group: it begins in the first segment and ends in the second.
      offer(log, 1, 40, 2000)
      log.client.settle()
      await log.clock.advance(5000)
      t.match(log.outbox.problem(), /no space left/, operation)
      refuses = false
      await log.clock.advance(15_000)
      t.equal(log.outbox.problem(), null, `after ${operation}`)
      t.equal(acknowledged(log), '40')
      log.disk.crash(NO_LOSS)
      const again = await running({ torn: log.disk })
      t.equal(again.outbox.resume(again.lane)?.watched, '40')
      await end(again)
    }
  })

  t.test('at the end loses no more than what it did not take, and claims none of it', async (t) => {
    for (const optional of [[], ['loki']]) {
      let refuses = false
      const fault: Fault = (operation) => (refuses && operation !== 'open' ? diskError('EIO') : null)
      const log = await running({ fault, optional })
      offer(log, 1, 10)
      await log.clock.advance(100)
      log.client.settle()
      refuses = true
      offer(log, 11, 20)
      log.client.settle()
      await log.clock.advance(100)
      await end(log)
      t.equal(acknowledged(log), '10', optional.length === 0 ? 'a client is required' : 'none is')
      t.equal(log.outbox.mark().acknowledgedIndex, 10)
    }
  })

  t.test('to let the directory be written is a failed opening, with the reason, and no more', async (t) => {
    for (const operation of ['create', 'write', 'list', 'rename'] as const) {
      let refuses = true
      const torn = (await running()).disk.copy()
      const fault: Fault = (asked) => (refuses && asked === operation ? diskError('ENOSPC') : null)
      const disk = torn.mount({ fault })
      const opening = await openLife({ disk, clients: [heldClient('loki')] })
      t.match(opening, { failed: /no space left on the device/ }, operation)
      refuses = false
      await openedLife({ disk, clients: [heldClient('loki')] })
    }
  })

  t.test(
    'to give a segment back is a hole: the rest is sent, the hole is read again, and the agent goes on',
    async (t) => {
      const log = await running()
      for (let rv = 1; rv <= 100; rv += 1) {
        offer(log, rv, rv, 2000)
        if (rv % 10 === 0) await log.clock.advance(20)
      }
      await log.clock.advance(1500)
      const saved = savedNow(log, [log.lane])
      t.equal(segmentsOf(log.disk).length, 4)
      for (const operation of ['open', 'read'] as const) {
        const torn = log.disk.copy()
        const fault: Fault = (asked, path) => (asked === operation && path.endsWith('2.wal') ? diskError('EIO') : null)
        const client = heldClient('loki', 3)
        const again = await running({ torn, fault, clients: [client], jobs: [{ scope: jobScope(), saved }] })
        const resumed = Number(again.outbox.resume(again.lane)?.watched)
        t.ok(resumed > 20 && resumed < 40, `the source goes on from ${resumed}`)
        t.ok((await again.metric('eventail_wal_records_corrupt_total')) > 0)
        t.match(again.logged.join(''), /write-ahead log is damaged.*first_why="input\/output error"/)
        for (let rv = resumed + 1; rv <= 150; rv += 1) offer(again, rv, rv, 2000)
        for (let n = 0; n < 200; n += 1) {
          client.settle()
          await again.clock.advance(10)
        }
        t.strictSame(again.broken, [], 'it is not opened again and again')
        t.strictSame(
          [...new Set(client.handed.map(revisionOf))].sort((a, b) => a - b),
          [...Array(150).keys()].map((n) => n + 1),
        )
        t.equal(acknowledged(again), '150')
        await end(again)
      }
    },
  )

  t.test('to give back what it gave at the start makes the log to be opened again', async (t) => {
    let refuses = false
    const fault: Fault = (asked) => (refuses && asked === 'read' ? diskError('EIO') : null)
    const log = await running()
    offer(log, 1, 20)
    await log.clock.advance(100)
    log.disk.crash(NO_LOSS)
    const client = heldClient('loki', 5)
    const disk = log.disk.mount({ fault })
    const life = await openedLife({ disk, clients: [client] })
    const lane = life.outbox.openLane('events', '*', null)
    refuses = true
    life.outbox.start()
    await turns(20)
    t.strictSame(life.broken, ['segment 1: input/output error'])
    refuses = false
    await end(life)
    t.equal(life.outbox.acknowledged(lane), null)
    const again = await running({ torn: log.disk })
    await turns(20)
    t.equal(again.client.handed.length, 20)
    await end(again)
  })

  t.test('because it is full of the log itself gets space by what Loki takes, after a restart too', async (t) => {
    const torn = new TornDisk()
    const capacity = 400 * KB
    const used = (): number => [...torn.files().values()].reduce((sum, { length }) => sum + length, 0)
    const fault: Fault = (operation, path) =>
      ['write', 'create'].includes(operation) && path.endsWith('.wal') && used() > capacity ? diskError('ENOSPC') : null
    const log = await running({ torn, fault, maxBytes: 64 * 1024 * KB })
    let rv = 1
    for (; log.outbox.problem() === null && rv < 1000; rv += 1) {
      offer(log, rv, rv, 2000)
      if (rv % 10 === 0) await log.clock.advance(25)
    }
    t.match(log.outbox.problem(), /no space left/)
    torn.crash(NO_LOSS)
    const again = await running({ torn, fault, maxBytes: 64 * 1024 * KB })
    await again.clock.advance(1000)
    t.match(again.outbox.problem(), /no space left/)
    again.client.settle()
    await again.clock.advance(15_000)
    t.equal(again.outbox.problem(), null)
    offer(again, rv)
    await again.clock.advance(100)
    again.client.settle()
    t.equal(acknowledged(again), String(rv))
    await end(again)
  })

  t.test('to save cursors does not keep segments from going', async (t) => {
    const fault: Fault = (operation, path) =>
      operation === 'create' && path.endsWith('cursors.json.tmp') ? diskError('ENOSPC') : null
    const log = await running({ fault })
    for (let rv = 1; rv <= 100; rv += 1) {
      offer(log, rv, rv, 2000)
      if (rv % 10 === 0) await log.clock.advance(20)
    }
    log.client.settle()
    await turns(20)
    t.equal(segmentsOf(log.disk).length, 1, 'they are the space that is missing')
    await log.clock.advance(2000)
    t.match(log.logged.join(''), /cursors of the write-ahead log not saved.*no space left/)
    await end(log)
  })
  t.end()
})
