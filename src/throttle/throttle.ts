import { namespaceOf } from '../entry/event-fields.ts'
import { eventTime } from '../entry/timestamp.ts'
import type { KubeEvent } from '../kube/event.ts'
import { NamespaceLimit } from './namespace-limit.ts'
import { judgeRepeat } from './repeats.ts'
import type { ThrottleOptions } from './throttle-options.ts'

/** `suppressed`: occurrences before this one that were not sent. `by`: which limit keeps it back. */
export type Judgement =
  | { readonly kind: 'sent'; readonly suppressed: number }
  | { readonly kind: 'throttled'; readonly by: 'object' | 'namespace' }

/** Judges the events of one scrape config, in the order in which they come. */
export type Throttle = (event: KubeEvent) => Judgement

const SENT: Judgement = { kind: 'sent', suppressed: 0 }
const BY_OBJECT: Judgement = { kind: 'throttled', by: 'object' }
const BY_NAMESPACE: Judgement = { kind: 'throttled', by: 'namespace' }

/** @param options null: everything is sent. */
export const createThrottle = (options: ThrottleOptions | null): Throttle => {
  if (options === null) return () => SENT
  const { lines, namespaceLines, namespaceWindowMs } = options
  const limit = namespaceLines === 0 ? null : new NamespaceLimit(namespaceLines, namespaceWindowMs)
  return (event) => {
    const suppressed = lines === 0 ? 0 : judgeRepeat(event, options)
    if (suppressed === null) return BY_OBJECT
    if (limit?.admits(namespaceOf(event), eventTime(event).timestampNs) === false) return BY_NAMESPACE
    return suppressed === 0 ? SENT : { kind: 'sent', suppressed }
  }
}
