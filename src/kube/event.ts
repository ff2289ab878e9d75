/** A core/v1 ObjectReference; absent parts are ''. */
export type ObjectReference = {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly apiVersion: string
  readonly resourceVersion: string
  readonly fieldPath: string
}

/**
 * One revision of a Kubernetes event, whichever API group (core/v1, events.k8s.io/v1) and verb (LIST, WATCH) it came
 * by. Absent, null and empty texts are all ''. `uid` and `resourceVersion` together identify the revision.
 */
export type KubeEvent = {
  readonly uid: string
  readonly resourceVersion: string
  readonly name: string
  readonly namespace: string
  /** RFC 3339, whole seconds; the server's clock. */
  readonly creationTimestamp: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly involved: ObjectReference
  readonly related: ObjectReference | null
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly action: string
  readonly sourceComponent: string
  readonly sourceHost: string
  readonly reportingComponent: string
  readonly reportingInstance: string
  /** RFC 3339 as the server sent them, or ''. */
  readonly firstTimestamp: string
  readonly lastTimestamp: string
  readonly eventTime: string
  /** Legacy occurrence counter; 0 when absent. */
  readonly count: number
  readonly series: { readonly count: number; readonly lastObservedTime: string } | null
  /** Every `metadata.managedFields[].time`, RFC 3339; only the clock-skew guard reads them. */
  readonly managedTimes: readonly string[]
}

/**
 * What arrived instead of an event: too long for a line, or not a usable event. Shipped as a placeholder entry when
 * uid, resourceVersion and creationTimestamp could be read out of it; otherwise counted as dropped.
 */
export type DeadLetter = {
  readonly why: 'line_too_long' | 'invalid_json' | 'invalid_event'
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly namespace: string
  /** Size of the whole frame as received. */
  readonly sizeBytes: number
  /** Its beginning, at most 1 KiB of text. */
  readonly head: string
}
