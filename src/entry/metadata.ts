import type { KubeEvent } from '../kube/event.ts'
import { capped } from './bounded-text.ts'
import type { Entry } from './entry.ts'
import { componentOf, containerOf } from './event-fields.ts'
import type { MetadataName } from './names.ts'

const NONE: Entry['metadata'] = []

/** Structured metadata of an event in the order of `METADATA_NAMES`; each value at most `maxValueBytes`. */
export const metadataOf = (event: KubeEvent, maxValueBytes: number): Entry['metadata'] => {
  const pairs: (readonly [MetadataName, string])[] = []
  const add = (name: MetadataName, value: string): void => {
    if (value !== '') pairs.push([name, capped(value, maxValueBytes)])
  }
  add('reason', event.reason)
  add('name', event.involved.name)
  add('component', componentOf(event))
  add('node', event.sourceHost)
  add('container', containerOf(event))
  return pairs
}

/** Of the formats without structured metadata, and with `structured_metadata: false`. */
export const noMetadata = (): Entry['metadata'] => NONE
