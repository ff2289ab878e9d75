import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { Entry } from '../../src/entry/entry.ts'
import { createProcessor } from '../../src/processor.ts'
import { noMetrics } from '../../src/stages/stage-metrics.ts'

/** Six stages of the kinds that people use most. */
const CONFIG = `
clients: [{ url: http://loki/loki/api/v1/push }]
scrape_configs:
  - job_name: bench
    kubernetes_events: {}
    pipeline_stages:
      - json: { expressions: { reason: , name: , kind: , component: source.component } }
      - match: { selector: '{type="Warning"} |~ "Back-?off"', stages: [{ static_labels: { severity: page } }] }
      - template: { source: short, template: '{{ .kind }}/{{ .name }}: {{ .reason | ToUpper }}' }
      - labels: { reason: , object_kind: kind }
      - structured_metadata: { short: , name: }
      - drop: { source: reason, expression: 'Pulled|Created' }
`

const REASONS = ['BackOff', 'Scheduled', 'Pulled', 'Killing']

const entryOf = (n: number): Entry => ({
  labels: { job: 'bench', kind: 'Pod', namespace: `ns-${n % 50}`, type: n % 3 === 0 ? 'Warning' : 'Normal' },
  timestampNs: 1_714_557_600_000_000_000n + BigInt(n),
  metadata: [],
  line: JSON.stringify({
    ...{
      level: 'warn',
      type: 'Warning',
      reason: REASONS[n % 4],
      kind: 'Pod',
      namespace: `ns-${n % 50}`,
      name: `web-${n}`,
    },
    msg: `Back-off restarting failed container app in pod web-${n}_shop(3f0c2a1e-1111-2222-3333-444455556666)`,
    ...{ count: n, source: { component: 'kubelet', host: 'node-a' }, uid: `3f0c2a1e-${n}`, rv: String(n) },
  }),
})

const DISTINCT = 5000

/** Entries per second through a pipeline of six stages, the best of three rounds. */
export const measurePipeline = (entries: number): number => {
  const parsed = parseConfig(CONFIG, 'bench.yaml')
  const [job] = parsed.kind === 'valid' ? parsed.config.scrapeConfigs : []
  if (job === undefined) throw new Error('the configuration of the bench is not valid')
  const processor = createProcessor(job, { clock: systemClock, metrics: noMetrics })
  const distinct = Array.from({ length: DISTINCT }, (_, n) => entryOf(n))
  const rounds = [1, 2, 3].map(() => {
    const beganMs = systemClock.monotonicMs()
    for (let done = 0; done < entries; done += DISTINCT)
      for (const entry of distinct) processor.process(entry, () => [])
    return (entries / (systemClock.monotonicMs() - beganMs)) * 1000
  })
  return Math.round(Math.max(...rounds))
}
