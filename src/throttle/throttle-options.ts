/** `throttle:` of a scrape config; each part is off at 0 lines. */
export type ThrottleOptions = {
  /** Lines of one event object (an object and a reason, with one message) for each `windowMs` since it was first seen. */
  readonly lines: number
  readonly windowMs: number
  /** Lines of one namespace in each `namespaceWindowMs`, by the events' own times. */
  readonly namespaceLines: number
  readonly namespaceWindowMs: number
}
