import { Registry } from 'prom-client'
import { addsUp, type Accounting } from '../accounting.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { createConverter } from '../entry/convert.ts'
import { metaLabels } from '../entry/meta-labels.ts'
import { readEvents } from '../kube/event-input.ts'
import { rateLimited } from '../line-rate.ts'
import type { Log } from '../log.ts'
import { createLokiClient } from '../loki/create-loki-client.ts'
import { createLokiMetrics } from '../loki/loki-metrics.ts'
import { createProcessor } from '../processor.ts'
import type { Inspect } from '../stages/stage.ts'
import { noMetrics } from '../stages/stage-metrics.ts'
import { type ClientFactory, createSinks } from '../sinks.ts'
import { userAgent } from '../version.ts'
import type { ExitCode, Output } from './output.ts'

export type StdinOptions = {
  readonly config: Config
  readonly input: AsyncIterable<Uint8Array>
  readonly clock: Clock
  readonly log: Log
  readonly output: Output
  /** Instead of real clients: a dry run prints. */
  readonly createClient?: ClientFactory
  readonly inspect?: Inspect | undefined
  /** Ends reading; what was read is still drained. */
  readonly signal: AbortSignal
}

/** The last line of a run that reads its events once: where every one of them is, for one client. */
export const summaryOf = (a: Accounting): string =>
  `received=${a.received} sent=${a.sent} filtered=${a.filtered} rejected=${a.rejected} dropped=${a.dropped} queued=${a.queued}`

/**
 * `-stdin`: events as JSON through the first scrape config to every client. 0 when all that are wanted were sent; 1 when any was
 * refused on the way, each with a line on stderr.
 */
export const shipStdin = async (options: StdinOptions): Promise<ExitCode> => {
  const { config, clock, log, output, signal } = options
  const [job] = rateLimited(config)
  if (job === undefined) throw new Error('a valid configuration has a scrape config')
  const metrics = createLokiMetrics(new Registry())
  const factory: ClientFactory =
    options.createClient ?? ((client, deps) => createLokiClient(client, { ...deps, metrics, userAgent }))
  const settle = (): void => undefined
  const sinks = createSinks(config.clients, factory, { clock, log, random: Math.random, settle, spooled: false })
  const clients = sinks.map(({ client }) => client)
  for (const client of clients) client.start()

  const converter = createConverter(job.entry)
  const processor = createProcessor(job, { clock, metrics: noMetrics, inspect: options.inspect })
  let received = 0
  let filtered = 0
  let refused = 0
  for await (const input of readEvents(options.input)) {
    if (signal.aborted) break
    if (input.kind === 'refused') {
      refused += 1
      output.err(`stdin:${input.line}: not an event: ${input.why}\n`)
    }
    if (input.kind !== 'event') continue
    const { event } = input
    const heldMs = processor.heldUntilMs - clock.monotonicMs()
    if (processor.heldUntilMs > 0 && heldMs > 0) await clock.sleep(heldMs, signal)
    const entry = processor.process(converter.toEntry(event), () => metaLabels(event))
    received += 1
    if (entry === null) {
      filtered += 1
      continue
    }
    for (const client of clients) {
      if (!client.hasRoom()) await client.room(signal)
      client.offer(entry, received - 1)
    }
  }

  await Promise.all(clients.map((client) => client.drain(config.drainTimeoutMs)))
  const accounts = sinks.map(({ client, fates }): Accounting => ({
    client: client.name,
    received,
    recovered: 0,
    filtered,
    ...fates,
    queued: client.queued(),
  }))
  for (const account of accounts) output.err(`${summaryOf(account)} client=${account.client}\n`)
  return refused === 0 && accounts.every((a) => addsUp(a) && a.sent === a.received - a.filtered) ? 0 : 1
}
