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
 * A life that begins behind a revision (its checkpoint is before it, and owes nothing) starts anew: the watch has to
 * give it, or another gap. What is in the store at the end is never excused.
 */

type Sight = 'shown' | 'gone' | 'none'

/** What the last of these pages that has the key showed of the revision; `before`, when none has it. */
const lastSight = (pages: readonly PageSeen[], revision: Revision, before: Sight): Sight => {
  const page = pages.findLast((one) => one.shows >= revision.rv && covers(one, revision.key))
  if (page === undefined) return before
  return revision.ended === null || revision.ended.at > page.shows ? 'shown' : 'gone'
}

/** What is known of one missing revision so far. */
type Account = {
  /** Some life found it in a gap, and no checkpoint has claimed it since. */
  owed: boolean
  /** It was gone when it became owed. */
  gone: boolean
  sight: Sight
}

const UNKNOWN: Account = { owed: false, gone: false, sight: 'none' }

/** Where the revision stands when the life begins. */
const asItBegins = (life: Life, rv: bigint, account: Account): Account => {
  const watched = life.durable === null ? 0n : BigInt(life.durable.watched)
  if (watched < rv) return UNKNOWN
  return life.carried(rv) === null ? { ...account, owed: false } : account
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
  let account = UNKNOWN
  for (const life of lives) {
    account = asItBegins(life, rv, account)
    const gap = life.gapOf(rv)
    if (gap === null && !account.owed) continue
    const gone = account.gone || (gap !== null && ended.at <= gap.upTo)
    account = { owed: true, gone, sight: lastSight(servingPages(life, rv), revision, account.sight) }
  }
  return account.sight === 'gone' || (account.sight === 'none' && account.gone)
}
