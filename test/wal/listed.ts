import t from 'tap'
import { owedRules } from '../../src/kube/owed.ts'
import type { ScopePosition } from '../../src/kube/position.ts'
import { MAX_LISTED } from '../../src/wal/listed-items.ts'
import { heldClient } from '../fixtures/held-client.ts'
import {
  DIRECTORY,
  entryOf,
  jobScope,
  positionAt,
  type Running,
  running,
  savedNow,
  segmentsOf,
} from '../fixtures/wal-life.ts'
import { NO_LOSS } from '../fixtures/torn-disk.ts'

/*
 * Items of a page whose entries could not be made again as they were: after a crash the page is listed again, and what
 * the log has of it must be known.
 */

const owing: ScopePosition = { ...positionAt(1000), pending: [{ after: '0', upTo: '1000', notBeforeMs: null }] }
const begun = owedRules.passBegun(owing)
const pageRead = (position: ScopePosition, continueToken: string | null): ScopePosition =>
  owedRules.pageRead(position, { continueToken, resourceVersion: '1000', emitted: 10 })

const list = ({ outbox, lane }: Running, from: number, to: number, position = begun): void => {
  for (let rv = from; rv <= to; rv += 1) outbox.offer(lane, entryOf(rv), position, String(rv))
}

const known = ({ outbox, lane }: Pick<Running, 'outbox' | 'lane'>, from: number, to: number): number => {
  let count = 0
  for (let rv = from; rv <= to; rv += 1) if (outbox.isListed(lane, String(rv))) count += 1
  return count
}

/** The machine is killed, everything written stays; the agent starts again with the checkpoint it had. */
const afterKill = async (log: Running): Promise<Running> => {
  await log.clock.advance(2000)
  const saved = savedNow(log, [log.lane])
  log.disk.crash(NO_LOSS)
  return running({ torn: log.disk, jobs: [{ scope: jobScope(), saved }] })
}

t.test('what was listed of a page that is not done is known after a kill, and after the next', async (t) => {
  const log = await running()
  log.outbox.moved(log.lane, begun)
  list(log, 1, 10)
  for (let rv = 1001; rv <= 1003; rv += 1) {
    log.outbox.offer(log.lane, entryOf(rv), { ...begun, watched: String(rv) })
  }
  t.equal(known(log, 1, 20), 10)
  const again = await afterKill(log)
  t.equal(known(again, 1, 20), 10)
  t.notOk(again.outbox.isListed(again.lane, '1001'), 'what the watch gave is not owed')
  list(again, 11, 15, { ...begun, watched: '1003' })
  const third = await afterKill(again)
  t.equal(known(third, 1, 20), 15)
})

t.test('of a page that is done nothing is kept', async (t) => {
  const log = await running()
  list(log, 1, 10)
  log.outbox.moved(log.lane, pageRead(begun, 'two'))
  await log.clock.advance(2000)
  t.equal(known(log, 1, 10), 0)
  const second = pageRead(begun, 'two')
  list(log, 11, 20, second)
  t.equal(known(await afterKill(log), 1, 30), 10)
})

t.test('a token that expired does not make another page of it; a restored store does', async (t) => {
  const log = await running()
  const second = pageRead(begun, 'two')
  list(log, 11, 20, second)
  log.outbox.moved(log.lane, owedRules.tokenExpired(second, 'three'))
  const again = await afterKill(log)
  t.equal(known(again, 11, 20), 10)
  again.outbox.moved(again.lane, owedRules.restored(second, '500'))
  t.equal(known(await afterKill(again), 11, 20), 0)
})

t.test('a segment that was deleted takes nothing of it along', async (t) => {
  const client = heldClient('loki')
  const log = await running({ clients: [client] })
  list(log, 1, 10)
  for (let rv = 1001; rv < 4000; rv += 100) {
    for (let n = rv; n < rv + 100; n += 1)
      log.outbox.offer(log.lane, entryOf(n, '*', 100), { ...begun, watched: String(n) })
    await log.clock.advance(100)
    client.settle()
    await log.clock.advance(100)
  }
  await log.clock.advance(10_000)
  t.notOk(segmentsOf(log.disk).includes(`${DIRECTORY}/00000001.wal`), segmentsOf(log.disk).join())
  t.equal(known(await afterKill(log), 1, 20), 10)
})

t.test('where the log does not tell the position, nothing is known', async (t) => {
  const log = await running()
  list(log, 1, 10)
  await log.clock.advance(2000)
  const [path = ''] = segmentsOf(log.disk)
  const bytes = log.disk.files().get(path)
  t.ok(bytes !== undefined && bytes.length > 1500)
  const saved = savedNow(log, [log.lane])
  log.disk.crash(NO_LOSS)
  log.disk.put(path, Buffer.from(bytes ?? []).fill(0, 1000, 1050))
  const again = await running({ torn: log.disk, jobs: [{ scope: jobScope(), saved }] })
  t.equal(known(again, 1, 20), 0)
})

t.test('no more than two pages are remembered', async (t) => {
  const log = await running()
  list(log, 1, MAX_LISTED + 50)
  t.equal(known(log, 1, MAX_LISTED + 50), MAX_LISTED)
})
