import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as afterIo } from 'node:timers/promises'
import { Registry } from 'prom-client'
import t, { type Test as Tap } from 'tap'
import { parseArgv } from '../../src/cli/argv.ts'
import { walInspect, type WalInspectFlags } from '../../src/cli/wal-inspect.ts'
import { systemClock } from '../../src/clock.ts'
import type { Entry } from '../../src/entry/entry.ts'
import type { ScopePosition } from '../../src/kube/position.ts'
import { silentLog } from '../../src/log.ts'
import type { LokiClient } from '../../src/loki/loki-client.ts'
import type { Lane } from '../../src/outbox.ts'
import { type Disk, realDisk } from '../../src/wal/disk.ts'
import { openWal } from '../../src/wal/open-wal.ts'
import { realProcesses } from '../../src/wal/owner.ts'
import type { WalOutbox } from '../../src/wal/wal-outbox.ts'
import { startAgentProcess } from '../fixtures/agent-process.ts'
import { entryAt } from '../fixtures/loki-client.ts'

const START_MS = Date.UTC(2026, 10, 23, 22, 0, 0)
const SCOPE = { cluster: 'c', job: 'events', namespaces: ['*'], fieldSelector: '', labelSelector: '' }

const at = (watched: number): ScopePosition => ({ epoch: 0, watched: String(watched), active: null, pending: [] })

type Taken = { readonly entry: Entry; readonly sequence: number }

/** A client that takes everything and settles nothing by itself. */
const idleClient = (name: string): LokiClient & { readonly taken: Taken[] } => {
  const taken: Taken[] = []
  return {
    name,
    required: true,
    taken,
    offer: (entry, sequence) => {
      taken.push({ entry, sequence })
    },
    hasRoom: () => true,
    room: () => Promise.resolve(),
    start: () => undefined,
    pushAlone: () => Promise.resolve({ kind: 'sent' }),
    drain: () => Promise.resolve(0),
    queued: () => taken.length,
    readiness: () => ({ ready: true, why: '' }),
  }
}

type Writer = {
  readonly directory: string
  readonly outbox: WalOutbox
  /** Appends entries whose lines are these, the first at `from`, and waits until they are on disk. */
  readonly write: (lines: readonly string[], from: number) => Promise<void>
  /** `main` settles its first `n` entries, `other` none. */
  readonly settle: (n: number) => void
}

/** A log at work, with two clients: `main`, which is required, and `other`, which is not. */
const writer = async (directory: string, segmentBytes = 64 * 1024): Promise<Writer> => {
  const main = idleClient('main')
  const opened = await openWal({
    options: { directory, maxBytes: 16 * 1024 * 1024, segmentBytes, fsync: false },
    jobs: [{ scope: SCOPE, saved: null }],
    sinks: [
      { client: main, required: true },
      { client: idleClient('other'), required: false },
    ],
    clock: systemClock,
    log: silentLog,
    registry: new Registry(),
    signal: new AbortController().signal,
    onDropped: () => undefined,
    onBroken: (why) => {
      throw new Error(why)
    },
  })
  if (opened.kind !== 'open') throw new Error(opened.kind)
  const { outbox } = opened
  const lane: Lane = outbox.openLane('events', '*', null)
  outbox.start()
  let index = 0
  return {
    directory,
    outbox,
    write: async (lines, from) => {
      for (const [n, line] of lines.entries()) {
        const entry = { ...entryAt(START_MS + (from + n) * 1000, line), metadata: [['reason', 'BackOff']] as const }
        outbox.offer(lane, entry, at(100 + from + n))
        index += 1
      }
      while ((await reads(directory)).index < index) await afterIo()
    },
    settle: (n) => {
      for (const { sequence } of main.taken.splice(0, n)) outbox.settle(0, sequence)
    },
  }
}

type Printed = { readonly code: number; readonly out: string; readonly err: string }

const inspect = async (flags: Partial<WalInspectFlags> & { directory: string }, disk = realDisk): Promise<Printed> => {
  const texts = { out: '', err: '' }
  const output = {
    out: (text: string): void => {
      texts.out += text
    },
    err: (text: string): void => {
      texts.err += text
    },
  }
  const code = await walInspect({ entries: 0, format: 'table', ...flags }, { disk, processes: realProcesses(), output })
  return { code, ...texts }
}

type Json = Readonly<Record<string, unknown>> & { readonly index: number }

const reads = async (directory: string, entries = 0): Promise<Json> =>
  JSON.parse((await inspect({ directory, entries, format: 'json' })).out) as Json

/** Everything in a directory that a reader could have changed. */
const state = (directory: string): unknown =>
  readdirSync(directory)
    .filter((name) => name !== 'lock')
    .map((name) => [name, statSync(join(directory, name)).mtimeMs, readFileSync(join(directory, name), 'latin1')])

const segments = (directory: string): readonly string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.wal'))

/** A log of ten entries that nobody is at work in. */
const closedLog = async (t: Tap, lines?: readonly string[]): Promise<string> => {
  const log = await writer(join(t.testdir(), 'wal'))
  await log.write(lines ?? Array.from({ length: 10 }, (_, n) => `line ${n}`), 0)
  await log.outbox.close()
  return log.directory
}

t.test('a log at work is shown as it is, and nothing in it is touched', async (t) => {
  const log = await writer(join(t.testdir(), 'wal'))
  const { directory } = log
  await log.write(
    Array.from({ length: 10 }, (_, n) => `line ${n}`),
    0,
  )
  log.settle(4)
  while (!/main +yes +4 +6/.test((await inspect({ directory })).out)) await afterIo()
  const before = state(directory)
  const { code, out, err } = await inspect({ directory, entries: 2 })
  t.strictSame(state(directory), before)
  t.equal(code, 0)
  t.equal(err, '')
  t.match(
    out,
    new RegExp(`^directory {2}${directory}\nid {9}[0-9a-f-]{36}\nholder {5}process ${process.pid} on .* has it\n`),
  )
  t.match(out, /\nsegments {3}1, \d+ bytes, newest record 10\n/)
  t.match(out, /\nentries {4}10, from 2026-11-23T22:00:00Z to 2026-11-23T22:00:09Z\n/)
  t.match(out, /\ncursors {4}saved 20\S+Z\n/)
  t.match(out, /\n0000000001\.wal {2}\d+ +10 +2026-11-23T22:00:00Z {2}2026-11-23T22:00:09Z\n/)
  t.match(out, /\nevents +\* +109 +0 +0\n/)
  t.match(out, /\nmain +yes +4 +6\nother +no +0 +10\n/)
  t.match(out, /\n2026-11-23T22:00:00Z\t\{job="test"\}\treason="BackOff"\tline 0\n2026\S+:01Z\t.*\tline 1\n$/)

  const json = await reads(directory, 100)
  t.match(json, {
    sound: true,
    index: 10,
    entries: 10,
    oldest: '2026-11-23T22:00:00Z',
    lanes: [{ job: 'events', scope: '*', cluster: 'c', spooled: at(109), isDoubtful: false }],
    clients: [
      { name: 'main', required: true, index: 4, waiting: 6 },
      { name: 'other', required: false, index: 0, waiting: 10 },
    ],
    holder: { owner: { pid: process.pid }, isAlive: true },
    damages: [],
  })
  t.strictSame(
    (json['waitingEntries'] as { readonly line: string; readonly index: number }[]).map(({ index, line }) => [
      index,
      line,
    ]),
    Array.from({ length: 10 }, (_, n) => [n + 1, `line ${n}`]),
  )
  await log.outbox.pause()
  await log.outbox.close()
  t.match((await inspect({ directory })).out, /\nholder {5}nobody has it\n/)
})

t.test('damage is told with segment, offset and reason, and what is sound around it is shown', async (t) => {
  const directory = await closedLog(t)
  const [name = ''] = segments(directory)
  const file = join(directory, name)
  const bytes = readFileSync(file)
  const place = bytes.indexOf('line 4')
  bytes[place] = 0
  writeFileSync(file, bytes)
  const { code, out } = await inspect({ directory, entries: 100 })
  t.equal(code, 1)
  const [, from = '', to = ''] = /\n0000000001\.wal {2}bytes (\d+) to (\d+) {2}no record\n/.exec(out) ?? []
  t.ok(Number(from) < place && place < Number(to), out)
  t.match(out, /\ndamaged: 1 records are missing\n/)
  t.match(out, /\nevents +\* +103 .* in doubt: something before it is missing\n/, 'nothing behind it is claimed')
  const shown = [...out.matchAll(/\tline (\d)$/gm)].map(([, n]) => n)
  t.strictSame(shown, ['0', '1', '2', '3', '5', '6', '7', '8', '9'])
  t.match(await reads(directory), { sound: false, lostRecords: 1, damages: [{ segment: 1, from: Number(from) }] })
})

t.test('a last write that was cut short is told, and is no damage', async (t) => {
  const directory = await closedLog(t)
  const file = join(directory, segments(directory)[0] ?? '')
  truncateSync(file, statSync(file).size - 3)
  const before = state(directory)
  const { code, out } = await inspect({ directory })
  t.equal(code, 0, out)
  t.match(out, /\n0000000001\.wal ends at byte \d+ in a record cut short\n/)
  t.strictSame(state(directory), before, 'it is not cut off')
})

t.test('text that anyone may have written moves no cursor and breaks no line', async (t) => {
  const hostile = 'a\u001b[2Jb\rc\u009bd\u202ee\ud83d\ude80f\u2028g\u0000h'
  const directory = await closedLog(t, [hostile])
  writeFileSync(join(directory, 'x\u001b[31m\nmain'), '')
  for (const format of ['table', 'json'] as const) {
    const { code, out } = await inspect({ directory, entries: 1, format })
    t.equal(code, 0)
    t.notMatch(out, /[^\P{C}\n\t]|[\u2028\u2029]/u, format)
    t.match(out, 'a\\u001b[2Jb')
  }
  t.match((await inspect({ directory })).out, '\nnot its own: x\\u001b[31m\\u000amain\n')
  const [entry] = (await reads(directory, 1))['waitingEntries'] as readonly { readonly line: string }[]
  t.equal(entry?.line, hostile, 'JSON says the same')
})

t.test('without cursors, with damaged ones, without identity', async (t) => {
  const directory = await closedLog(t)
  const cursors = join(directory, 'cursors.json')
  writeFileSync(cursors, readFileSync(cursors, 'utf8').replace('"index":0', '"index":9'))
  const damaged = await inspect({ directory })
  t.equal(damaged.code, 1)
  t.match(damaged.out, /\ndamaged: cursors\.json\n/)
  rmSync(cursors)
  const missing = await inspect({ directory, entries: 100 })
  t.equal(missing.code, 0)
  t.match(missing.out, /\ncursors {4}missing: how far clients are is not known\n/)
  t.equal([...missing.out.matchAll(/\tline \d$/gm)].length, 10, 'then everything waits')

  rmSync(join(directory, 'wal.json'))
  t.match(await reads(directory), { sound: true, index: 10 }, 'a segment tells which log it is of')
  const file = join(directory, segments(directory)[0] ?? '')
  writeFileSync(file, readFileSync(file).fill(0, 0, 20))
  t.match(await inspect({ directory }), { code: 1, out: '', err: /1 segments, and nothing tells which log/ })
})

t.test('where there is no log, or none that may be read, the exit code is 2', async (t) => {
  const folder = t.testdir({ empty: {}, file: 'x' })
  t.match(await inspect({ directory: join(folder, 'empty') }), {
    code: 2,
    err: /empty: there is no write-ahead log\n$/,
  })
  t.match(await inspect({ directory: join(folder, 'none') }), { code: 2, err: /none: no such file or directory\n$/ })
  t.match(await inspect({ directory: join(folder, 'file') }), {
    code: 2,
    err: /file: a part of the path is not a directory\n$/,
  })
})

t.test('segments that an agent removes meanwhile are not missed', async (t) => {
  const log = await writer(join(t.testdir(), 'wal'))
  const { directory } = log
  await log.write(
    Array.from({ length: 40 }, (_, n) => `${n} ${'x'.repeat(8000)}`),
    0,
  )
  await log.outbox.pause()
  await log.outbox.close()
  const [first = ''] = segments(directory)
  t.ok(segments(directory).length > 3)
  let opened = 0
  const disk: Disk = {
    ...realDisk,
    openToRead: async (path) => {
      // As when the clients have settled it: cursors first, then it goes.
      if (path.endsWith(first) && opened++ === 0) rmSync(path)
      return realDisk.openToRead(path)
    },
  }
  const cursors = join(directory, 'cursors.json')
  rmSync(cursors)
  const { code, out } = await inspect({ directory }, disk)
  t.equal(code, 0, out)
  t.notMatch(out, first)
})

t.test('as a process, beside the flags of its command line', async (t) => {
  const parsed = (words: string): unknown => parseArgv(words.split(' '))
  const flags = { command: 'wal inspect', directory: 'd', entries: 0, format: 'table' }
  t.strictSame(parsed('wal inspect d'), flags)
  t.strictSame(parsed('-entries=7 wal inspect d -o json'), { ...flags, entries: 7, format: 'json' })
  t.match(parsed('wal inspect'), { command: 'usage-error', message: /missing required argument 'directory'/ })
  t.match(parsed('wal'), { command: 'usage-error', message: /^unknown command "wal"; did you mean wal inspect\?\n/ })
  t.match(parsed('wal inspect d -entries=x'), { command: 'usage-error', message: /expected a number/ })
  t.match(parsed('wal inspect d -o yaml'), { command: 'usage-error', message: /expected table or json/ })
  t.match(parsed('wal inspect -help'), { command: 'help', text: /\nwal inspect: what a write-ahead log holds/ })

  const directory = await closedLog(t)
  const sound = startAgentProcess({ args: ['wal', 'inspect', directory, '--entries=3'], cwd: directory })
  t.equal(await sound.ended, 0, sound.stderr())
  t.match(sound.stdout(), /\tline 2\n$/)
  const none = startAgentProcess({ args: ['wal', 'inspect', join(directory, 'none')], cwd: directory })
  t.equal(await none.ended, 2)
  t.equal(none.stdout(), '')
})
