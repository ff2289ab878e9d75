import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard'
import type { ClassicDashboard } from './classic.ts'
import { ROLLOUTS_AND_NODE_TROUBLE } from './annotations.ts'
import { BETWEEN_EVENTS, layOut, type Row, TO_AGENT } from './layout.ts'
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

/** Grafana colours lines by a label `level`; also where Loki does not detect one. */
const LEVEL = '| label_format level=`{{ if eq .type "Warning" }}warning{{ else }}info{{ end }}`'
const READABLE = '| line_format `{{ .kind }} {{ .namespace }}/{{ .name }} {{ .reason }}: {{ .msg }}`'

const colour = (name: string): FieldColorBuilder =>
  new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(name)

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
        'Warnings by object',
        24,
        12,
        'A lane for each object and reason; the number is that of warnings in a step. Loki gives an error above 500 lanes (max_query_series): select a namespace or an object.',
      ),
    )
      .colorScheme(colour('orange'))
      .withTarget(
        range(
          countBy('namespace, kind, name, reason', SELECTED_WARNINGS),
          '{{kind}} {{namespace}}/{{name}} {{reason}}',
        ),
      ),
    lanes(
      frame(
        'Everything else by reason',
        24,
        12,
        'A lane for each namespace, kind and reason of the other events; with an object selected, those of the object. The number is that of events in a step.',
      ),
    )
      .colorScheme(colour('green'))
      .withTarget(range(countBy('namespace, kind, reason', SELECTED_OTHERS), '{{namespace}} {{kind}} {{reason}}')),
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
    links: [BETWEEN_EVENTS, TO_AGENT],
    rows: [counts, order, written],
  })
