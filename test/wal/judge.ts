import t from 'tap'
import type { Cursor } from '../../src/kube/cursor.ts'
import { heldClient } from '../fixtures/held-client.ts'
import { NO_LOSS, TornDisk } from '../fixtures/torn-disk.ts'
import {
  DIRECTORY,
  end,
  jobScope,
  offer,
  openLife,
  positionAt,
  revisionOf,
  type Running,
  running,
  savedNow,
  segmentsOf,
  turns,
} from '../fixtures/wal-life.ts'

/** A log in which 1 to 100 wait, 1 to 40 of them settled, and its checkpoint. */
const leftBehind = async (settled = 40): Promise<Running & { readonly saved: Cursor }> => {
  const log = await running()
  offer(log, 1, 100)
  await log.clock.advance(100)
  log.client.settle(log.client.held.slice(0, settled))
  await log.clock.advance(1500)
  const saved = savedNow(log, [log.lane])
  log.disk.crash(NO_LOSS)
  return { ...log, saved }
}

const asideIn = (disk: TornDisk): readonly string[] =>
  [...new Set([...disk.files().keys()].flatMap((path) => /set-aside-[^/]+/.exec(path) ?? []))].sort()

t.test('a log is used only if it is the very one that the checkpoint was written beside', (t) => {
  const other = { ...positionAt(40) }
  const aside = async (
    saved: Cursor,
    torn: TornDisk,
    reason: string,
  ): Promise<{ readonly log: Running; readonly resumed: string | undefined }> => {
    const jobs = [{ scope: saved.scope, saved }]
    const log = await running({ torn, jobs })
    const resumed = log.outbox.resume(log.lane)?.watched
    t.ok(log.isNew, 'a new log is begun')
    t.equal(log.client.handed.length, 0)
    t.equal(await log.metric('eventail_wal_set_aside_total', reason), 1)
    t.match(log.logged.join(''), `reason=${reason}`)
    return { log, resumed }
  }

  t.test('that one is', async (t) => {
    const { disk, saved } = await leftBehind()
    const log = await running({ torn: disk, jobs: [{ scope: jobScope(), saved }] })
    t.notOk(log.isNew)
    t.equal(log.outbox.resume(log.lane)?.watched, '100')
    t.equal(log.client.handed.length, 60)
    t.equal(log.outbox.mark().id, saved.wal?.id)
    t.equal(await log.metric('eventail_wal_set_aside_total'), 0)
    await end(log)
  })

  t.test('and another one is put aside whole: the start goes on from what was acknowledged', async (t) => {
    const { disk, saved } = await leftBehind()
    const before = disk.files()
    const stranger: Cursor = { ...saved, wal: { id: '00000000-0000-4000-8000-000000000000', acknowledgedIndex: 3 } }
    const { log, resumed } = await aside(stranger, disk, 'another_id')
    t.equal(resumed, '40')
    t.strictSame(asideIn(disk), ['set-aside-another_id-1'])
    for (const name of ['0000000001.wal', 'wal.json', 'cursors.json']) {
      const moved = disk.files().get(`${DIRECTORY}/set-aside-another_id-1/${name}`)
      t.strictSame(moved, before.get(`${DIRECTORY}/${name}`), name)
    }
    offer(log, 41, 100)
    await log.clock.advance(1500)
    const next = savedNow(log, [log.lane])
    t.not(next.wal?.id, saved.wal?.id)
    disk.crash(NO_LOSS)
    const again = await running({ torn: disk, jobs: [{ scope: jobScope(), saved: next }] })
    t.equal(again.outbox.resume(again.lane)?.watched, '100', 'the new one is used from now on')
    t.equal(again.client.handed.length, 60)
    await end(again)
  })

  t.test('an older copy of it is put aside when the checkpoint knows of more', async (t) => {
    const { disk, saved } = await leftBehind()
    const copy = disk.copy()
    const log = await running({ torn: disk, jobs: [{ scope: jobScope(), saved }] })
    offer(log, 101, 200)
    await log.clock.advance(100)
    log.client.settle()
    await log.clock.advance(100)
    const newer = savedNow(log, [log.lane])
    t.equal(newer.wal?.acknowledgedIndex, 200)
    const { log: later, resumed } = await aside(newer, copy, 'older')
    t.equal(resumed, '200')
    await end(later)
  })

  t.test('an older copy that holds all that is not acknowledged is used', async (t) => {
    const { disk, saved } = await leftBehind()
    const copy = disk.copy()
    const log = await running({ torn: disk, jobs: [{ scope: jobScope(), saved }] })
    offer(log, 101, 200)
    await log.clock.advance(100)
    log.client.settle(log.client.held.slice(0, 10))
    const newer = savedNow(log, [log.lane])
    const again = await running({ torn: copy, jobs: [{ scope: jobScope(), saved: newer }] })
    t.equal(again.outbox.resume(again.lane)?.watched, '100', 'the rest is read again')
    t.strictSame(again.client.handed.map(revisionOf)[0], 51)
    await end(again)
  })

  t.test('one that the checkpoint does not know is put aside', async (t) => {
    const { disk, saved } = await leftBehind()
    const { scope, positions, streams, oldestUnsettledMs, savedAtMs } = saved
    const unknowing = { scope, positions, streams, oldestUnsettledMs, savedAtMs }
    const { log, resumed } = await aside(unknowing, disk, 'unconfirmed')
    t.equal(resumed, '40')
    await end(log)
  })

  t.test('one of another cluster is put aside, with and without a checkpoint', async (t) => {
    const { disk, saved } = await leftBehind()
    const copy = disk.copy()
    const scope = jobScope('events', 'cluster-2')
    const { log } = await aside({ ...saved, scope }, disk, 'another_scope')
    await end(log)
    const fresh = await running({ torn: copy, jobs: [{ scope, saved: null }] })
    t.equal(await fresh.metric('eventail_wal_set_aside_total', 'another_scope'), 1)
    t.equal(fresh.outbox.resume(fresh.lane), null)
    await end(fresh)
  })

  t.test('one without any checkpoint is used: what it holds is owed', async (t) => {
    const { disk } = await leftBehind()
    const log = await running({ torn: disk, jobs: [{ scope: jobScope(), saved: null }] })
    t.equal(log.outbox.resume(log.lane)?.watched, '100')
    t.equal(log.client.handed.length, 60)
    await end(log)
  })

  t.test('one in which nothing waits is removed instead', async (t) => {
    const { disk, saved } = await leftBehind(100)
    const { log } = await aside({ ...saved, wal: { id: 'another', acknowledgedIndex: 1 } }, disk, 'another_id')
    t.strictSame(asideIn(disk), [])
    t.match(log.logged.join(''), /nothing in it waits/)
    await end(log)
  })

  t.test('one that vanished is missed, once', async (t) => {
    const { saved } = await leftBehind()
    const torn = new TornDisk()
    const log = await running({ torn, jobs: [{ scope: jobScope(), saved }] })
    t.ok(log.isNew)
    t.equal(log.outbox.resume(log.lane)?.watched, '40')
    t.equal(await log.metric('eventail_wal_missing_total'), 1)
    t.match(log.logged.join(''), new RegExp(`log of the checkpoint is not here.*id=${saved.wal?.id ?? 'none'}`))
    await log.clock.advance(100)
    const next = savedNow(log, [log.lane])
    await end(log)
    const again = await running({ torn, jobs: [{ scope: jobScope(), saved: next }] })
    t.equal(await again.metric('eventail_wal_missing_total'), 0)
    await end(again)
  })

  t.test('it is one checkpoint that counts where another job was away for longer', async (t) => {
    const { disk, saved } = await leftBehind()
    const away: Cursor = {
      ...saved,
      scope: jobScope('audit'),
      positions: { '*': other },
      wal: { id: 'old', acknowledgedIndex: 900 },
    }
    const jobs = [
      { scope: jobScope(), saved },
      { scope: jobScope('audit'), saved: away },
    ]
    const log = await running({ torn: disk, jobs })
    t.equal(await log.metric('eventail_wal_set_aside_total'), 0)
    t.equal(log.outbox.resume(log.lane)?.watched, '100')
    await end(log)
  })

  t.test('one that tells nothing of itself is put aside as unreadable; others go by numbers', async (t) => {
    const torn = new TornDisk()
    for (const n of [1, 2]) {
      torn.put(`${DIRECTORY}/0000000001.wal`, Buffer.from('nothing that this program wrote'))
      torn.put(`${DIRECTORY}/wal.json`, Buffer.from('{"id":"../../etc"}'))
      const log = await running({ torn, jobs: [{ scope: jobScope(), saved: null }] })
      t.equal(await log.metric('eventail_wal_set_aside_total', 'unreadable'), 1)
      t.equal(asideIn(torn).length, n)
      await end(log)
      for (const path of segmentsOf(torn)) torn.drop(path)
    }
    t.strictSame(asideIn(torn), ['set-aside-unreadable-1', 'set-aside-unreadable-2'])
  })

  t.test('whose own file is lost is known by its segments', async (t) => {
    for (const text of [null, '', '{', '{"id":7}', 'null']) {
      const { disk, saved } = await leftBehind()
      if (text === null) disk.drop(`${DIRECTORY}/wal.json`)
      else disk.put(`${DIRECTORY}/wal.json`, Buffer.from(text))
      const log = await running({ torn: disk, jobs: [{ scope: jobScope(), saved }] })
      t.equal(log.client.handed.length, 60, String(text))
      t.match(disk.files().get(`${DIRECTORY}/wal.json`)?.toString(), saved.wal?.id)
      await end(log)
    }
  })

  t.test('put aside half way, it is put aside wholly at the next start', async (t) => {
    const { disk: whole, saved } = await leftBehind()
    const stranger: Cursor = { ...saved, wal: { id: 'another', acknowledgedIndex: 3 } }
    for (let dieAt = 1; dieAt < 30; dieAt += 1) {
      const torn = whole.copy()
      const disk = torn.mount({ dieAt })
      await openLife({
        disk,
        clients: [heldClient('loki')],
        jobs: [{ scope: jobScope(), saved: stranger }],
        isDead: disk.isDead,
      })
      torn.crash(NO_LOSS)
      const log = await running({ torn, jobs: [{ scope: jobScope(), saved: stranger }] })
      const kept = [...torn.files()].filter(([path]) => /set-aside.*\.wal$/.test(path))
      if (kept.length !== 1 || log.client.handed.length > 0) t.fail(`killed at ${dieAt}: ${kept.length} kept`)
      await end(log)
    }
    t.pass('the old one is kept, once, and never used')
  })

  t.test('what is not its own lies there untouched, and is reported', async (t) => {
    const { disk, saved } = await leftBehind()
    disk.put(`${DIRECTORY}/notes.txt`, Buffer.from('mine'))
    disk.put(`${DIRECTORY}/1.wal`, Buffer.from('mine too'))
    disk.put(`${DIRECTORY}/lost+found`, Buffer.from(''))
    const log = await running({ torn: disk, jobs: [{ scope: jobScope(), saved }] })
    t.match(log.logged.join(''), /not its own.*files=2 names="(notes.txt, 1.wal|1.wal, notes.txt)"/)
    t.equal(disk.files().get(`${DIRECTORY}/1.wal`)?.toString(), 'mine too')
    await turns()
    await end(log)
  })
  t.end()
})
