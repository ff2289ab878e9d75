import { type Decoder, documented, optional } from '../config/decoder.ts'
import { warn } from '../config/place.ts'
import { checkedStrictText, strictText, strictTexts } from '../config/stage-scalars.ts'
import { stageOptions } from '../config/stage-options.ts'
import { isZone } from '../gotime/zone.ts'
import type { LabelMap } from '../relabel/relabel.ts'
import type { Stage, StagePlan, WorkEntry } from './stage.ts'
import { textOf } from './text-of.ts'
import { timeReader, type ReadTime } from './time-formats.ts'

/** Whether the time zone database has it; offsets and paths are no names. */
const isZoneName = (name: string): boolean => name === '' || (/^[A-Za-z]/.test(name) && isZone(name))

const location = optional(
  checkedStrictText('the name of a time zone such as Europe/Berlin', (name) =>
    isZoneName(name) ? null : `invalid location specified: unknown time zone ${name}`,
  ),
)

const action = checkedStrictText(
  'skip or fudge',
  (word) =>
    word === 'skip' || word === 'fudge' ? null : 'invalid action on failure (supported values are [skip fudge])',
  'fudge',
)

/** Promtail remembers the last time of so many label sets. */
const MAX_REMEMBERED = 10_000

const keyOf = (labels: LabelMap): string => JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)))

/** The last good time by label set; the one unused for longest is forgotten. */
class LastTimes {
  readonly #times = new Map<string, bigint>()

  keep(labels: LabelMap, timestampNs: bigint): void {
    const key = keyOf(labels)
    this.#times.delete(key)
    this.#times.set(key, timestampNs)
    const [oldest] = this.#times.keys()
    if (this.#times.size > MAX_REMEMBERED && oldest !== undefined) this.#times.delete(oldest)
  }

  /** A nanosecond after the last time of this label set, which it then is; null when there was none. */
  next(labels: LabelMap): bigint | null {
    const last = this.#times.get(keyOf(labels))
    if (last === undefined) return null
    this.keep(labels, last + 1n)
    return last + 1n
  }
}

const firstOf =
  (readers: readonly ReadTime[]): ReadTime =>
  (text, nowMs) => {
    for (const read of readers) {
      const ns = read(text, nowMs)
      if (ns !== null) return ns
    }
    return null
  }

const FUDGE =
  'action_on_failure is fudge unless set: a time that cannot be read becomes that of the entry before and a ' +
  'nanosecond, which differs when the event is read again after a restart; skip keeps the time of the event'

/** `timestamp`: an extracted text becomes the time of the entry. */
export const timestampStage: Decoder<StagePlan> = stageOptions(
  {
    source: documented(strictText(), {
      says: 'Name of the extracted value to read.',
      example: 'time',
      default: 'required',
    }),
    format: documented(strictText(), {
      says: "Go's layout, its name such as `RFC3339`, or `Unix`, `UnixMs`, `UnixUs`, `UnixNs`.",
      example: 'RFC3339',
      default: 'required',
    }),
    fallback_formats: documented(strictTexts, {
      says: 'Tried in turn when `format` does not fit.',
      example: '[RFC3339Nano]',
      default: 'none',
    }),
    location: documented(location, {
      says: 'Time zone of times that tell none.',
      example: 'Europe/Berlin',
      default: 'UTC',
    }),
    action_on_failure: documented(action, {
      says: '`skip` keeps the time of the event, `fudge` takes that of the entry before and a nanosecond.',
      example: 'skip',
      type: 'skip, fudge',
      default: 'fudge',
    }),
  },
  (options, section) => {
    const { source, format, action_on_failure: onFailure } = options
    if (source === '') {
      section.report('source', 'MISSING_KEY', 'timestamp source value is required if timestamp is specified')
    }
    if (format === '') section.report('format', 'MISSING_KEY', 'timestamp format is required')
    if (onFailure === 'fudge') warn(section.place, FUDGE)
    const zone = options.location === null || options.location === '' ? 'UTC' : options.location
    const read = firstOf([format, ...options.fallback_formats].map((one) => timeReader(one, zone)))
    return {
      name: 'timestamp',
      build: ({ clock }): Stage => {
        const last = onFailure === 'fudge' ? new LastTimes() : null
        const timeOf = ({ extracted, labels }: WorkEntry): bigint | null => {
          const text = textOf(extracted.get(source))
          const ns = text === null ? null : read(text, clock.now())
          if (ns === null) return last?.next(labels) ?? null
          last?.keep(labels, ns)
          return ns
        }
        return (entry) => {
          entry.timestampNs = timeOf(entry) ?? entry.timestampNs
          return true
        }
      },
    }
  },
)
