import t from 'tap'
import { heldClient } from '../fixtures/held-client.ts'
import { ALL_LOST, diskError, type Fault, NO_LOSS } from '../fixtures/torn-disk.ts'
import {
  acknowledged,
  DIRECTORY,
  end,
  entryOf,
  jobScope,
  offer,
  positionAt,
  recording,
  revisionOf,
  running,
  savedNow,
  segmentsOf,
  turns,
} from '../fixtures/wal-life.ts'

t.test('group commit', (t) => {
  t.test('makes what comes within 20 ms durable with one sync; until then it is acknowledged to nobody', async (t) => {
    const { fault, done } = recording()
    const log = await running({ fault })
    await log.clock.advance(2000)
    const before = done('sync', '.wal')
    offer(log, 1, 500)
    t.equal(log.client.handed.length, 500, 'clients have them at once')
    log.client.settle()
    await turns()
    t.equal(acknowledged(log), undefined, 'what Loki has and the disk has not is not acknowledged')
    t.equal(log.outbox.outstanding(log.lane), 500)
    await log.clock.advance(19)
    t.equal(done('sync', '.wal'), before, 'company is waited for')
    await log.clock.advance(1)
    t.equal(done('sync', '.wal'), before + 1)
    t.equal(acknowledged(log), '500')
    t.equal(log.outbox.outstanding(log.lane), 0)
    await end(log)
  })

  t.test('does not hurry for a position alone, which is written after a second, the newest only', async (t) => {
    const { fault, done } = recording()
    const log = await running({ fault })
    await log.clock.advance(2000)
    const before = done('write', '.wal')
    for (let rv = 1; rv <= 50; rv += 1) log.outbox.moved(log.lane, positionAt(rv))
    await log.clock.advance(900)
    t.equal(done('write', '.wal'), before)
    t.equal(acknowledged(log), undefined)
    await log.clock.advance(200)
    t.equal(done('write', '.wal'), before + 1)
    t.equal(acknowledged(log), '50')
    t.equal(log.outbox.mark().acknowledgedIndex, 1, 'one record')
    await end(log)
  })

  t.test('waits no longer than 20 ms for an entry although a position was waiting', async (t) => {
    const log = await running()
    await log.clock.advance(2000)
    log.outbox.moved(log.lane, positionAt(1))
    await log.clock.advance(500)
    offer(log, 2)
    log.client.settle()
    await log.clock.advance(20)
    t.equal(acknowledged(log), '2')
    await end(log)
  })

  t.test('of a megabyte waits for nothing', async (t) => {
    const { fault, done } = recording()
    const log = await running({ fault, maxBytes: 64 * 1024 * 1024, segmentBytes: 16 * 1024 * 1024 })
    await log.clock.advance(2000)
    const before = done('sync', '.wal')
    offer(log, 1, 150, 8000)
    await turns()
    t.equal(done('sync', '.wal'), before + 1, 'the clock stood still')
    await end(log)
  })

  t.test('comes first where entries could not be made again: no client has what a crash would take back', async (t) => {
    const { fault } = recording()
    const log = await running({ fault, isDurableFirst: true })
    await log.clock.advance(2000)
    for (let rv = 1; rv <= 1500; rv += 500) {
      const before = log.client.handed.length
      offer(log, rv, rv + 499)
      t.ok(log.outbox.hasRoom(), 'and the source is not held up by that')
      await log.clock.advance(19)
      t.equal(log.client.handed.length, before)
      await log.clock.advance(1)
      await turns()
      t.equal(log.client.handed.length, before + 500)
    }
    log.client.settle()
    await log.clock.advance(20)
    t.equal(acknowledged(log), '1500')
    offer(log, 1501)
    await turns()
    log.disk.crash(ALL_LOST)
    t.equal(log.client.handed.length, 1500)
    const again = await running({ torn: log.disk, isDurableFirst: true })
    t.equal(again.outbox.resume(again.lane)?.watched, '1500', 'the source gives 1501 again')
    t.strictSame(again.client.handed, [])
    await end(again)
  })

  t.test('without fsync is written and not synced', async (t) => {
    const { fault, done } = recording()
    const log = await running({ fault, fsync: false })
    offer(log, 1, 10)
    log.client.settle()
    await log.clock.advance(2000)
    t.equal(acknowledged(log), '10')
    t.equal(done('sync', '.wal'), 0)
    await end(log)
    t.equal(log.disk.files().get(`${DIRECTORY}/lock`), undefined)
  })

  t.test('at the end takes what is left, positions too', async (t) => {
    const log = await running()
    offer(log, 1, 3)
    log.client.settle()
    log.outbox.moved(log.lane, positionAt(9))
    await end(log)
    log.disk.crash(ALL_LOST)
    const again = await running({ torn: log.disk })
    t.equal(again.outbox.resume(again.lane)?.watched, '9')
    t.equal(again.outbox.account(0).recovered, 0)
    await end(again)
  })
  t.end()
})

t.test('what is not settled comes back after a kill, in order, to each client what it lacks', async (t) => {
  const [a, b] = [heldClient('a'), heldClient('b')]
  const log = await running({ clients: [a, b] })
  offer(log, 1, 100)
  await log.clock.advance(50)
  a.settle()
  b.settle(b.held.slice(0, 30))
  b.settle(b.held.slice(20, 30))
  t.equal(acknowledged(log), '30', 'the slower one decides, and a gap stops it')
  await log.clock.advance(1500)
  const saved = savedNow(log, [log.lane])
  log.disk.crash(NO_LOSS)

  const [a2, b2] = [heldClient('a'), heldClient('b')]
  const again = await running({ torn: log.disk, clients: [a2, b2], jobs: [{ scope: jobScope(), saved }] })
  t.equal(again.outbox.resume(again.lane)?.watched, '100', 'the source goes on behind what is on disk')
  offer(again, 101, 110)
  await again.clock.advance(100)
  t.strictSame(a2.handed.map(revisionOf), [101, 102, 103, 104, 105, 106, 107, 108, 109, 110])
  t.strictSame(
    b2.handed.map(revisionOf),
    Array.from({ length: 80 }, (_, at) => 31 + at),
  )
  t.strictSame(b2.handed[0], entryOf(31), 'byte for byte')
  t.strictSame(again.outbox.account(0), { recovered: 0, dropped: 0, waiting: 0 })
  t.strictSame(again.outbox.account(1), { recovered: 70, dropped: 0, waiting: 0 })
  t.equal(again.outbox.outstanding(again.lane), 80)
  t.equal(acknowledged(again), '30')
  b2.settle()
  t.equal(acknowledged(again), '100', 'as far as the other one is')
  a2.settle()
  t.equal(acknowledged(again), '110')
  t.strictSame(again.broken, [])
  await end(again)
})

t.test('segments', (t) => {
  t.test('are begun when one is full, and go when every required client has settled them', async (t) => {
    const log = await running({ segmentBytes: 64 * 1024 })
    for (let rv = 1; rv <= 200; rv += 1) {
      offer(log, rv, rv, 2000)
      if (rv % 10 === 0) await log.clock.advance(20)
    }
    await log.clock.advance(20)
    const files = segmentsOf(log.disk)
    t.equal(files.length, 7)
    for (const [path, { length }] of log.disk.files()) {
      if (path.endsWith('.wal')) t.ok(length < 64 * 1024 + 2500, `${path}: ${length}`)
    }
    t.equal(await log.metric('eventail_wal_segments'), 7)
    const onDisk = [...log.disk.files()].filter(([path]) => path.endsWith('.wal'))
    t.equal(
      await log.metric('eventail_wal_bytes'),
      onDisk.reduce((sum, [, { length }]) => sum + length, 0),
    )
    t.equal(await log.metric('eventail_wal_oldest_entry_timestamp_seconds'), 1_700_000_001)
    log.client.settle(log.client.held.slice(0, 120))
    await turns()
    const left = segmentsOf(log.disk)
    t.ok(left.length < 7, `${left.length} left`)
    t.strictSame(left, files.slice(-left.length), 'the oldest went')
    log.client.settle()
    await turns()
    t.equal(segmentsOf(log.disk).length, 1, 'the one that is written stays')
    t.equal(await log.metric('eventail_wal_oldest_entry_timestamp_seconds'), 0)
    await end(log)
  })

  t.test('go on disk only after the cursors that make them dispensable', async (t) => {
    const operations: string[] = []
    const fault: Fault = (operation, path) => {
      operations.push(`${operation} ${path.slice(DIRECTORY.length + 1)}`)
      return null
    }
    const log = await running({ fault })
    for (let rv = 1; rv <= 100; rv += 1) {
      offer(log, rv, rv, 2000)
      if (rv % 10 === 0) await log.clock.advance(20)
    }
    await log.clock.advance(1500)
    operations.length = 0
    log.client.settle()
    await turns(20)
    const removed = operations.findIndex((one) => one.startsWith('remove 0'))
    t.ok(removed > 0)
    t.ok(operations.slice(0, removed).includes('rename cursors.json.tmp'), operations.slice(0, removed + 1).join(', '))
    // Killed within the second in which cursors are saved now and then.
    log.disk.crash(NO_LOSS)
    const again = await running({ torn: log.disk })
    t.equal(await again.metric('eventail_wal_records_corrupt_total'), 0, 'what was removed is not taken for lost')
    t.equal(again.outbox.resume(again.lane)?.watched, '100')
    await end(again)
  })

  t.test('of which one could not be removed are no damage at the next start', async (t) => {
    let refuses = true
    const fault: Fault = (operation, path) =>
      refuses && operation === 'remove' && path.endsWith('2.wal') ? diskError('EACCES') : null
    const spare = heldClient('spare', 1)
    const log = await running({ fault, clients: [heldClient('loki'), spare], optional: ['spare'] })
    for (let rv = 1; rv <= 200; rv += 1) {
      offer(log, rv, rv, 2000)
      if (rv % 10 === 0) await log.clock.advance(20)
    }
    log.client.settle()
    for (let n = 0; n < 200; n += 1) {
      spare.settle()
      await turns(1)
    }
    await log.clock.advance(1000)
    t.match(log.logged.join(''), /segment cannot be removed.*segment=2 why="permission denied"/)
    t.strictSame(segmentsOf(log.disk).length, 2)
    log.disk.crash(NO_LOSS)
    refuses = false
    const [main, late] = [heldClient('loki', 1), heldClient('new')]
    const again = await running({ torn: log.disk, clients: [main, late] })
    t.equal(await again.metric('eventail_wal_records_corrupt_total'), 0)
    t.equal(again.outbox.resume(again.lane)?.watched, '200')
    offer(again, 201, 400)
    for (let n = 0; n < 400; n += 1) {
      main.settle()
      late.settle()
      await again.clock.advance(1)
    }
    t.strictSame(again.broken, [])
    t.strictSame(segmentsOf(log.disk).length, 1)
    await end(again)
  })

  t.test('begin with all that must be known, and claim nothing that stands behind them', async (t) => {
    const log = await running()
    offer(log, 1, 33, 2000)
    await log.clock.advance(50)
    t.equal(segmentsOf(log.disk).length, 2)
    const second = `${DIRECTORY}/0000000002.wal`
    const whole = log.disk.files().get(second) ?? Buffer.alloc(0)
    for (let size = 0; size < 700; size += 1) {
      const torn = log.disk.copy()
      torn.put(second, whole.subarray(0, size))
      const again = await running({ torn })
      const { recovered } = again.outbox.account(0)
      if (Number(again.outbox.resume(again.lane)?.watched) !== recovered) {
        t.fail(`cut at ${size}: ${recovered} entries, and the position ${again.outbox.resume(again.lane)?.watched}`)
        break
      }
      await end(again)
    }
    t.pass('the position is that of the last entry')
  })

  t.test('that were created and never written are passed over', async (t) => {
    const log = await running()
    offer(log, 1, 20)
    await log.clock.advance(50)
    log.disk.crash(NO_LOSS)
    log.disk.put(`${DIRECTORY}/0000000002.wal`, Buffer.alloc(0))
    log.disk.put(`${DIRECTORY}/0000000003.wal`, Buffer.from('eventail-w'))
    const client = heldClient('loki', 7)
    const again = await running({ torn: log.disk, clients: [client] })
    for (let rv = 21; rv <= 5000; rv += 1) {
      offer(again, rv, rv, 1000)
      if (rv % 300 === 0) await again.clock.advance(20)
    }
    for (let n = 0; client.handed.length < 5000 && n < 5000 && again.broken.length === 0; n += 1) {
      client.settle()
      await turns(1)
    }
    t.strictSame(again.broken, [])
    t.equal(client.handed.length, 5000)
    t.ok(client.handed.every((entry, at) => revisionOf(entry) === at + 1))
    await end(again)
  })
  t.end()
})

t.test('a client that is only a little slower than the source is waited for', async (t) => {
  const log = await running({ clients: [heldClient('loki', 10)] })
  const { outbox, clock, client } = log
  const waited = (): { readonly isOver: () => boolean } => {
    let over = false
    void outbox.room(new AbortController().signal).then(() => {
      over = true
    })
    return { isOver: () => over }
  }
  offer(log, 1, 12)
  t.equal(outbox.hasRoom(), false, 'two wait behind its queue')
  const first = waited()
  await clock.advance(4000)
  t.equal(first.isOver(), false)
  client.settle()
  await clock.advance(100)
  t.equal(first.isOver(), true, 'it was handed everything, and has room')
  t.equal(outbox.hasRoom(), true)

  offer(log, 13, 30)
  const second = waited()
  await clock.advance(4999)
  t.equal(second.isOver(), false)
  await clock.advance(1)
  t.equal(second.isOver(), true, 'five seconds are enough: from now on entries wait on disk')
  offer(log, 31, 2000)
  t.equal(outbox.hasRoom(), true)
  client.settle(client.held.slice(0, 5))
  await clock.advance(10_000)
  t.equal(outbox.hasRoom(), true, 'as long as it has not caught up')

  while (client.handed.length < 2000) {
    client.settle()
    await clock.advance(100)
  }
  client.settle()
  await clock.advance(100)
  t.strictSame(
    client.handed.map(revisionOf),
    Array.from({ length: 2000 }, (_, n) => n + 1),
  )
  t.equal(outbox.hasRoom(), true, 'it has caught up')
  offer(log, 2001, 2012)
  t.equal(outbox.hasRoom(), false, 'then it is waited for again')
  await end(log)
})
