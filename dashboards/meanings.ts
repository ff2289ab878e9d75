import type { Meaning } from './meaning.ts'
import { CONTAINERS } from './wrong-containers.ts'
import { NODES_AND_OTHERS } from './wrong-nodes.ts'
import { WORKLOADS } from './wrong-workloads.ts'

/** What the stats of the overview count, in their order: eight in a line. */
export const MEANINGS: readonly Meaning[] = [...CONTAINERS, ...WORKLOADS, ...NODES_AND_OTHERS]
