import type { KubeEvent } from '../kube/event.ts'

/** `spec.containers{web}`, `spec.initContainers{web}`, `spec.ephemeralContainers{web}`: what the kubelet writes. */
const CONTAINER_PATH = /^spec\.(?:c|initC|ephemeralC)ontainers\{([^{}]+)\}$/

/** The namespace an event belongs to: its involved object's, else its own (cluster-scoped objects). */
export const namespaceOf = (event: KubeEvent): string => event.involved.namespace || event.namespace

/** The container the event is about, from the involved object's fieldPath; '' when it is about none. */
export const containerOf = (event: KubeEvent): string =>
  event.involved.fieldPath === '' ? '' : (CONTAINER_PATH.exec(event.involved.fieldPath)?.[1] ?? '')

/** Who reported it: the legacy source, else the newer reporting component. */
export const componentOf = (event: KubeEvent): string => event.sourceComponent || event.reportingComponent

/** Occurrences so far, at least 1; whichever of the two counters the writer uses. */
export const occurrencesOf = (event: KubeEvent): number => Math.max(1, event.count, event.series?.count ?? 0)

export type EventLevel = 'info' | 'warn' | 'error'

const levelOfOddType = (type: string): EventLevel => {
  const lower = type.slice(0, 16).toLowerCase()
  if (lower === 'warning') return 'warn'
  return lower === 'error' ? 'error' : 'info'
}

/** The level of a line; see `LINE_KEYS` in names.ts. */
export const levelOf = (type: string): EventLevel => {
  if (type === 'Normal') return 'info'
  return type === 'Warning' ? 'warn' : levelOfOddType(type)
}
