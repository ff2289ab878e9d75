import type { Clock } from '../clock.ts'
import { eventKey, type EventObject } from './event-object.ts'
import type { EventStore } from './event-store.ts'
import { shiftEvent, uidInRound, type TimeShift } from './event-times.ts'
import type { RecordedFrame, Recording } from './recording.ts'

export type ReplayOptions = {
  readonly store: EventStore
  readonly recording: Recording
  readonly clock: Clock
  /** 1 is the recorded pace. */
  readonly speed: number
  readonly signal: AbortSignal
}

const keyOf = ({ metadata: { namespace, name } }: EventObject): string => eventKey(namespace, name)

/** The recording begins at the next full second, so that its whole seconds stay whole. */
const nextSecond = (ms: number): number => Math.ceil(ms / 1000) * 1000

/** Stores what was stored when the recording began, at the recorded revisions. */
export const fillStore = (store: EventStore, recording: Recording, shift: TimeShift): void => {
  const revisionOf = (event: EventObject): number => Number(event.metadata.resourceVersion)
  for (const item of recording.items.toSorted((a, b) => revisionOf(a) - revisionOf(b))) {
    const gap = revisionOf(item) - Number(store.revision) - 1
    if (gap > 0) store.bump(gap)
    store.create(shiftEvent(item, shift))
  }
  const gap = recording.resourceVersion - Number(store.revision)
  if (gap > 0) store.bump(gap)
}

const apply = (store: EventStore, type: RecordedFrame['type'], events: readonly EventObject[]): void => {
  if (type === 'DELETED') {
    store.remove(events.map(keyOf))
    return
  }
  for (const event of events) {
    // A recorder whose PATCH finds nothing creates the event again, and a repeated round finds what is left.
    if (store.get(keyOf(event)) === null) store.create(event)
    else store.update(keyOf(event), () => event)
  }
}

/** Frames of one revision: deletions share one, when a lease of etcd ends. */
const sameRevision = (frames: readonly RecordedFrame[], first: number): readonly RecordedFrame[] => {
  const revision = frames[first]?.resourceVersion
  let end = first
  while (end < frames.length && frames[end]?.resourceVersion === revision) end += 1
  return frames.slice(first, end)
}

const playRound = async (options: ReplayOptions, shift: TimeShift, round: number): Promise<void> => {
  const { store, recording, clock, speed, signal } = options
  let revision = recording.resourceVersion
  await clock.sleep(shift.toMs - clock.now(), signal)
  for (let i = 0; i < recording.frames.length;) {
    const frames = sameRevision(recording.frames, i)
    const [first] = frames
    if (first === undefined) return
    const dueMs = shift.toMs + first.atMs / speed
    while (clock.now() < dueMs && !signal.aborted) await clock.sleep(dueMs - clock.now(), signal)
    if (signal.aborted) return
    // Between two events other resources took revisions of the same etcd.
    store.bump(Math.max(0, first.resourceVersion - revision - 1))
    revision = first.resourceVersion
    const events = frames.map(({ object }) => {
      const event = shiftEvent(object, shift)
      return { ...event, metadata: { ...event.metadata, uid: uidInRound(event.metadata.uid ?? '', round) } }
    })
    apply(store, first.type, events)
    i += frames.length
  }
}

/**
 * Plays the recording into the store, beginning within a second, again and again until the signal aborts: each round at its own
 * time, with names, uids and revisions of its own. The first round begins with `fillStore` at once.
 */
export const startReplay = (options: ReplayOptions): Promise<void> => {
  const { store, recording, clock, speed, signal } = options
  const shiftFrom = (nowMs: number): TimeShift => ({ fromMs: recording.startMs, toMs: nextSecond(nowMs), speed })
  const first = shiftFrom(clock.now())
  fillStore(store, recording, first)
  const play = async (): Promise<void> => {
    await playRound(options, first, 0)
    for (let round = 1; !signal.aborted; round += 1) {
      await clock.sleep(1000, signal)
      await playRound(options, shiftFrom(clock.now()), round)
    }
  }
  return play()
}
