/** `throttle:` of a scrape config; each part is off at 0 lines. Windows are of the events' own times. */
export type ThrottleOptions = {
  /** Lines of one involved object and reason in each `windowMs`; one more tells how many were suppressed. */
  readonly lines: number
  readonly windowMs: number
  /** Lines of one namespace in each `namespaceWindowMs`. */
  readonly namespaceLines: number
  readonly namespaceWindowMs: number
}
