import type { Frame } from './event-watch.ts'

/** A stretch of history, for a backup. */
export type HistorySnapshot = { readonly head: Frame; readonly last: Frame }

const rootFrame = (revision: bigint): Frame => ({
  revision,
  type: 'DELETED',
  namespace: '',
  version: { revision, tail: null, read: true },
  tail: '',
  previous: null,
  sequence: 0,
  next: null,
})

/** The changes since the last compaction, a chain: a watch holds its place in it and keeps what it has not read. */
export class EventHistory {
  /** Frames behind `head` up to `last` are the history. */
  #head: Frame
  #last: Frame

  private constructor(head: Frame) {
    this.#head = head
    this.#last = head
  }

  static startingAt(revision: bigint): EventHistory {
    return new EventHistory(rootFrame(revision))
  }

  /** Copies a backup: the chain behind it belongs to a future that no longer happens. */
  static restored(snapshot: HistorySnapshot): EventHistory {
    const history = new EventHistory({ ...snapshot.head, next: null })
    for (let frame = snapshot.head; frame !== snapshot.last && frame.next !== null;) {
      frame = frame.next
      const copy = { ...frame, next: null }
      history.#last.next = copy
      history.#last = copy
    }
    return history
  }

  get last(): Frame {
    return this.#last
  }

  get length(): number {
    return this.#last.sequence - this.#head.sequence
  }

  append(frame: Omit<Frame, 'sequence' | 'next'>): void {
    const added = { ...frame, sequence: this.#last.sequence + 1, next: null }
    this.#last.next = added
    this.#last = added
  }

  /** The last frame whose revision is at most `revision`. */
  upTo(revision: bigint): Frame {
    let frame = this.#head
    while (frame.next !== null && frame.next.revision <= revision) frame = frame.next
    return frame
  }

  /** Forgets frames before `revision`; what an open watch has not read stays with it. */
  compact(revision: bigint): void {
    while (this.#head.next !== null && this.#head.next.revision < revision) this.#head = this.#head.next
  }

  /** The revision up to which a compaction leaves `keep` frames. */
  revisionBefore(keep: number): bigint {
    let frame = this.#head
    for (let surplus = this.length - keep; surplus > 0 && frame.next !== null; surplus -= 1) frame = frame.next
    return frame.revision
  }

  snapshot(): HistorySnapshot {
    return { head: this.#head, last: this.#last }
  }
}
