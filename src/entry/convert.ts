import type { DeadLetter, KubeEvent } from '../kube/event.ts'
import { writeDeadLetterLine } from './dead-letter.ts'
import type { Entry, EntryOptions } from './entry.ts'
import { type Format, formatOf } from './format.ts'
import { constantLabels, StreamLabels } from './labels.ts'
import { fitLine } from './line.ts'
import { metadataOf, noMetadata } from './metadata.ts'
import { type AdmittedStreams, StreamGuard } from './stream-guard.ts'
import { creationTime, eventTime } from './timestamp.ts'

/** Entries since the start, by what had to be done to them. */
export type ConversionCounts = {
  /** The message was cut to fit `maxLineBytes`. */
  readonly truncated: number
  /** A label value became `overflow`. */
  readonly overflowed: number
  /** Dated by the server, because the writer's clock was ahead. */
  readonly skewed: number
}

/** What an entry tells beside its event. */
export type EntryNotes = {
  /** Structured metadata of `enrich`. */
  readonly metadata: Entry['metadata']
  /** Occurrences so far that were more than `throttle` let through. */
  readonly suppressed: number
}

const NO_NOTES: EntryNotes = { metadata: [], suppressed: 0 }

/** Makes entries of event revisions, all for one scrape config. */
export type Converter = {
  /** Never throws, whatever the event's texts. The same revision with the same notes gives the same entry. */
  toEntry(event: KubeEvent, notes?: EntryNotes): Entry
  /** A placeholder; null when what arrived lacks uid, resourceVersion or a readable creationTimestamp. */
  deadLetterEntry(letter: DeadLetter): Entry | null
  /** What the stream guard has admitted: to be saved with the checkpoint, as it keeps labels the same after a restart. */
  admitted(): AdmittedStreams
  /** Moves with every entry. */
  readonly counts: ConversionCounts
}

type Parts = {
  readonly options: EntryOptions
  readonly format: Format
  readonly guard: StreamGuard
  readonly streams: StreamLabels
  readonly counts: { truncated: number; overflowed: number; skewed: number }
}

const partsOf = (options: EntryOptions): Parts => {
  const format = formatOf(options)
  const guard = new StreamGuard(options.maxStreams)
  const streams = new StreamLabels({
    constant: constantLabels(format.constant, options),
    fromEvent: format.fromEvent,
    maxValueBytes: options.maxLabelValueBytes,
    guard,
  })
  return { options, format, guard, streams, counts: { truncated: 0, overflowed: 0, skewed: 0 } }
}

const eventConverter = ({ options, format, streams, counts }: Parts): Converter['toEntry'] => {
  const hasMetadata = options.structuredMetadata && format.hasMetadata
  return (event, notes = NO_NOTES) => {
    const { timestampNs, skewed } = eventTime(event)
    const stream = streams.of(format.namespace(event), event.involved.kind, event.type)
    const { line, truncated } = fitLine(format.write, event, {
      skewed,
      suppressed: notes.suppressed,
      maxBytes: options.maxLineBytes,
    })
    if (skewed !== '') counts.skewed += 1
    if (stream.overflowed) counts.overflowed += 1
    if (truncated) counts.truncated += 1
    const own = hasMetadata ? metadataOf(event, options.maxLabelValueBytes) : noMetadata()
    const metadata = hasMetadata && notes.metadata.length > 0 ? [...own, ...notes.metadata] : own
    return { labels: stream.labels, timestampNs, line, metadata }
  }
}

const deadLetterConverter =
  ({ options, format, streams, counts }: Parts): Converter['deadLetterEntry'] =>
  (letter) => {
    const timestampNs = creationTime(letter.creationTimestamp)
    if (letter.uid === '' || letter.resourceVersion === '' || timestampNs === null) return null
    const stream = streams.of(letter.namespace, '', '')
    if (stream.overflowed) counts.overflowed += 1
    const line = writeDeadLetterLine(letter, format.deadLetters, options.maxLineBytes)
    return { labels: stream.labels, timestampNs, line, metadata: noMetadata() }
  }

/** @param restored what an earlier converter of this scrape config had admitted. */
export const createConverter = (options: EntryOptions, restored?: AdmittedStreams): Converter => {
  const parts = partsOf(options)
  if (restored !== undefined) parts.guard.restore(restored)
  return {
    toEntry: eventConverter(parts),
    deadLetterEntry: deadLetterConverter(parts),
    admitted: () => parts.guard.admitted(),
    counts: parts.counts,
  }
}
