import { CURSORS_ANNOTATION } from './cursors-annotation.ts'
import { type Lease, microTime, withAnnotation } from './lease-object.ts'

/** Who claims a Lease, when (wall clock), and the cursors that go with it; undefined: the annotation stays as it is. */
export type Claim = {
  readonly identity: string
  readonly leaseDurationMs: number
  readonly nowMs: number
  readonly cursors: string | undefined
}

/** `leaseTransitions` is an int32. */
const MAX_TRANSITIONS = 2 ** 31 - 1

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0

/** How often the Lease went from one holder to another. */
export const transitionsOf = (lease: Lease): number => Math.min(count(lease.spec['leaseTransitions']), MAX_TRANSITIONS)

/** How long the holder asked others to wait; 0 when it did not say. */
export const durationMsOf = (lease: Lease): number => count(lease.spec['leaseDurationSeconds']) * 1000

/**
 * What must stand still before a Lease may be taken over. Compared only with itself: the times in it are by the clock
 * of another machine.
 */
export const observedRecord = (lease: Lease): string =>
  JSON.stringify([lease.holder, lease.spec['renewTime'] ?? null, lease.resourceVersion])

const written = (lease: Lease, cursors: string | undefined, spec: object): Readonly<Record<string, unknown>> => ({
  ...(cursors === undefined ? lease.object : withAnnotation(lease, CURSORS_ANNOTATION, cursors)),
  spec: { ...lease.spec, ...spec },
})

/**
 * The update by which `identity` takes a Lease or, if it has it, keeps it, with the resourceVersion of `lease` as its
 * lock. acquireTime and leaseTransitions change only with the holder (client-go, leaderelection.go).
 */
export const claimed = (lease: Lease, { identity, leaseDurationMs, nowMs, cursors }: Claim): unknown => {
  const now = microTime(nowMs)
  const isOurs = lease.holder === identity
  return written(lease, cursors, {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    acquireTime: isOurs ? (lease.spec['acquireTime'] ?? now) : now,
    renewTime: now,
    leaseTransitions: isOurs ? transitionsOf(lease) : Math.min(transitionsOf(lease) + 1, MAX_TRANSITIONS),
  })
}

/** The update that gives a Lease back: nobody holds it, and for a second only, so that nobody waits. */
export const released = (lease: Lease, { nowMs, cursors }: Pick<Claim, 'nowMs' | 'cursors'>): unknown => {
  const now = microTime(nowMs)
  return written(lease, cursors, {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: transitionsOf(lease),
  })
}
