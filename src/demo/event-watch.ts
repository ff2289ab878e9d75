import { expiredWatch } from './api-status.ts'
import { watchFrame } from './event-object.ts'
import type { LiveVersion, Version } from './event-index.ts'
import type { EventSelector } from './event-selector.ts'

/** A change as it goes to watchers; frames form a chain in the order of revisions. */
export type Frame = {
  readonly revision: bigint
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly namespace: string
  /** What it made of the event. */
  readonly version: Version
  /** JSON of the event; for DELETED the last state with the revision of the deletion. */
  readonly tail: string
  /** JSON of the event before this change. */
  readonly previous: string | null
  readonly sequence: number
  next: Frame | null
}

export type WatchScope = {
  /** '' is every namespace. */
  readonly namespace: string
  readonly selector: EventSelector
  /** Changes up to this revision are not wanted; it may lie in the future. */
  readonly fromRevision: bigint
}

/** What a watch needs of its store. */
export type WatchFeed = {
  /** The last frame known when the watch begins; it reads on behind it. */
  readonly after: Frame
  /** Sequence of the newest frame of the store. */
  readonly newest: () => number
  /** Frames that a reader may lag behind before it is cut off with a 410. */
  readonly maxLagFrames: number
  readonly onClose: () => void
  /** Told of each state that goes out as ADDED or MODIFIED. */
  readonly onRead: (version: Version) => void
}

/** The frame by which a watch whose revision is gone ends. */
export const EXPIRED_FRAME = `${JSON.stringify({ type: 'ERROR', object: expiredWatch() })}\n`

/** A change through a selector: an event that begins to match is ADDED, one that ceases to is DELETED. */
const seenAs = (frame: Frame, selector: (tail: string) => boolean): Frame['type'] | null => {
  const before = frame.previous !== null && selector(frame.previous)
  const after = frame.type !== 'DELETED' && selector(frame.tail)
  if (before) return after ? 'MODIFIED' : 'DELETED'
  return after ? 'ADDED' : null
}

/** One open watch: read from it what there is, or wait until there is something. */
export class EventWatch {
  readonly #scope: WatchScope
  readonly #feed: WatchFeed
  #at: Frame
  #initial: Iterator<LiveVersion> | null
  #ended = false
  #wake: (() => void) | null = null

  /** `initial`: what comes first as ADDED. */
  constructor(scope: WatchScope, feed: WatchFeed, initial: Iterator<LiveVersion> | null) {
    this.#scope = scope
    this.#feed = feed
    this.#at = feed.after
    this.#initial = initial
  }

  /** True when nothing more will come. What was not read before is lost. */
  get ended(): boolean {
    return this.#ended
  }

  /** True when every frame of the store was read. */
  get drained(): boolean {
    return this.#initial === null && this.#at.next === null
  }

  /** The next lines, at most about `maxChars` of them; '' when there are none now. */
  read(maxChars = 65_536): string {
    if (this.#ended) return ''
    if (this.#feed.newest() - this.#at.sequence > this.#feed.maxLagFrames) {
      this.close()
      return EXPIRED_FRAME
    }
    let out = ''
    while (this.#initial !== null && out.length < maxChars) {
      const item = this.#initial.next()
      if (item.done === true) {
        this.#initial = null
      } else {
        this.#feed.onRead(item.value)
        out += watchFrame('ADDED', item.value.tail)
      }
    }
    while (out.length < maxChars && this.#at.next !== null) {
      this.#at = this.#at.next
      out += this.#line(this.#at)
    }
    return out
  }

  #line(frame: Frame): string {
    const { namespace, selector, fromRevision } = this.#scope
    if (frame.revision <= fromRevision) return ''
    if (namespace !== '' && frame.namespace !== namespace) return ''
    const type = selector === null ? frame.type : seenAs(frame, selector)
    if (type === null) return ''
    if (type !== 'DELETED') this.#feed.onRead(frame.version)
    return watchFrame(type, frame.tail)
  }

  /** Resolves when there may be something to read, or the watch ended, or the signal aborts. One caller at a time. */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#ended || !this.drained || signal?.aborted === true) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wake = null
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#wake = wake
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  /** For the store: something was appended. */
  wake(): void {
    this.#wake?.()
  }

  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#feed.onClose()
    this.wake()
  }
}
