import { ADDON_REASON_SOURCES } from './addon-reason-sources.ts'
import { KUBERNETES_REASON_SOURCES, type ReasonSource } from './reason-sources.ts'

export type EventType = 'Normal' | 'Warning'

/** Where a reason is known from. */
export type KnownReason = {
  readonly reason: string
  /** Values of `source.component` or `reportingComponent`, sorted. */
  readonly components: readonly string[]
  /** The types its writers give it, sorted: many grave reasons have type Normal. */
  readonly types: readonly EventType[]
  /**
   * The longest time between two revisions of its event while the state lasts, in seconds: a window of a rule about a
   * lasting state must not be shorter. null: it is told once for each change, or nothing is known of it.
   */
  readonly gapSeconds: number | null
}

type Draft = { readonly components: Set<string>; readonly types: Set<EventType>; gapSeconds: number | null }

const add = (drafts: Map<string, Draft>, source: ReasonSource, reason: string, type: EventType): void => {
  let draft = drafts.get(reason)
  if (draft === undefined) {
    drafts.set(reason, (draft = { components: new Set(), types: new Set(), gapSeconds: null }))
  }
  for (const component of source.components) draft.components.add(component)
  draft.types.add(type)
  const gapSeconds = source.once?.includes(reason) === true ? null : source.gapSeconds
  if (gapSeconds !== null) draft.gapSeconds = Math.max(draft.gapSeconds ?? 0, gapSeconds)
}

const catalogue = (): ReadonlyMap<string, KnownReason> => {
  const drafts = new Map<string, Draft>()
  for (const source of [...KUBERNETES_REASON_SOURCES, ...ADDON_REASON_SOURCES]) {
    for (const reason of source.normal) add(drafts, source, reason, 'Normal')
    for (const reason of source.warning) add(drafts, source, reason, 'Warning')
  }
  const known = [...drafts].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(
    known.map(([reason, { components, types, gapSeconds }]) => [
      reason,
      { reason, components: [...components].sort(), types: [...types].sort(), gapSeconds },
    ]),
  )
}

/**
 * The reasons of events that are known, by name: of Kubernetes' own components and of what often runs in a cluster. A
 * rule that names another one is more likely mistyped than about something new; anybody may write any reason, though.
 */
export const KNOWN_REASONS: ReadonlyMap<string, KnownReason> = catalogue()
