import t from 'tap'
import { createInspect } from '../../src/cli/inspect.ts'
import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { createProcessor } from '../../src/processor.ts'
import { Pipeline } from '../../src/stages/pipeline.ts'
import { noMetrics } from '../../src/stages/stage-metrics.ts'

const STAGES = `clients: [{ url: http://loki/push }]
scrape_configs:
  - job_name: a
    kubernetes_events: {}
    pipeline_stages:
      - json: { expressions: { reason: , count: } }
      - match:
          selector: '{kind="Pod"}'
          stages: [{ labels: { reason: } }, { labeldrop: [kind] }]
      - match: { selector: '{kind="Node"}', stages: [{ labeldrop: [kind] }] }
      - structured_metadata: { count: }
      - replace: { expression: '(Back)', replace: Roll }
      - timestamp: { source: count, format: Unix }
      - template: { source: reason, template: '' }
      - drop: { source: count, value: "7" }
`

const LINE = JSON.stringify({ reason: 'BackOff', count: 7, message: 'hi \u001b[31m\u202e' })

/** What is told of one entry. */
const told = (coloured: boolean): string => {
  const parsed = parseConfig(STAGES, 'eventail.yaml')
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors))
  let text = ''
  const inspect = createInspect({ coloured, write: (piece) => (text += piece) })
  const pipeline = new Pipeline(parsed.config.scrapeConfigs[0]?.stages ?? [], {
    clock: systemClock,
    metrics: noMetrics,
    inspect,
  })
  const labels = new Map([['kind', 'Pod']])
  t.equal(pipeline.process({ labels, timestampNs: 1n, line: LINE, metadata: [] }), null)
  return text
}

t.test('every stage tells what it changed, those inside of match too, and nothing moves the terminal', (t) => {
  t.equal(
    told(false),
    `[inspect: json stage]:
  + extracted reason: "BackOff"
  + extracted count: 7
[inspect: labels stage]:
  + label reason: "BackOff"
[inspect: labeldrop stage]:
  - label kind: "Pod"
[inspect: match stage]:
  none
[inspect: structured_metadata stage]:
  + structured metadata count: "7"
[inspect: replace stage]:
  ~ line: "{\\"reason\\":\\"BackOff\\",\\"count\\":7,\\"message\\":\\"hi \\\\u001b[31m\\u202e\\"}" -> "{\\"reason\\":\\"RollOff\\",\\"count\\":7,\\"message\\":\\"hi \\\\u001b[31m\\u202e\\"}"
[inspect: timestamp stage]:
  ~ timestamp: 1 -> 7000000000
[inspect: template stage]:
  - extracted reason: "BackOff"
[inspect: drop stage]:
  - dropped
`,
  )
  t.end()
})

t.test('on a terminal it is coloured as by Promtail', (t) => {
  const text = told(true)
  t.match(text, '  \u001b[32m+ label reason: "BackOff"\u001b[0m\n', 'green')
  t.match(text, '  \u001b[33m~ timestamp: 1 -> 7000000000\u001b[0m\n', 'yellow')
  t.match(text, '  \u001b[31m- label kind: "Pod"\u001b[0m\n', 'red')
  t.match(text, '  \u001b[31mnone\u001b[0m\n', 'red')
  t.end()
})

t.test('rules tell what they changed, before the stages', (t) => {
  const parsed = parseConfig(
    `clients: [{ url: http://loki/push }]
scrape_configs:
  - job_name: a
    kubernetes_events: {}
    relabel_configs:
      - { source_labels: [__meta_ns], target_label: team, replacement: 'of-$1' }
      - { regex: kind, action: labeldrop }
      - { source_labels: [team], regex: nobody, action: drop }
      - { source_labels: [team], regex: of-shop, action: drop }
      - { target_label: never }
    pipeline_stages: [{ labeldrop: [team] }]
`,
    'eventail.yaml',
  )
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors))
  const [job] = parsed.config.scrapeConfigs
  if (job === undefined) throw new Error('no scrape config')
  let text = ''
  const inspect = createInspect({ coloured: false, write: (piece) => (text += piece) })
  const processor = createProcessor(job, { clock: systemClock, metrics: noMetrics, inspect })
  const entry = { labels: { kind: 'Pod' }, timestampNs: 1n, line: 'x', metadata: [] }
  t.equal(
    processor.process(entry, () => [['__meta_ns', 'shop']]),
    null,
  )
  t.equal(
    text,
    `[inspect: relabel_configs[0] replace]:
  + label team: "of-shop"
[inspect: relabel_configs[1] labeldrop]:
  - label kind: "Pod"
[inspect: relabel_configs[2] drop]:
  none
[inspect: relabel_configs[3] drop]:
  - dropped
`,
  )
  text = ''
  t.ok(processor.process(entry, () => [['__meta_ns', 'web']]))
  t.match(text, /\[inspect: relabel_configs\[4\] replace\]:\n {2}none\n\[inspect: labeldrop stage\]:\n {2}- label team/)
  t.end()
})
