import { bars, lanes, LOKI } from './panels.ts'
import { countBy, nodeMeaning } from './scope.ts'
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { range } from './targets.ts'

/** A condition of a node, and the reasons by which it goes wrong and becomes well again. */
const CONDITIONS = [
  { name: 'ready', wrong: 'NodeNotReady', well: 'NodeReady' },
  { name: 'memory', wrong: 'NodeHasInsufficientMemory', well: 'NodeHasSufficientMemory' },
  { name: 'disk', wrong: 'NodeHasDiskPressure', well: 'NodeHasNoDiskPressure' },
  { name: 'PIDs', wrong: 'NodeHasInsufficientPID', well: 'NodeHasSufficientPID' },
  { name: 'schedulable', wrong: 'NodeNotSchedulable', well: 'NodeSchedulable' },
] as const

const either = (texts: readonly string[]): string => texts.join('|')

/** `{{ if eq .reason "A" }}x{{ else }}...`: the first condition whose reasons an event has. */
const conditionOf = CONDITIONS.slice(1).reduce(
  (text, { name, wrong, well }) =>
    `{{ if or (eq .reason "${wrong}") (eq .reason "${well}") }}${name}{{ else }}${text}{{ end }}`,
  'ready',
)

const wrongReasons = CONDITIONS.map(({ wrong }) => `(eq .reason "${wrong}")`).join(' ')

const STATES = nodeMeaning({
  matchers: ['kind="Node"'],
  lines: '|~ "NodeReady|NodeNotReady|NodeHas|Schedulable"',
  labels: `| reason=~"^(${either(CONDITIONS.flatMap(({ wrong, well }) => [wrong, well]))})$"`,
})

const LANES =
  `last_over_time(${STATES} | label_format condition=\`${conditionOf}\`, ` +
  `state=\`{{ if or ${wrongReasons} }}1{{ else }}0{{ end }}\` | unwrap state [$__auto]) by (cluster, name, condition)`

/** A lane for each condition of each node that changed; a state lasts until the next change. */
export const nodeLanes = (width: number, height: number): ReturnType<typeof lanes> =>
  lanes({
    title: 'Conditions of nodes',
    description:
      'Conditions that changed within the time range; each lasts until it changes again. What was so before the time range is not known from events. Of all namespaces.',
    width,
    height,
    unit: 'none',
    source: LOKI,
  })
    .spanNulls(true)
    .mappings([
      {
        type: MappingType.ValueToText,
        options: {
          '0': { text: 'well', color: 'green', index: 0 },
          '1': { text: 'wrong', color: 'red', index: 1 },
        },
      },
    ])
    .withTarget(range(LANES, '{{name}} {{condition}}'))

/** Warnings about nodes. */
export const nodeWarnings = (width: number, height: number): ReturnType<typeof bars> =>
  bars({
    title: 'Warnings of nodes',
    description: 'Warnings about nodes in each step: the ten nodes and reasons with the most. Of all namespaces.',
    width,
    height,
    unit: 'short',
    source: LOKI,
  }).withTarget(
    range(
      `topk(10, ${countBy('cluster, name, reason', nodeMeaning({ matchers: ['kind="Node"', 'type="Warning"'], lines: '', labels: '' }))})`,
      '{{name}} {{reason}}',
    ),
  )
