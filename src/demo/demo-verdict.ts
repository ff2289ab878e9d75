/** Where every event is that the agent received; as its metrics count. */
export type DemoAccounting = {
  readonly received: number
  readonly recovered: number
  readonly filtered: number
  readonly sent: number
  readonly rejected: number
  readonly dropped: number
  readonly queued: number
}

/** What the two servers know of it. */
export type DemoTruth = {
  /** Distinct revisions (ADDED, MODIFIED) that the API server handed out. */
  readonly handedOut: number
  /** Stored events whose present revision nobody read. */
  readonly unread: number
  /** Distinct entries that Loki took. */
  readonly inLoki: number
}

/** The last line of the demo. */
export const accountingLine = (accounting: DemoAccounting): string =>
  (['received', 'sent', 'filtered', 'rejected', 'dropped', 'queued'] as const)
    .map((name) => `${name}=${accounting[name]}`)
    .join(' ')

/** Everything that does not add up or was lost; empty: all is well. */
export const complaints = (accounting: DemoAccounting, truth: DemoTruth): readonly string[] => {
  const { received, recovered, filtered, sent, rejected, dropped, queued } = accounting
  const gone = filtered + sent + rejected + dropped + queued
  const found: string[] = []
  if (received + recovered !== gone) {
    found.push(
      `the agent's account does not add up: received ${received} + recovered ${recovered}, but ${gone} went somewhere`,
    )
  }
  if (received !== truth.handedOut) {
    found.push(`the API server handed out ${truth.handedOut} revisions, the agent received ${received}`)
  }
  if (truth.unread > 0) found.push(`${truth.unread} stored events were never read`)
  if (sent !== truth.inLoki) found.push(`the agent sent ${sent} entries, Loki has taken ${truth.inLoki}`)
  if (rejected > 0) found.push(`Loki refused ${rejected} entries for good`)
  if (dropped > 0) found.push(`${dropped} events were dropped`)
  if (queued > 0) found.push(`${queued} events were still queued`)
  return found
}
