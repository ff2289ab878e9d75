import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { type Disk, readText, realDisk, replaceText } from '../../src/wal/disk.ts'
import {
  BEAT_MS,
  type DirectoryLock,
  FOREIGN_PATIENCE_MS,
  lockDirectory,
  type LockOutcome,
  type LockParts,
} from '../../src/wal/lock.ts'
import { realProcesses } from '../../src/wal/owner.ts'
import { handClock, type HandClock } from '../fixtures/clock.ts'
import { diskError, NO_LOSS, TornDisk } from '../fixtures/torn-disk.ts'
import { randomOf } from '../fixtures/random.ts'
import { DIRECTORY, lifeNumber, turns, whileWaiting } from '../fixtures/wal-life.ts'

const LOCK = `${DIRECTORY}/lock`

t.test('the lock of a directory', (t) => {
  type Asking = Partial<LockParts> & { readonly torn: TornDisk; readonly clock?: HandClock }

  const ask = async ({ torn, clock = handClock(), ...parts }: Asking): Promise<LockOutcome> => {
    const disk = torn.mount()
    await disk.makeDirectory(DIRECTORY)
    const outcome = await whileWaiting(
      clock,
      lockDirectory({
        ...{ disk, directory: DIRECTORY, clock, processes: lifeNumber(1), onLost: () => undefined },
        signal: new AbortController().signal,
        ...parts,
      }),
    )
    if (outcome === null) throw new Error('nobody died')
    return outcome
  }
  const held = (outcome: LockOutcome): DirectoryLock => {
    if (outcome.kind !== 'held') throw new Error(JSON.stringify(outcome))
    return outcome.lock
  }
  const alive = (pid: number, host = 'node-1'): LockParts['processes'] => ({
    ...lifeNumber(pid, host),
    isAlive: () => true,
  })

  t.test('is held by one process of a host at a time, and free after its release', async (t) => {
    const torn = new TornDisk()
    const lock = held(await ask({ torn, processes: alive(1) }))
    t.strictSame(await ask({ torn, processes: alive(2) }), {
      kind: 'refused',
      why: `${DIRECTORY} is in use by process 1 on node-1`,
    })
    await lock.release()
    t.notOk(torn.files().has(LOCK))
    await held(await ask({ torn, processes: alive(2) })).release()
  })

  t.test('of a process of this host that has ended is taken at once', async (t) => {
    const torn = new TornDisk()
    held(await ask({ torn }))
    torn.crash(NO_LOSS)
    const clock = handClock()
    const disk = torn.mount()
    const parts = { disk, directory: DIRECTORY, clock, processes: lifeNumber(2), onLost: () => undefined }
    const outcome = await lockDirectory({ ...parts, signal: new AbortController().signal })
    t.equal(outcome.kind, 'held', 'the clock stood still')
    await held(outcome).release()
  })

  t.test('of another host is watched for 12 s: refused when it beats, taken when it does not', async (t) => {
    const torn = new TornDisk()
    const clock = handClock()
    held(await ask({ torn, clock, processes: lifeNumber(7, 'node-7') }))
    const refused = await ask({ torn, clock })
    t.strictSame(refused, { kind: 'refused', why: `${DIRECTORY} is in use by process 7 on node-7` })
    torn.crash(NO_LOSS)
    const later = handClock()
    const disk = torn.mount()
    const asked = lockDirectory({
      ...{ disk, directory: DIRECTORY, clock: later, processes: lifeNumber(1), onLost: () => undefined },
      signal: new AbortController().signal,
    })
    await later.advance(FOREIGN_PATIENCE_MS - 1500)
    t.ok(torn.files().get(LOCK)?.includes('node-7'), 'not before its time')
    await later.advance(2000)
    await held(await asked).release()
  })

  t.test('that is empty or makes no sense is taken after a second', async (t) => {
    for (const text of ['', '{', 'null', '[]', '{"pid":"1","host":"a","started":""}', 'x'.repeat(5000)]) {
      const torn = new TornDisk()
      torn.put(LOCK, Buffer.from(text))
      await held(await ask({ torn })).release()
      t.notOk(torn.files().has(LOCK), text.slice(0, 40))
    }
  })

  t.test('is asked for in vain without a word when the agent is stopped meanwhile', async (t) => {
    const torn = new TornDisk()
    held(await ask({ torn, processes: lifeNumber(7, 'node-7') }))
    torn.crash(NO_LOSS)
    t.strictSame(await ask({ torn, signal: AbortSignal.abort() }), { kind: 'aborted' })
    t.ok(torn.files().has(LOCK))
  })

  t.test('that another process took is noticed at the next beat, and left to it', async (t) => {
    const torn = new TornDisk()
    const clock = handClock()
    const lost: string[] = []
    const lock = held(await ask({ torn, clock, onLost: (why) => lost.push(why) }))
    const beats = (): string | undefined => torn.files().get(LOCK)?.toString()
    const before = beats()
    await clock.advance(BEAT_MS)
    t.not(beats(), before, 'it beats')
    const other = `${JSON.stringify({ pid: 9, host: 'node-9', started: '' })}\n`
    torn.put(LOCK, Buffer.from(other))
    await clock.advance(BEAT_MS)
    t.strictSame(lost, [`${DIRECTORY} was taken by another process`])
    await lock.release()
    t.equal(torn.files().get(LOCK)?.toString(), other)
  })

  t.test('is taken by one of several that find it stale at the same moment', async (t) => {
    for (let seed = 0; seed < 60; seed += 1) {
      const torn = new TornDisk()
      const random = randomOf(seed)
      await torn.mount().makeDirectory(DIRECTORY)
      torn.put(LOCK, Buffer.from(`${JSON.stringify({ pid: 99, host: 'node-1', started: '' })}\n`))
      const outcomes = await Promise.all(
        [1, 2].map((pid) => {
          const real = torn.mount()
          const disk: Disk = {
            ...real,
            rename: async (from, to) => {
              await turns(Math.floor(random() * 6))
              await real.rename(from, to)
            },
          }
          const processes = { ...lifeNumber(pid), isAlive: (owner: { pid: number }) => owner.pid !== 99 }
          return ask({ torn, disk, processes })
        }),
      )
      t.equal(
        outcomes.filter(({ kind }) => kind === 'held').length,
        1,
        JSON.stringify(outcomes.map(({ kind }) => kind)),
      )
      for (const outcome of outcomes) if (outcome.kind === 'held') await outcome.lock.release()
    }
  })

  t.test('survives a disk that refuses a beat or its removal', async (t) => {
    const torn = new TornDisk()
    const clock = handClock()
    let refuses = false
    const lost: string[] = []
    const disk = torn.mount({ fault: () => (refuses ? diskError('EIO') : null) })
    const lock = held(await ask({ torn, clock, disk, onLost: (why) => lost.push(why) }))
    refuses = true
    await clock.advance(3 * BEAT_MS)
    await lock.release()
    t.strictSame(lost, [])
  })

  t.test('on a real disk keeps a live process out and lets a dead one be followed', async (t) => {
    const directory = t.testdir({})
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
    const pid = child.pid ?? 0
    const real = realProcesses()
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19] ?? ''
    const started = `${stat}@${real.self.started.split('@')[1] ?? ''}`
    const owner = { pid, host: hostname(), started }
    writeFileSync(join(directory, 'lock'), `${JSON.stringify(owner)}\n`)
    const parts = { disk: realDisk, directory, clock: systemClock, processes: real, onLost: () => undefined }
    const { signal } = new AbortController()
    t.match(await lockDirectory({ ...parts, signal }), { kind: 'refused', why: `in use by process ${pid} on` })
    t.notOk(real.isAlive({ ...owner, started: `1${started}` }), 'another process with the same number is not it')
    child.stdin.end()
    await once(child, 'exit')
    const lock = held(await lockDirectory({ ...parts, signal }))
    t.match(await lockDirectory({ ...parts, signal }), { kind: 'refused', why: `in use by process ${process.pid}` })
    await lock.release()
    t.notOk(existsSync(join(directory, 'lock')))
  })
  t.end()
})

t.test('files on a real disk', (t) => {
  t.test("are their user's alone, and no link is followed", async (t) => {
    const root = t.testdir({ precious: 'keep' })
    const directory = join(root, 'a', 'wal')
    await realDisk.makeDirectory(directory)
    t.equal(statSync(directory).mode & 0o777, 0o700)
    const file = await realDisk.create(join(directory, 'segment'))
    t.equal(statSync(join(directory, 'segment')).mode & 0o777, 0o600)
    await file.write(Buffer.from('0123456789'), 0)
    await file.write(Buffer.from('abc'), 3)
    await file.sync()
    const read = Buffer.alloc(20)
    t.equal(await file.read(read, 2), 8, 'as much as there is')
    t.equal(read.toString('latin1', 0, 8), '2abc6789')
    await file.truncate(4)
    t.equal(await file.size(), 4)
    await file.close()
    await file.close()
    t.pass('a second close is nothing')
    symlinkSync(join(root, 'precious'), join(directory, 'link'))
    for (const open of ['create', 'openToWrite', 'openToRead', 'createExclusively'] as const) {
      await t.rejects(realDisk[open](join(directory, 'link')), open)
    }
    t.equal(readFileSync(join(root, 'precious'), 'utf8'), 'keep')
    await t.rejects(realDisk.createExclusively(join(directory, 'segment')), { code: 'EEXIST' })
    await t.rejects(realDisk.syncDirectory(join(directory, 'nothing')), { code: 'ENOENT' })
  })

  t.test('are replaced whole', async (t) => {
    const root = t.testdir({})
    const path = join(root, 'text')
    t.equal(await readText(realDisk, path, 100), null)
    await replaceText(realDisk, path, 'first, and long')
    await replaceText(realDisk, path, 'second')
    t.equal(await readText(realDisk, path, 100), 'second')
    t.equal(await readText(realDisk, path, 5), null, 'longer than expected')
    mkdirSync(join(root, 'directory'))
    await t.rejects(readText(realDisk, join(root, 'directory'), 1_000_000), { code: 'EISDIR' })
  })
  t.end()
})
