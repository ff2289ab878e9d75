import { failure, type Finding, ok, warning } from './finding.ts'

const WARN_MS = 5000
/** Loki refuses entries more than 10 minutes ahead of its clock (`creation_grace_period`). */
const FAIL_MS = 300_000

const REMEDY = 'let NTP set the clocks of the nodes'

/** What to say of a server's clock; nothing when it told none. */
export const skewFinding = (about: string, aheadMs: number | null): readonly Finding[] => {
  if (aheadMs === null) return []
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const says = `its clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} ours`
  if (Math.abs(aheadMs) >= FAIL_MS) return [failure(about, says, { remedy: REMEDY })]
  if (Math.abs(aheadMs) >= WARN_MS) return [warning(about, says, { remedy: REMEDY })]
  return [ok(about, 'its clock agrees with ours')]
}
