import type { KubeEvent } from '../kube/event.ts'
import { namespaceKey, repeatKey, suppressedOf, throttleTimeNs } from './repeats.ts'
import type { ThrottleOptions } from './throttle-options.ts'
import { type Slot, WindowLimit } from './window-limit.ts'

/** `suppressed`: as `suppressedOf` tells. `by`: which limit keeps it back. */
export type Judgement =
  | { readonly kind: 'sent'; readonly suppressed: number }
  | { readonly kind: 'throttled'; readonly by: 'object' | 'namespace' }

/** Judges the events of one scrape config, in the order in which they come. */
export type Throttle = (event: KubeEvent) => Judgement

const SENT: Judgement = { kind: 'sent', suppressed: 0 }
const BY_OBJECT: Judgement = { kind: 'throttled', by: 'object' }
const BY_NAMESPACE: Judgement = { kind: 'throttled', by: 'namespace' }

/**
 * The first `lines` of an object and reason in each window pass, and one more, once as many were suppressed, to tell how
 * many. Whether an event passes depends on what came before it; what its entry says
 * depends on the event alone, so whatever is sent twice is the same to the byte.
 *
 * @param options null: everything is sent.
 */
export const createThrottle = (options: ThrottleOptions | null): Throttle => {
  if (options === null) return () => SENT
  const { lines, namespaceLines } = options
  const objects = lines === 0 ? null : new WindowLimit(options.windowMs)
  const namespaces = namespaceLines === 0 ? null : new WindowLimit(options.namespaceWindowMs)
  return (event) => {
    const timestampNs = throttleTimeNs(event)
    const suppressed = objects === null ? 0 : suppressedOf(event, options)
    // By the event alone: what tells in one life of the agent must do so in the next, where fewer came before it.
    const mayTell = suppressed > 0 && suppressed >= lines
    const ofObject = objects?.slot(repeatKey(event), timestampNs)
    if (!isWithin(ofObject, mayTell ? lines + 1 : lines)) return BY_OBJECT
    const ofNamespace = namespaces?.slot(namespaceKey(event), timestampNs)
    if (!isWithin(ofNamespace, namespaceLines)) return BY_NAMESPACE
    if (ofObject !== undefined) objects?.count(ofObject)
    if (ofNamespace !== undefined) namespaces?.count(ofNamespace)
    return suppressed === 0 ? SENT : { kind: 'sent', suppressed }
  }
}

const isWithin = (slot: Slot | undefined, lines: number): boolean => slot === undefined || slot.lines < lines
