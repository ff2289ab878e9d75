import type { ClassicDashboard } from './classic.ts'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { ROLLOUTS_AND_NODE_TROUBLE } from './annotations.ts'
import { BETWEEN_EVENTS, layOut, type Row, TO_AGENT } from './layout.ts'
import type { Meaning } from './meaning.ts'
import { MEANINGS } from './meanings.ts'
import { nodeLanes, nodeWarnings } from './nodes.ts'
import { ALARMING, bars, type Frame, logs, LOKI, ranking, shares, stat, steps, table, timeOfLine } from './panels.ts'
import { ALL_EVENTS, countBy, countOf, HEARTBEATS, meaning, nodeMeaning, SELECTED, SELECTED_WARNINGS } from './scope.ts'
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

/** The dashboard of one object; `%24`, a `$` behind the name, because a beginning is asked for there. */
const TIMELINE =
  '/d/eventail-timeline?${datasource:queryparam}&${cluster:queryparam}&${__url_time_range}' +
  '&var-namespace=${__data.fields.Namespace}&var-kind=${__data.fields.Kind}&var-name=${__data.fields.Name}%24'

const POSITION_AGE = `max(last_over_time(${HEARTBEATS} | logfmt position_age | unwrap position_age [$__auto]) by (cluster))`

/** Firing alerts; the SDK has no builder for this panel. */
const alertList = (title: string, width: number, height: number): { build: () => Panel } => ({
  build: () => ({
    type: 'alertlist',
    title,
    description:
      'Alerts of the shipped rules that fire or are pending, of all rulers that Grafana knows. Data sources must have "Manage alert rules via Alerting UI" switched on.',
    gridPos: { h: height, w: width, x: 0, y: 0 },
    options: {
      viewMode: 'list',
      groupMode: 'default',
      groupBy: [],
      maxItems: 50,
      sortOrder: 3,
      dashboardAlerts: false,
      alertName: 'KubeEvent',
      alertInstanceLabelFilter: '',
      datasource: '',
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true, recovering: false },
    },
  }),
})

const health: Row = {
  title: 'Health',
  panels: [
    stat(
      {
        ...frame('Last event', 4, 4, 'When the newest event of the selected clusters happened, within the time range.'),
        unit: 'dateTimeFromNow',
      },
      'none',
      steps('text'),
    )
      // One line, which Loki finds without reading the others; its time is the field that is shown.
      .reduceOptions(timeOfLine())
      .withTarget(linesOf(ALL_EVENTS, 1)),
    stat(
      {
        ...frame(
          'Agent behind',
          4,
          4,
          'How old the position of the agent is, by its newest heartbeat; of several clusters the worst. Up to 100 s in a quiet cluster. "no heartbeat": the agent is not running, or its heartbeat is switched off.',
        ),
        unit: 's',
      },
      'no heartbeat',
      steps('green', [120, 'orange'], [300, 'red']),
    ).withTarget(instant(POSITION_AGE)),
    stat(
      frame('Events', 4, 4, 'Events of everything selected. A repeat that the recorder counts up is one more.'),
      '0',
      steps('text'),
    ).withTarget(instant(countOf(SELECTED))),
    stat(
      frame('Warnings', 4, 4, 'Those of type Warning. Many grave events have type Normal.'),
      '0',
      ALARMING,
    ).withTarget(instant(countOf(SELECTED_WARNINGS))),
    stat(
      frame(
        'Affected objects',
        4,
        4,
        'Objects with at least one warning. Loki gives an error above 500 (max_query_series): narrow the selection.',
      ),
      '0',
      ALARMING,
    ).withTarget(instant(`count(${countBy('cluster, namespace, kind, name', SELECTED_WARNINGS)})`)),
    stat(frame('Affected namespaces', 4, 4, 'Namespaces with at least one warning.'), '0', ALARMING).withTarget(
      instant(`count(${countBy('cluster, namespace', SELECTED_WARNINGS)})`),
    ),
  ],
}

const logOf = (one: Meaning): string => (one.isOfNodes ? nodeMeaning(one) : meaning(one))

const wrong: Row = {
  title: 'What is wrong',
  panels: MEANINGS.map((one) =>
    stat(frame(one.title, 3, 3, one.description), '0', ALARMING).withTarget(instant(countOf(logOf(one)))),
  ),
}

const trend: Row = {
  title: 'Trend',
  panels: [
    bars(frame('Events by type', 12, 8, 'Events in each step, by their type.'))
      .overrideByName('Warning', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'orange' } }])
      .overrideByName('Normal', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'blue' } }])
      .withTarget(range(countBy('type', SELECTED), '{{type}}')),
    bars(
      frame('Warnings by reason', 12, 8, 'Warnings in each step, by reason: the twelve most frequent of each step.'),
    ).withTarget(range(`topk(12, ${countBy('reason', SELECTED_WARNINGS)})`, '{{reason}}')),
    bars(
      frame(
        'Events by component',
        12,
        8,
        'Events in each step, by the component that wrote them: the ten most frequent of each step.',
      ),
    ).withTarget(range(`topk(10, ${countBy('component', SELECTED)})`, '{{component}}')),
    bars(
      frame('Warnings by namespace', 12, 8, 'Warnings in each step, by namespace: the ten most frequent of each step.'),
    ).withTarget(range(`topk(10, ${countBy('namespace', SELECTED_WARNINGS)})`, '{{namespace}}')),
  ],
}

const shareOf = (title: string, description: string, label: string): ReturnType<typeof shares> =>
  shares(frame(title, 6, 9, description), 8).withTarget(instant(`sort_desc(topk(8, ${countBy(label, SELECTED)}))`))

const distribution: Row = {
  title: 'Distribution',
  panels: [
    ranking(frame('Top reasons', 12, 9, 'The fifteen most frequent reasons, of any type.'), 15).withTarget(
      instant(`sort_desc(topk(15, ${countBy('reason', SELECTED)}))`),
    ),
    shareOf('Events by kind', 'The eight kinds of objects with the most events.', 'kind'),
    shareOf('Events by source', 'The eight components that wrote the most events.', 'component'),
  ],
}

const objects: Row = {
  title: 'Objects',
  panels: [
    table(
      frame(
        'Top objects',
        15,
        12,
        'The objects with the most warnings, by reason. A name leads to its timeline. Loki gives an error where more than 500 match (max_query_series): narrow the selection.',
      ),
      [
        ['cluster', 'Cluster'],
        ['namespace', 'Namespace'],
        ['kind', 'Kind'],
        ['name', 'Name'],
        ['reason', 'Reason'],
      ],
      'Warnings',
    )
      .overrideByName('Name', [{ id: 'links', value: [{ title: 'Timeline of this object', url: TIMELINE }] }])
      .withTarget(
        instant(`sort_desc(topk(25, ${countBy('cluster, namespace, kind, name, reason', SELECTED_WARNINGS)}))`),
      ),
    table(
      frame('Namespaces and reasons', 9, 12, 'The most frequent reasons of warnings in each namespace.'),
      [
        ['namespace', 'Namespace'],
        ['reason', 'Reason'],
      ],
      'Warnings',
    ).withTarget(instant(`sort_desc(topk(25, ${countBy('namespace, reason', SELECTED_WARNINGS)}))`)),
  ],
}

const live: Row = {
  title: 'Events',
  panels: [
    logs(frame('Newest events', 24, 14, 'The newest 200 lines of everything selected.')).withTarget(
      linesOf(SELECTED, 200),
    ),
  ],
}

/** What happens in all clusters, and what is wrong. */
export const overview = (): ClassicDashboard =>
  layOut({
    uid: 'eventail-overview',
    title: 'Kubernetes events / Overview',
    description: 'What happens in Kubernetes clusters and what is wrong, counted from events in Loki.',
    tags: ['kubernetes', 'events', 'eventail'],
    from: 'now-6h',
    variables: eventVariables(),
    annotations: ROLLOUTS_AND_NODE_TROUBLE,
    links: [BETWEEN_EVENTS, TO_AGENT],
    rows: [
      health,
      wrong,
      trend,
      distribution,
      objects,
      { title: 'Nodes and alerts', panels: [nodeLanes(16, 10), alertList('Alerts', 8, 10), nodeWarnings(24, 8)] },
      live,
    ],
  })
