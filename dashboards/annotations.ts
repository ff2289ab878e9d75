import type { AnnotationQuery } from '@grafana/grafana-foundation-sdk/dashboard'
import { LOKI } from './panels.ts'
import { meaning, nodeMeaning } from './scope.ts'

/** Marks on all graphs; Grafana's runner for Loki reads `expr` and the formats beside it, not a target. */
const mark = (name: string, iconColor: string, expr: string): AnnotationQuery => ({
  name,
  datasource: LOKI,
  enable: true,
  hide: false,
  iconColor,
  expr,
  titleFormat: '{{reason}} {{name}}',
  tagKeys: 'namespace,reason',
})

/** What explains a change in all graphs: a rollout, or a node in trouble. */
export const ROLLOUTS_AND_NODE_TROUBLE: readonly AnnotationQuery[] = [
  mark(
    'Rollouts',
    'blue',
    meaning({
      matchers: ['kind="Deployment"'],
      lines: '|= "ScalingReplicaSet"',
      labels: '| reason="ScalingReplicaSet"',
    }),
  ),
  mark(
    'Node trouble',
    'red',
    nodeMeaning({
      matchers: ['kind="Node"'],
      lines: '|~ "NodeNotReady|Rebooted"',
      labels: '| reason=~"^(NodeNotReady|Rebooted)$"',
    }),
  ),
]
