import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import type { ScopePosition } from '../src/kube/position.ts'
import type { Setup } from './chaos/agent.ts'
import { isExcused } from './chaos/excuse.ts'
import type { Revision } from './chaos/history.ts'
import { Life } from './chaos/lives.ts'
import { type ChaosReport, passed, runChaos } from './chaos/run.ts'
import { asTable, faultsOf } from './chaos/table.ts'

/** A failing run is repeated, as far as real processes allow, by `npm run chaos -- --seed=<this> --cycles=<its>`. */
const SEED = 20261123

// Much of a cycle is waiting for processes to start.
t.jobs = 2

const root = join(import.meta.dirname, '..')
const agent = join(root, 'dist/eventail.js')

type Run = Partial<Setup> & { readonly cycles: number; readonly seed?: number; readonly untilFailure?: boolean }

const chaos = (t: Tap, { cycles, seed = SEED, untilFailure = false, ...setup }: Run): Promise<ChaosReport> =>
  runChaos({
    setup: { checkpoint: 'file', elects: false, wal: false, entry: agent, ...setup },
    cycles,
    seed,
    rate: 150,
    stored: 600,
    cyclesOfWorld: untilFailure ? 5 : 50,
    folder: t.testdir(),
    patienceMs: untilFailure ? 1000 : 6000,
    untilFailure,
  })

const assertPassed = (t: Tap, report: ChaosReport): void => {
  t.comment(asTable(report))
  t.ok(passed(report), `seed ${SEED}: nothing lost, nothing doubled\n${faultsOf(report).join('\n')}`)
  const [first] = report.verdicts
  // How much is superseded before anybody reads it depends on the machine's load.
  t.ok((first?.stored ?? 0) > 200, 'there was much to be read')
  t.ok((first?.resent ?? 0) > 0, 'and crashes made the agent send again')
}

t.test(
  'case 12: killed 25 times with its checkpoint in a file, it loses nothing and doubles nothing',
  { buffered: true },
  async (t) => {
    assertPassed(t, await chaos(t, { cycles: 25 }))
  },
)

t.test(
  'case 12: killed 10 times with its checkpoint in a Lease, it loses nothing and doubles nothing',
  { buffered: true },
  async (t) => {
    assertPassed(t, await chaos(t, { cycles: 10, checkpoint: 'lease' }))
  },
)

t.test(
  'killed 15 times with a write-ahead log that vanishes, is torn or changed, or becomes an older one, the same',
  { buffered: true },
  async (t) => {
    const report = await chaos(t, { cycles: 15, wal: true })
    assertPassed(t, report)
    t.ok(Object.keys(report.deeds).length > 3, 'much happened to it')
  },
)

t.test('agents with one mistake each are found out', { buffered: true }, (t) => {
  const mutants = join(t.testdir(), 'mutants')
  execFileSync(process.execPath, ['scripts/build.js', '--chaos', `--out=${mutants}`], { cwd: root })
  const flaws = {
    'early-checkpoint': 'lost',
    'timestamp-checkpoint': 'lost',
    'list-then-watch': 'lost',
    'now-in-entry': 'doubled',
    'forgotten-log': 'lost',
  } as const
  for (const [name, flaw] of Object.entries(flaws)) {
    t.test(`${name}: something is ${flaw}`, async (t) => {
      const entry = join(mutants, `chaos-mutant-${name}.js`)
      const report = await chaos(t, { cycles: 60, entry, wal: name === 'forgotten-log', untilFailure: true })
      t.ok(report.verdicts.at(-1)?.[flaw].length, asTable(report))
      t.strictSame(report.crashes, [], 'and it fails by nothing else')
    })
  }
  t.end()
})

const revision = (rv: bigint, at: bigint | null, key = 'shop/b'): Revision => ({
  id: `u ${rv}`,
  key,
  rv,
  isPoison: false,
  ended: at === null ? null : { at, by: 'superseded' },
})

const position = (watched: string, changes: Partial<ScopePosition> = {}): ScopePosition => ({
  epoch: 0,
  watched,
  active: null,
  pending: [],
  ...changes,
})

/** A life that was refused at `watched`, told `newest`, and then listed everything as of `shows`. */
const afterGap = (durable: ScopePosition, newest: bigint, shows: bigint | null): Life => {
  const life = new Life(durable)
  life.watched(BigInt(durable.watched), true)
  life.probed(newest)
  life.watched(newest, false)
  if (shows !== null) life.paged({ shows, from: '', upTo: null })
  return life
}

t.test('what is missing is excused only if nobody could read it when it was owed', (t) => {
  const behind = position('10')
  const gap = afterGap(behind, 20n, 25n)
  t.ok(isExcused(revision(15n, 18n), [gap]), 'gone before the gap was found')
  t.ok(isExcused(revision(15n, 24n), [gap]), 'gone before its page was read')
  t.notOk(isExcused(revision(15n, 26n), [gap]), 'its page showed it')
  t.notOk(isExcused(revision(15n, null), [gap]), 'it is still there')
  t.notOk(isExcused(revision(21n, 24n), [gap]), 'the new watch gave it')
  t.notOk(isExcused(revision(9n, 12n), [gap]), 'the position said it was delivered')
  t.ok(isExcused(revision(15n, 18n), [afterGap(behind, 20n, null)]), 'no page was needed to know that it is gone')
  t.notOk(isExcused(revision(15n, 24n), [afterGap(behind, 20n, null)]), 'no page was asked for')

  const watching = new Life(behind)
  watching.probed(20n)
  watching.watched(10n, false)
  t.notOk(isExcused(revision(15n, 18n), [watching]), 'the watch was not refused')
  watching.paged({ shows: 25n, from: '', upTo: null })
  t.notOk(isExcused(revision(15n, 18n), [watching]), 'to list without need is no excuse')

  const owing = position('20', { pending: [{ after: '10', upTo: '20', notBeforeMs: null }] })
  const later = new Life(owing)
  later.paged({ shows: 30n, from: '', upTo: null })
  const cut = afterGap(behind, 20n, null)
  t.ok(isExcused(revision(15n, 28n), [cut, later]), 'owed by the checkpoint, and gone when it was listed')
  t.notOk(isExcused(revision(15n, 28n), [later]), 'a checkpoint that owes without a gap is not believed')
  t.notOk(isExcused(revision(15n, 28n), [gap, new Life(position('20')), later]), 'shown by the page that settled it')

  const first = new Life(null)
  first.probed(20n)
  first.probed(22n)
  first.watched(22n, false)
  first.paged({ shows: 22n, from: '', upTo: 'shop/a' })
  t.ok(isExcused(revision(15n, 21n), [first]), 'gone before the first start')
  t.notOk(isExcused(revision(15n, 23n), [first]), 'behind the only page that was read')
  first.paged({ shows: 24n, from: 'shop/a', upTo: null })
  t.ok(isExcused(revision(15n, 23n), [first]), 'a later page was of a later state')
  t.notOk(isExcused(revision(15n, 23n, 'shop/a'), [first]), 'its own page showed it')
  t.end()
})
