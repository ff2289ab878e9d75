import type { Deposits } from './deposits.ts'
import { isExcused } from './excuse.ts'
import type { History, Revision } from './history.ts'
import type { Life } from './lives.ts'

/** What the comparison of the truth with Loki gives. */
export type Verdict = {
  /** Revisions that had to be stored, and are or are excused or are lost. */
  readonly owed: number
  readonly stored: number
  /** Shippable, readable, never stored. */
  readonly lost: readonly Revision[]
  /** Could not be read when they were owed. */
  readonly excused: readonly Revision[]
  /** Stored twice, not byte-identical. */
  readonly doubled: Deposits['doubled']
  /** Stored, although nothing of that name was ever in the API server; or refused ones that are stored. */
  readonly strange: readonly string[]
  /** Byte-identical repeats. */
  readonly resent: number
  /** Repeats that differ in what was looked up alone; without a log that is always there, that is no fault. */
  readonly enrichedAnew: number
  /** Revisions whose line Loki refuses for good. */
  readonly refused: number
}

export const isClean = ({ lost, doubled, strange }: Verdict): boolean =>
  lost.length + doubled.length + strange.length === 0

export type Evidence = { readonly history: History; readonly deposits: Deposits; readonly lives: readonly Life[] }

export const judge = ({ history, deposits, lives }: Evidence): Verdict => {
  const lost: Revision[] = []
  const excused: Revision[] = []
  const strange = [...deposits.strange]
  let [stored, refused] = [0, 0]
  for (const revision of history.all()) {
    const isStored = deposits.has(revision.id)
    if (revision.isPoison) {
      refused += 1
      if (isStored) strange.push(revision.id)
    } else if (isStored) stored += 1
    else if (isExcused(revision, lives)) excused.push(revision)
    else lost.push(revision)
  }
  for (const id of deposits.ids()) if (!history.has(id)) strange.push(id)
  const owed = history.size - refused
  return {
    owed,
    stored,
    lost,
    excused,
    doubled: deposits.doubled,
    strange,
    resent: deposits.resent,
    enrichedAnew: deposits.enrichedAnew,
    refused,
  }
}
