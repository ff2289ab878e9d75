import t from 'tap'
import type { KubeClient } from '../../src/kube/client.ts'
import { type OwedRules, owedRules } from '../../src/kube/owed.ts'
import { type Mutant, runSchedule } from '../fixtures/source-model.ts'

/** Any schedule that fails can be run again by its seed. */
const FIRST_SEED = 1
const SCHEDULES = 2000
const MUTANT_SCHEDULES = 2000

const NEWEST_OF_ALL = '9'.repeat(39)

type Flaw = 'lost' | 'repeated'

/** @returns the first schedule in which the mutant shows the flaw. */
const firstSeen = async (flaw: Flaw, mutant: () => Mutant): Promise<number | null> => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + MUTANT_SCHEDULES; seed += 1) {
    const verdict = await runSchedule(seed, mutant())
    if (verdict[flaw].length > 0) return seed
  }
  return null
}

t.test('through thousands of random schedules nothing is lost and nothing repeated', async (t) => {
  const seen = { delivered: 0, gaps: 0, crashes: 0, restores: 0, inconsistent: 0 }
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed += 1) {
    const verdict = await runSchedule(seed)
    const { lost, repeated, unwanted, stuck } = verdict
    const clean = lost.length + repeated.length + unwanted.length === 0 && !stuck
    if (!clean) t.fail(`schedule ${seed}`, { lost, repeated, unwanted, stuck })
    for (const name of ['delivered', 'gaps', 'crashes', 'restores', 'inconsistent'] as const)
      seen[name] += verdict[name]
  }
  // The schedules are worth something only if all of that happened in them, and often.
  t.ok(seen.delivered > 10_000, `${seen.delivered} revisions were delivered`)
  t.ok(seen.gaps > 1_000, `${seen.gaps} gaps`)
  t.ok(seen.crashes > 1_000, `${seen.crashes} crashes`)
  t.ok(seen.restores > 50, `${seen.restores} restores`)
  t.ok(seen.inconsistent > 200, `${seen.inconsistent} continue tokens expired`)
})

/** client-go's habit: list, going on with the inconsistent token after a 410, and watch from where the last page was. */
const listThenWatch = (): Mutant => {
  let lists = true
  let from = ''
  let release: () => void = () => undefined
  const toTheEnd = (after: string) => [{ after, upTo: NEWEST_OF_ALL, notBeforeMs: null }]
  const rules: OwedRules = {
    ...owedRules,
    start: (policy, newest, nowMs) => {
      const position = owedRules.start(policy, newest, nowMs)
      lists = position.pending.length > 0
      return lists ? { ...position, pending: toTheEnd('0') } : position
    },
    expired: (position) => {
      lists = true
      return { ...position, active: null, pending: toTheEnd(position.watched) }
    },
    restored: (position, newest) => {
      lists = true
      return { ...owedRules.restored(position, newest), pending: toTheEnd('0') }
    },
    pageRead: (position, page) => {
      const next = owedRules.pageRead(position, page)
      if (next.active !== null) return next
      lists = false
      from = page.resourceVersion
      release()
      return { ...next, watched: from }
    },
  }
  const client = (real: KubeClient): KubeClient => ({
    server: real.server,
    get: (path, options) => real.get(path, options),
    put: (path, body, options) => real.put(path, body, options),
    renewCredentials: () => real.renewCredentials(),
    close: () => real.close(),
    watch: async (path, options) => {
      while (lists && !options.signal.aborted) {
        await new Promise<void>((resolve) => {
          release = resolve
          options.signal.addEventListener(
            'abort',
            () => {
              resolve()
            },
            { once: true },
          )
        })
      }
      if (from !== '') path = path.replace(/resourceVersion=\d+/, `resourceVersion=${from}`)
      from = ''
      return real.watch(path, options)
    },
  })
  return { rules, client }
}

t.test('a mutant that lists and then watches loses events', async (t) => {
  t.not(await firstSeen('lost', listThenWatch), null)
})

t.test('a mutant that begins the list again on 410, taking whatever it shows, repeats events', async (t) => {
  const rules: OwedRules = {
    ...owedRules,
    tokenExpired: (position) => owedRules.tokenExpired(position, null),
    owing: (intervals) => intervals[0] ?? null,
  }
  t.not(await firstSeen('repeated', () => ({ rules })), null)
})

t.test('a mutant without the exact filter repeats events even if it pages on', async (t) => {
  const rules: OwedRules = { ...owedRules, owing: (intervals) => intervals[0] ?? null }
  t.not(await firstSeen('repeated', () => ({ rules })), null)
})

t.test('a mutant that saves its position before the events are settled loses them in a crash', async (t) => {
  t.not(await firstSeen('lost', () => ({ savesEarly: true })), null)
})

t.test('a mutant that does not compare the store with its position loses events after a restore', async (t) => {
  t.not(await firstSeen('lost', () => ({ rules: { ...owedRules, wentBack: () => false } })), null)
})

t.test('a mutant that widens the pass under way by a new interval loses what is behind its page', async (t) => {
  const rules: OwedRules = {
    ...owedRules,
    expired: (position, newest) => {
      const next = owedRules.expired(position, newest)
      if (next.active === null) return next
      return {
        ...next,
        active: { ...next.active, intervals: [...next.active.intervals, ...next.pending] },
        pending: [],
      }
    },
  }
  t.not(await firstSeen('lost', () => ({ rules })), null)
})

t.test('a mutant that owes nothing for a gap loses events', async (t) => {
  const rules: OwedRules = { ...owedRules, expired: (position, newest) => ({ ...position, watched: newest }) }
  t.not(await firstSeen('lost', () => ({ rules })), null)
})

t.test('a mutant that forgets its place when the store went back loses what the restore brought back', async (t) => {
  const rules: OwedRules = {
    ...owedRules,
    restored: (position, newest) => ({ ...position, epoch: position.epoch + 1, watched: newest }),
  }
  t.not(await firstSeen('lost', () => ({ rules })), null)
})
