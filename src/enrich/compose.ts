import type { Enrichment } from '../entry/enrichment.ts'
import type { Chosen } from './choice.ts'
import type { Controller } from './facts.ts'
import type { Top } from './owners.ts'

/** What was found out, part by part. */
export type Found = {
  readonly labels: Chosen
  readonly annotations: Chosen
  readonly controller: Controller | null
  readonly top: Top | null
  readonly namespaceLabels: Chosen
  readonly nodeLabels: Chosen
  /** '' when nothing of nodes is wanted. */
  readonly nodeName: string
}

type Pair = readonly [name: string, value: string]

const OBJECT = '__meta_kubernetes_event_involved_object_'

/** As Prometheus' discovery has it: what it says, and that it is there. */
const mapped = (prefix: string, of: 'label' | 'annotation', chosen: Chosen): readonly Pair[] =>
  chosen.flatMap(([, value, name]): Pair[] => [
    [`${prefix}${of}_${name}`, value],
    [`${prefix}${of}present_${name}`, 'true'],
  ])

const metaOf = (found: Found): readonly Pair[] => [
  ...(found.controller === null
    ? []
    : ([
        [`${OBJECT}controller_kind`, found.controller.kind],
        [`${OBJECT}controller_name`, found.controller.name],
      ] as const)),
  ...(found.top === null
    ? []
    : ([
        [`${OBJECT}owner_kind`, found.top.kind],
        [`${OBJECT}owner_name`, found.top.name],
      ] as const)),
  ...mapped(OBJECT, 'label', found.labels),
  ...mapped(OBJECT, 'annotation', found.annotations),
  ...mapped('__meta_kubernetes_namespace_', 'label', found.namespaceLabels),
  ...mapped('__meta_kubernetes_node_', 'label', found.nodeLabels),
  ...(found.nodeName === '' ? [] : ([['__meta_kubernetes_node_name', found.nodeName]] as const)),
]

/** Of the same name, the first: the object's own label before its namespace's, that before its node's. */
const metadataOf = (found: Found, maxNames: number): Enrichment['metadata'] => {
  const metadata: Pair[] = found.top === null ? [] : [['owner_kind', found.top.kind], ['owner_name', found.top.name]] // prettier-ignore
  const most = metadata.length + maxNames
  const seen = new Set<string>()
  for (const part of [found.labels, found.annotations, found.namespaceLabels, found.nodeLabels]) {
    for (const [name, value] of part) {
      if (seen.has(name) || metadata.length >= most) continue
      seen.add(name)
      metadata.push([name, value])
    }
  }
  return metadata
}

/** What was found as an entry and a relabel rule have it; null: nothing was. */
export const compose = (found: Found, maxNames: number): Enrichment | null => {
  const isNothing = found.labels.length + found.annotations.length + found.namespaceLabels.length === 0
  if (isNothing && found.nodeLabels.length === 0 && found.top === null && found.nodeName === '') return null
  return { metadata: metadataOf(found, maxNames), meta: () => metaOf(found) }
}
