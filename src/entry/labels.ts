import { capped, fitsBytes } from './bounded-text.ts'
import type { EntryOptions, Labels } from './entry.ts'
import { GUARDED_LABELS } from './names.ts'
import type { GuardedValues, StreamGuard } from './stream-guard.ts'

/** Labels of one stream and whether the guard has put `overflow` in place of a value. */
export type Stream = { readonly labels: Labels; readonly overflowed: boolean }

export type StreamLabelsOptions = {
  /** `job` and what else is the same in every entry; '' takes a label away. */
  readonly constant: Readonly<Record<string, string>>
  /** Which labels take their value from the event; the others of `GUARDED_LABELS` are not written. */
  readonly fromEvent: ReadonlySet<string>
  readonly maxValueBytes: number
  readonly guard: StreamGuard
}

/** Constant labels of the configuration win over the format's own. */
export const constantLabels = (
  own: Readonly<Record<string, string>>,
  options: Pick<EntryOptions, 'job' | 'labels'>,
): Readonly<Record<string, string>> => ({
  ...own,
  ...(options.job === '' ? {} : { job: options.job }),
  ...options.labels,
})

/** Names in order of code units, no empty values. */
const labelSet = (pairs: readonly (readonly [name: string, value: string])[]): Labels =>
  Object.fromEntries(pairs.filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)))

/**
 * Gives each event the labels of its stream: one object per stream, found again by its values. Nothing is kept for
 * values that were changed (too long, or `overflow`) but the streams they end in, so its size is bounded by the guard.
 */
export class StreamLabels {
  readonly #o: StreamLabelsOptions
  readonly #written: readonly [namespace: boolean, kind: boolean, type: boolean]
  /** By namespace, kind and type as events have them; only streams admitted unchanged. */
  readonly #unchanged = new Map<string, Map<string, Map<string, Stream>>>()
  /** Every stream, by its bounded values. */
  readonly #streams = new Map<string, Stream>()

  constructor(options: StreamLabelsOptions) {
    this.#o = options
    const isWritten = (label: string): boolean =>
      options.fromEvent.has(label) && !Object.hasOwn(options.constant, label)
    this.#written = [isWritten('namespace'), isWritten('kind'), isWritten('type')]
  }

  of(namespace: string, kind: string, type: string): Stream {
    const [withNamespace, withKind, withType] = this.#written
    const values: GuardedValues = [withNamespace ? namespace : '', withKind ? kind : '', withType ? type : '']
    return this.#unchanged.get(values[0])?.get(values[1])?.get(values[2]) ?? this.#admit(values)
  }

  #admit(values: GuardedValues): Stream {
    const max = this.#o.maxValueBytes
    const bounded: GuardedValues = [capped(values[0], max), capped(values[1], max), capped(values[2], max)]
    const admitted = this.#o.guard.admit(bounded)
    const stream = this.#stream(admitted, admitted !== bounded)
    if (admitted === bounded && values.every((value) => fitsBytes(value, max))) this.#remember(values, stream)
    return stream
  }

  #stream(values: GuardedValues, overflowed: boolean): Stream {
    const pairs = GUARDED_LABELS.map((label, at) => [label, values[at] ?? ''] as const)
    const labels = labelSet([...Object.entries(this.#o.constant), ...pairs.filter((_, at) => this.#written[at])])
    const key = `${overflowed} ${JSON.stringify(labels)}`
    const known = this.#streams.get(key)
    if (known !== undefined) return known
    const stream = { labels, overflowed }
    this.#streams.set(key, stream)
    return stream
  }

  #remember([namespace, kind, type]: GuardedValues, stream: Stream): void {
    let byKind = this.#unchanged.get(namespace)
    if (byKind === undefined) this.#unchanged.set(namespace, (byKind = new Map<string, Map<string, Stream>>()))
    let byType = byKind.get(kind)
    if (byType === undefined) byKind.set(kind, (byType = new Map<string, Stream>()))
    byType.set(type, stream)
  }
}
