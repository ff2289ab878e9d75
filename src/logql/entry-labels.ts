import type { Labels } from '../entry/entry.ts'
import type { WantedLabels } from './wanted-labels.ts'
import type { ProcessedEntry, StoredEntry } from './pipeline.ts'

/** What a name gets that is taken already by a label from further outside. */
const SUFFIX = '_extracted'

const ERROR = '__error__'
const DETAILS = '__error_details__'
const PRESERVE = '__preserve_error__'

const NOTHING: Labels = {}

/** Kinds of errors that a stage leaves in the label `__error__` (pkg/logqlmodel/error.go). */
export type StageError = 'JSONParserErr' | 'LogfmtParserErr' | 'LabelFilterErr' | 'TemplateFormatErr'

/** Reads of a stream that was not changed: nothing is copied for it. */
const fromPairs = (stream: Labels, metadata: StoredEntry['metadata'], name: string): string | undefined => {
  if (Object.hasOwn(stream, name)) return stream[name]
  let found: string | undefined
  for (const [key, value] of metadata) {
    if (key === name) found = value
    else if (name.endsWith(SUFFIX) && name.length === key.length + SUFFIX.length && name.startsWith(key)) {
      if (Object.hasOwn(stream, key)) found = value
    }
  }
  return found
}

/** Behind the stages; the label sets are made when they are asked for, since a metric query may not ask. */
class Processed implements ProcessedEntry {
  readonly timestampNs: bigint
  readonly line: string
  readonly stream: Labels
  readonly parsed: Labels
  readonly #pairs: Iterable<readonly [string, string]>
  #metadata: Labels | null = null

  constructor(
    entry: StoredEntry,
    line: string,
    labels: { stream: Labels; parsed: Labels; metadata: Iterable<readonly [string, string]> },
  ) {
    this.timestampNs = entry.timestampNs
    this.line = line
    this.stream = labels.stream
    this.parsed = labels.parsed
    this.#pairs = labels.metadata
  }

  get metadata(): Labels {
    this.#metadata ??= Object.fromEntries(this.#pairs)
    return this.#metadata
  }
}

/**
 * The labels of one entry on its way through the stages: those of its stream, its structured metadata, and what stages
 * added. It is used again for the next entry, so that an entry which only passes filters costs no memory.
 */
export class EntryLabels {
  readonly #stream: Labels
  readonly #wanted: WantedLabels
  #entry: StoredEntry | null = null
  /** Null: as stored. */
  #metadata: Map<string, string> | null = null
  #parsed: Map<string, string> | null = null
  /** Null: none. */
  #deleted: Set<string> | null = null
  /** Of these the ones that a stage had set, and which no parser sets again. */
  #forgotten: Set<string> | null = null
  #error = ''
  #details = ''

  constructor(stream: Labels, wanted: WantedLabels) {
    this.#stream = stream
    this.#wanted = wanted
  }

  /** Begins with the next entry. */
  reset(entry: StoredEntry): void {
    this.#entry = entry
    this.#metadata = null
    this.#parsed = null
    this.#deleted = null
    this.#forgotten = null
    this.#error = ''
    this.#details = ''
  }

  get timestampNs(): bigint {
    return this.#entry?.timestampNs ?? 0n
  }

  get error(): string {
    return this.#error
  }

  /** The value of a label, whatever its source; undefined: there is none. `__error__` is not one of them: see `error`. */
  get(name: string): string | undefined {
    if (this.#metadata === null && this.#parsed === null && this.#deleted === null) {
      return fromPairs(this.#stream, this.#entry?.metadata ?? [], name)
    }
    const added = this.#parsed?.get(name) ?? this.#own().get(name)
    if (added !== undefined) return added
    if (this.#deleted?.has(name) === true) return undefined
    return Object.hasOwn(this.#stream, name) ? this.#stream[name] : undefined
  }

  /** What a string filter compares: '' for a missing label. */
  text(name: string): string {
    return name === ERROR ? this.#error : (this.get(name) ?? '')
  }

  /** Sets a label; it hides one of the same name from the stream or the metadata. */
  set(name: string, value: string): void {
    if (this.#metadata !== null || this.#entry?.metadata.length !== 0) this.#own().delete(name)
    this.#parsed ??= new Map()
    this.#parsed.set(name, value)
  }

  /** Whether a parser must find another name for its label. */
  clashes(name: string): boolean {
    if (Object.hasOwn(this.#stream, name)) return true
    if (this.#metadata !== null) return this.#metadata.has(name)
    return this.#entry?.metadata.some(([key]) => key === name) === true
  }

  /** Sets what a parser found: if the query needs it, and if no stage has set it yet. */
  extract(name: string, value: string): void {
    const label = this.clashes(name) ? name + SUFFIX : name
    if (this.#wanted.wants(label) && !this.#isKnown(label)) this.set(label, value)
  }

  /** Whether there is nothing (left) to parse for. */
  get isComplete(): boolean {
    const { names } = this.#wanted
    if (names === null) return false
    for (const name of names) if (!this.#isKnown(name)) return false
    return true
  }

  wantsPrefix(prefix: string): boolean {
    return this.#wanted.wantsPrefix(prefix)
  }

  delete(name: string): void {
    if (this.#parsed?.delete(name) === true) {
      this.#forgotten ??= new Set()
      this.#forgotten.add(name)
    }
    this.#own().delete(name)
    this.#deleted ??= new Set()
    this.#deleted.add(name)
  }

  /** Notes what went wrong. @param details '' leaves those that are there */
  fail(error: StageError, details: string): void {
    this.#error = error
    if (details !== '') this.#details = details
  }

  /** A parser failed. A query that reads `__error__` wants to see it: a mark tells those who count to keep it. */
  failParsing(error: 'JSONParserErr' | 'LogfmtParserErr', details: string): void {
    this.fail(error, details)
    if (this.#wanted.names?.has(ERROR) === true) this.set(PRESERVE, 'true')
  }

  /** As `drop` does it, for the two labels that errors have too. @param test of the label's value */
  drop(name: string, test: (value: string) => boolean): void {
    if (name === ERROR) {
      if (test(this.#error)) this.#error = ''
    } else if (name === DETAILS) {
      if (test(this.#details)) this.#details = ''
    } else if (test(this.get(name) ?? '')) {
      this.delete(name)
    }
  }

  /** All labels, each once, those of errors last. */
  all(): Map<string, string> {
    const labels = new Map<string, string>()
    for (const name of Object.keys(this.#stream)) {
      if (this.#deleted?.has(name) !== true) labels.set(name, this.#stream[name] ?? '')
    }
    for (const [name, value] of this.#own()) labels.set(name, value)
    for (const [name, value] of this.#parsed ?? []) labels.set(name, value)
    if (this.#error !== '') labels.set(ERROR, this.#error)
    if (this.#details !== '') labels.set(DETAILS, this.#details)
    return labels
  }

  /** What becomes of the entry. */
  finish(line: string): ProcessedEntry {
    const entry = this.#entry
    if (entry === null) throw new Error('no entry was begun')
    const isPlain = this.#metadata === null && this.#parsed === null && this.#deleted === null
    return new Processed(entry, line, {
      stream: isPlain ? this.#stream : this.#streamLeft(),
      metadata:
        isPlain && !entry.metadata.some(([name]) => Object.hasOwn(this.#stream, name)) ? entry.metadata : this.#own(),
      parsed: this.#parsedLabels(),
    })
  }

  #isKnown(name: string): boolean {
    return this.#parsed?.has(name) === true || this.#forgotten?.has(name) === true
  }

  /** The metadata as labels: a name that the stream has gets a suffix, and the last one wins. */
  #own(): Map<string, string> {
    if (this.#metadata === null) {
      this.#metadata = new Map()
      for (const [name, value] of this.#entry?.metadata ?? []) {
        this.#metadata.set(Object.hasOwn(this.#stream, name) ? name + SUFFIX : name, value)
      }
    }
    return this.#metadata
  }

  #streamLeft(): Labels {
    const isHidden = (name: string): boolean => this.#deleted?.has(name) === true || this.#parsed?.has(name) === true
    const names = Object.keys(this.#stream)
    if (!names.some(isHidden)) return this.#stream
    return Object.fromEntries(names.filter((name) => !isHidden(name)).map((name) => [name, this.#stream[name] ?? '']))
  }

  #parsedLabels(): Labels {
    if (this.#error === '' && this.#details === '') {
      return this.#parsed === null ? NOTHING : Object.fromEntries(this.#parsed)
    }
    const labels = new Map(this.#parsed ?? [])
    if (this.#error !== '') labels.set(ERROR, this.#error)
    if (this.#details !== '') labels.set(DETAILS, this.#details)
    return Object.fromEntries(labels)
  }
}
