import type { Revision } from './history.ts'
import { covers, type Life, type PageSeen } from './lives.ts'

/*
 * When a revision that never reached Loki is excused: only if the agent had no way to read it when it was owed.
 *
 * 1. It was owed: it lies in a gap (W, L0], where the API server refused a watch at W because it was compacted behind W
 *    and then told the agent L0; or where there was no checkpoint yet and L0 was the first revision told. A checkpoint
 *    that says it is owed counts only for revisions of such a gap. An agent that skips a revision in any other way, or
 *    lists where it could have watched, has no excuse.
 * 2. It was gone: of the pages that were answered while it was owed, the last one that had its key in it no longer
 *    showed the revision, because it had been superseded or deleted. Where no such page was answered, it must have been
 *    gone at L0 already.
 *
 * A life that begins behind a revision (its position is before it, and owes nothing) starts anew: the watch has to
 * give it, or another gap. What is in the store at the end is never excused.
 *
 * With a write-ahead log, a life goes on from where that log was written, be it a copy from some lives ago. What it
 * claims goes with it: when it is lost, the checkpoint counts again, and what that owes has to be read once more.
 */

type Sight = 'shown' | 'gone' | 'none'

/** What the last of these pages that has the key showed of the revision; `before`, when none has it. */
const lastSight = (pages: readonly PageSeen[], revision: Revision, before: Sight): Sight => {
  const page = pages.findLast((one) => one.shows >= revision.rv && covers(one, revision.key))
  if (page === undefined) return before
  return revision.ended === null || revision.ended.at > page.shows ? 'shown' : 'gone'
}

/** What is known of one missing revision after a life. */
type Account = {
  /** Some life found it in a gap, and no position that was gone on from has claimed it since. */
  owed: boolean
  /** It was gone when it became owed. */
  gone: boolean
  sight: Sight
}

const UNKNOWN: Account = { owed: false, gone: false, sight: 'none' }

/** Where the revision stands when the life begins; `mayBeOwed`: a gap had it, and no checkpoint has claimed it. */
const asItBegins = (life: Life, rv: bigint, before: Account & { readonly mayBeOwed: boolean }): Account => {
  const watched = life.durable === null ? 0n : BigInt(life.durable.watched)
  if (watched < rv) return UNKNOWN
  const { gone, sight, mayBeOwed } = before
  return { gone, sight, owed: life.carried(rv) !== null && mayBeOwed }
}

/** Pages of the life that could show the revision while it was owed. */
const servingPages = (life: Life, rv: bigint): readonly PageSeen[] => {
  const gap = life.gapOf(rv)
  if (gap !== null) return life.pages.slice(gap.pagesBefore)
  // What a pass under way owes is served by that pass alone.
  return life.carried(rv) === 'active' ? life.pages.filter(({ pass }) => pass === 0) : life.pages
}

/** Whether the revision may be missing in Loki after these lives. */
export const isExcused = (revision: Revision, lives: readonly Life[]): boolean => {
  const { rv, ended } = revision
  if (ended === null) return false
  /** After no life, after the first, and so on. */
  const accounts = [UNKNOWN]
  let [wasOwed, isClaimed] = [false, false]
  for (const life of lives) {
    const before = accounts[life.spooled?.after ?? accounts.length - 1] ?? UNKNOWN
    isClaimed ||= life.isClaimed(rv)
    if (life.isBarren) accounts.push(before)
    else accounts.push(during(life, revision, asItBegins(life, rv, { ...before, mayBeOwed: wasOwed && !isClaimed })))
    wasOwed ||= life.gapOf(rv) !== null
  }
  const { sight, gone } = accounts.at(-1) ?? UNKNOWN
  return sight === 'gone' || (sight === 'none' && gone)
}

const during = (life: Life, revision: Revision, account: Account): Account => {
  const gap = life.gapOf(revision.rv)
  if (gap === null && !account.owed) return account
  const gone = account.gone || (gap !== null && revision.ended !== null && revision.ended.at <= gap.upTo)
  return { owed: true, gone, sight: lastSight(servingPages(life, revision.rv), revision, account.sight) }
}
