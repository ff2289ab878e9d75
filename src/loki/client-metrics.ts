import type { Clock } from '../clock.ts'
import type { PushAnswer, Verdict } from './classify.ts'
import type { ClientOptions } from './client-options.ts'
import type { LokiMetrics } from './loki-metrics.ts'
import type { QueuedEntry } from './queued-entry.ts'
import { DROP_REASONS, REJECT_REASONS, type DropReason, type RejectReason } from './reasons.ts'

/** Values of the label `answer`. */
const ANSWERS: readonly Verdict['kind'][] = [
  'sent',
  'retry',
  'partial',
  'too_large',
  'stream_limit',
  'blocked',
  'misconfigured',
  'unrecognised',
]
/** Promtail's reasons; what Loki refused counts there as well. */
const PROMTAIL_REASONS = ['ingester_error', 'rate_limited', 'stream_limited', 'line_too_long', 'queue_full'] as const
type PromtailReason = (typeof PROMTAIL_REASONS)[number]

/** A tenant may come from the text of an event: after this many, the others share one value of the label. */
const MAX_TENANTS = 50
const OTHER_TENANTS = 'other'

/** One client's view of the metrics. */
export class ClientMetrics {
  readonly #metrics: LokiMetrics
  readonly #client: string
  readonly #host: string
  readonly #clock: Clock
  readonly #tenants = new Set<string>()
  readonly #lag: { observe(seconds: number): void }

  constructor(metrics: LokiMetrics, options: Pick<ClientOptions, 'name' | 'host' | 'tenantId'>, clock: Clock) {
    this.#metrics = metrics
    this.#client = options.name
    this.#host = options.host
    this.#clock = clock
    this.#lag = metrics.deliveryLag.labels(options.name)
    this.#createAtZero()
    this.#tenant(options.tenantId)
  }

  #createAtZero(): void {
    const [client, host] = [this.#client, this.#host]
    for (const counter of [this.#metrics.encodedBytes, this.#metrics.sentBytes, this.#metrics.sentEntries]) {
      counter.inc({ host }, 0)
    }
    for (const counter of [this.#metrics.sent, this.#metrics.resent]) counter.inc({ client }, 0)
    for (const reason of REJECT_REASONS) this.#metrics.rejected.inc({ client, reason }, 0)
    for (const reason of DROP_REASONS) this.#metrics.dropped.inc({ client, reason }, 0)
    for (const answer of ANSWERS) this.#metrics.pushes.inc({ client, answer }, 0)
  }

  /** The tenant as a label value; its counters appear, at zero, with its first mention. */
  #tenant(tenant: string): string {
    if (this.#tenants.has(tenant)) return tenant
    const name = this.#tenants.size < MAX_TENANTS ? tenant : OTHER_TENANTS
    if (this.#tenants.has(name)) return name
    this.#tenants.add(name)
    for (const reason of PROMTAIL_REASONS) {
      this.#metrics.droppedEntries.inc({ host: this.#host, tenant: name, reason }, 0)
      this.#metrics.droppedBytes.inc({ host: this.#host, tenant: name, reason }, 0)
    }
    const mutated = { host: this.#host, tenant: name, reason: 'metadata_name' }
    this.#metrics.mutatedEntries.inc(mutated, 0)
    this.#metrics.mutatedBytes.inc(mutated, 0)
    this.#metrics.batchRetries.inc({ host: this.#host, tenant: name }, 0)
    return name
  }

  encoded(bodyBytes: number): void {
    this.#metrics.encodedBytes.inc({ host: this.#host }, bodyBytes)
  }

  /** One attempt, answered or not. */
  pushed(answer: PushAnswer, verdict: Verdict, durationMs: number): void {
    const status = answer.kind === 'answered' ? String(answer.status) : '-1'
    this.#metrics.requestDuration.observe({ status_code: status, host: this.#host }, durationMs / 1000)
    this.#metrics.pushes.inc({ client: this.#client, answer: verdict.kind })
  }

  took(bodyBytes: number): void {
    this.#metrics.sentBytes.inc({ host: this.#host }, bodyBytes)
  }

  retried(tenant: string): void {
    this.#metrics.batchRetries.inc({ host: this.#host, tenant: this.#tenant(tenant) })
  }

  resent(entries: number): void {
    this.#metrics.resent.inc({ client: this.#client }, entries)
  }

  sent(entries: readonly QueuedEntry[]): void {
    this.#metrics.sentEntries.inc({ host: this.#host }, entries.length)
    this.#metrics.sent.inc({ client: this.#client }, entries.length)
    const nowMs = this.#clock.now()
    for (const entry of entries) this.#lag.observe(Math.max(0, nowMs - entry.timestampMs) / 1000)
  }

  rejected(tenant: string, sizeBytes: number, reason: RejectReason): void {
    this.#metrics.rejected.inc({ client: this.#client, reason })
    this.#lost(tenant, sizeBytes, reason === 'line_too_long' ? reason : 'ingester_error')
  }

  dropped(tenant: string, sizeBytes: number, reason: DropReason): void {
    this.#metrics.dropped.inc({ client: this.#client, reason })
    this.#lost(tenant, sizeBytes, reason)
  }

  #lost(tenant: string, sizeBytes: number, reason: PromtailReason): void {
    const labels = { host: this.#host, tenant: this.#tenant(tenant), reason }
    this.#metrics.droppedEntries.inc(labels)
    this.#metrics.droppedBytes.inc(labels, sizeBytes)
  }

  /** Structured metadata was left out because its name would make Loki refuse the whole push. */
  mutated(tenant: string, removedBytes: number): void {
    const labels = { host: this.#host, tenant: this.#tenant(tenant), reason: 'metadata_name' }
    this.#metrics.mutatedEntries.inc(labels)
    this.#metrics.mutatedBytes.inc(labels, removedBytes)
  }
}
