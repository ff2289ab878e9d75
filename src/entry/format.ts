import type { KubeEvent } from '../kube/event.ts'
import type { EntryOptions, Labels, LineFormat } from './entry.ts'
import { namespaceOf } from './event-fields.ts'
import { writeAgentLine, writeAlloyLine } from './line-alloy.ts'
import { exporterLineWriter } from './line-exporter.ts'
import { writeJsonLine } from './line-json.ts'
import { writeLogfmtLine } from './line-logfmt.ts'
import type { LineWriter } from './line.ts'
import { DEFAULT_JOB, GUARDED_LABELS } from './names.ts'

/** What a line format means for the whole entry. */
export type Format = {
  readonly write: LineWriter
  /** Labels every entry has unless the configuration says otherwise. */
  readonly constant: Labels
  /** Labels whose value the event gives. */
  readonly fromEvent: ReadonlySet<string>
  /** The value of the label `namespace`. */
  readonly namespace: (event: KubeEvent) => string
  /** Whether there is structured metadata at all. */
  readonly hasMetadata: boolean
  /** The form of placeholders. */
  readonly deadLetters: 'logfmt' | 'json'
}

const own = (job: string, write: LineWriter, deadLetters: 'logfmt' | 'json'): Format => ({
  write,
  constant: { job },
  fromEvent: new Set(GUARDED_LABELS),
  namespace: namespaceOf,
  hasMetadata: true,
  deadLetters,
})

const grafana = (write: LineWriter, constant: Labels): Format => ({
  write,
  constant,
  fromEvent: new Set(['namespace']),
  namespace: (event) => event.involved.namespace,
  hasMetadata: false,
  deadLetters: 'logfmt',
})

/**
 * The formats `alloy`, `agent` and `exporter` are for dashboards made for those agents: labels, `job` and line are
 * theirs, there is no structured metadata, and the time is ours (theirs loses series and fractions of seconds). Where
 * their labels name the agent, the constant they are documented with stands: `instance` of Alloy is the component's
 * id, `instance` and `agent_hostname` of the Agent are `eventhandler`; `labels` in the configuration overrides both.
 * What they refuse to ship (events without an involved object's name) is shipped.
 */
export const formatOf = (options: EntryOptions): Format => {
  const job = DEFAULT_JOB[options.format]
  const formats: Readonly<Record<LineFormat, () => Format>> = {
    logfmt: () => own(job, writeLogfmtLine, 'logfmt'),
    json: () => own(job, writeJsonLine, 'json'),
    alloy: () => grafana(writeAlloyLine, { job, instance: 'loki.source.kubernetes_events.default' }),
    agent: () => grafana(writeAgentLine, { job, instance: 'eventhandler', agent_hostname: 'eventhandler' }),
    exporter: () => ({
      write: exporterLineWriter(options.labels['cluster'] ?? ''),
      constant: { job },
      fromEvent: new Set<string>(),
      namespace: () => '',
      hasMetadata: false,
      deadLetters: 'json',
    }),
  }
  return formats[options.format]()
}
