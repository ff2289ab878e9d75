import type { Accounting } from './accounting.ts'
import type { Job } from './job.ts'
import type { Outbox } from './outbox.ts'
import type { AgentStatus } from './server/agent-status.ts'
import type { Sink } from './sinks.ts'

/** What an agent is asked about. */
export type Running = { readonly jobs: readonly Job[]; readonly sinks: readonly Sink[]; readonly outbox: Outbox }

/** For each client, where every event is. */
export const accountingOf = ({ jobs, sinks, outbox }: Running): readonly Accounting[] => {
  const sum = (read: (job: Job) => number): number => jobs.reduce((total, job) => total + read(job), 0)
  const received = sum(({ tally }) => tally.received.list + tally.received.watch)
  const filtered = sum(({ tally }) => tally.filtered)
  const unshippable = sum(({ tally }) => tally.unshippable)
  const enriching = sum((job) => job.waiting())
  return sinks.map(({ client, fates }, place) => {
    const { recovered, dropped, waiting } = outbox.account(place)
    return {
      client: client.name,
      received,
      recovered,
      filtered,
      sent: fates.sent,
      rejected: fates.rejected,
      dropped: fates.dropped + unshippable + dropped,
      queued: client.queued() + waiting + enriching,
    }
  })
}

export type Reporting = Running & {
  readonly leadership: NonNullable<AgentStatus['leadership']> | null
  /** What keeps the agent from its work, for people. */
  readonly hindrances: readonly string[]
  readonly configYaml: string
}

/** What the pages show. */
export const statusOf = ({ jobs, sinks, outbox, leadership, hindrances, configYaml }: Reporting): AgentStatus => {
  const targets = jobs.flatMap((job) => job.source.status().map((scope) => ({ job: job.name, ...scope })))
  const clients = sinks.map(({ client }, place) => ({
    name: client.name,
    queued: client.queued() + outbox.account(place).waiting,
    ...client.readiness(),
  }))
  if (leadership?.role === 'standby') {
    const reasons = leadership.why === '' ? [] : [`standing by: ${leadership.why}`]
    return { ready: leadership.why === '', reasons, configYaml, leadership, targets, clients }
  }
  const unwatched = targets.filter(({ state }) => state !== 'stream')
  const reasons = [
    ...hindrances,
    ...unwatched.map(
      ({ job, scope, state, lastError }) => `${job}/${scope}: ${state}${lastError === '' ? '' : `: ${lastError}`}`,
    ),
    ...clients.filter((client) => !client.ready).map(({ name, why }) => `client ${name}: ${why}`),
  ]
  return { ready: reasons.length === 0, reasons, configYaml, leadership, targets, clients }
}
