import type { ClassicDashboard } from './classic.ts'
import { ROLLOUTS_AND_NODE_TROUBLE } from './annotations.ts'
import { layOut, linksTo, type Row } from './layout.ts'
import { ALARMING, bars, type Frame, lanes, logs, LOKI, ranking, stat, steps } from './panels.ts'
import { countBy, countOf, SELECTED, SELECTED_OTHERS, SELECTED_WARNINGS } from './scope.ts'
import { instant, linesOf, range } from './targets.ts'
import { eventVariables } from './variables.ts'

const frame = (title: string, width: number, height: number, description: string): Frame => ({
  title,
  description,
  width,
  height,
  unit: 'short',
  source: LOKI,
})

const LANE = 'namespace, kind, name, reason'
const LANE_NAME = '{{namespace}}/{{name}} {{reason}}'

/** Grafana colours lines by a label `level`; also where Loki does not detect one. */
const LEVEL = '| label_format level=`{{ if eq .type "Warning" }}warning{{ else }}info{{ end }}`'
const READABLE = '| line_format `{{ .kind }} {{ .namespace }}/{{ .name }} {{ .reason }}: {{ .msg }}`'

const colour = (fixedColor: string): { id: string; value: unknown }[] => [
  { id: 'color', value: { mode: 'fixed', fixedColor } },
]

const counts: Row = {
  title: 'Counts',
  panels: [
    stat(frame('Events', 4, 8, 'Events of everything selected.'), '0', steps('text')).withTarget(
      instant(countOf(SELECTED)),
    ),
    stat(frame('Warnings', 4, 8, 'Those of type Warning.'), '0', ALARMING).withTarget(
      instant(countOf(SELECTED_WARNINGS)),
    ),
    bars(
      frame('Events by reason', 16, 8, 'Events in each step, by reason: the twelve most frequent of each step.'),
    ).withTarget(range(`topk(12, ${countBy('reason', SELECTED)})`, '{{reason}}')),
  ],
}

const order: Row = {
  title: 'One thing after the other',
  panels: [
    lanes(
      frame(
        'Objects and reasons',
        24,
        14,
        'A lane for each object and reason: warnings orange, the rest green; the number is that of events in a step. Select an object or a namespace: Loki gives an error above 500 lanes (max_query_series).',
      ),
    )
      .overrideByQuery('A', colour('orange'))
      .overrideByQuery('B', colour('green'))
      .withTarget(range(countBy(LANE, SELECTED_WARNINGS), LANE_NAME))
      .withTarget(range(countBy(LANE, SELECTED_OTHERS), LANE_NAME, 'B')),
  ],
}

const written: Row = {
  title: 'Lines',
  panels: [
    ranking(frame('Reasons', 6, 16, 'How often each reason was given: the twenty most frequent.'), 20).withTarget(
      instant(`sort_desc(topk(20, ${countBy('reason', SELECTED)}))`),
    ),
    logs(
      frame('Events', 18, 16, 'The newest 500 events: object, reason and message. Needs `format: logfmt`.'),
    ).withTarget(linesOf(`${SELECTED} | logfmt msg ${LEVEL} ${READABLE}`, 500)),
  ],
}

/** What happened to one object, or in one namespace, one thing after the other. */
export const timeline = (): ClassicDashboard =>
  layOut({
    uid: 'eventail-timeline',
    title: 'Kubernetes events / Timeline',
    description: 'What happened to one object or in one namespace, one thing after the other.',
    tags: ['kubernetes', 'events', 'eventail'],
    from: 'now-3h',
    variables: eventVariables(),
    annotations: ROLLOUTS_AND_NODE_TROUBLE,
    links: [linksTo('eventail')],
    rows: [counts, order, written],
  })
