import type { Labels } from '../entry/entry.ts'
import type { WantedLabels } from './wanted-labels.ts'
import type { ParserHints } from './parser-hints.ts'
import type { ProcessedEntry, StoredEntry } from './pipeline.ts'
import { labelsOf, Processed, renamed, SUFFIX } from './processed.ts'

const ERROR = '__error__'
const DETAILS = '__error_details__'
const PRESERVE = '__preserve_error__'

const NOTHING: Labels = {}
const NO_PAIRS: StoredEntry['metadata'] = []

/** Kinds of errors that a stage leaves in the label `__error__` (pkg/logqlmodel/error.go). */
export type StageError = 'JSONParserErr' | 'LogfmtParserErr' | 'LabelFilterErr' | 'TemplateFormatErr'

/** Reads labels that no stage has changed; nothing is copied for it. */
const fromPairs = (stream: Labels, metadata: StoredEntry['metadata'], name: string): string | undefined => {
  if (Object.hasOwn(stream, name)) return stream[name]
  const plain = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : null
  const isRenamed = plain !== null && Object.hasOwn(stream, plain)
  let found: string | undefined
  for (const [key, value] of metadata) if (key === name || (isRenamed && key === plain)) found = value
  return found
}

/**
 * The labels of one entry on its way through the stages: those of its stream, its structured metadata, and what stages
 * added. It is used again for the next entry, so that an entry which only passes filters costs no memory.
 */
export class EntryLabels {
  readonly #stream: Labels
  readonly #wanted: WantedLabels
  readonly #hints: ParserHints
  #isRefused = false
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

  constructor(stream: Labels, wanted: WantedLabels, hints: ParserHints) {
    this.#stream = stream
    this.#wanted = wanted
    this.#hints = hints
  }

  /** Begins with the next entry. */
  reset(entry: StoredEntry): void {
    this.#entry = entry
    this.#metadata = null
    this.#parsed = null
    this.#deleted = null
    this.#forgotten = null
    this.#isRefused = false
    this.#error = ''
    this.#details = ''
  }

  /** Whether a filter does not want what a parser has found: the line is dropped. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  get timestampNs(): bigint {
    return this.#entry?.timestampNs ?? 0n
  }

  get error(): string {
    return this.#error
  }

  /** The value of a label, whatever its source; undefined: there is none. `__error__` is not one of them: see `error`. */
  get(name: string): string | undefined {
    const added = this.#parsed?.get(name)
    if (added !== undefined) return added
    if (this.#metadata === null) return fromPairs(this.#stream, this.#pairs, name)
    const own = this.#metadata.get(name)
    if (own !== undefined) return own
    if (this.#deleted?.has(name) === true) return undefined
    return Object.hasOwn(this.#stream, name) ? this.#stream[name] : undefined
  }

  /** What a string filter compares: '' for a missing label. */
  text(name: string): string {
    return name === ERROR ? this.#error : (this.get(name) ?? '')
  }

  /** Sets a label; it hides one of the same name from the stream or the metadata. */
  set(name: string, value: string): void {
    if (this.#hasMetadata(name)) this.#own().delete(name)
    this.#parsed ??= new Map()
    this.#parsed.set(name, value)
  }

  /** Whether a parser must find another name for its label. */
  clashes(name: string): boolean {
    if (Object.hasOwn(this.#stream, name)) return true
    return this.#hasMetadata(name)
  }

  /** Sets what a parser found: if the query needs it, and if no stage has set it yet. */
  extract(name: string, value: string): void {
    // Who wants a name with its suffix wants the plain one too.
    if (!this.#wanted.wants(name)) return
    const label = this.clashes(name) ? name + SUFFIX : name
    if (!this.#wanted.wants(label) || this.#isKnown(label)) return
    this.set(label, value)
    this.#ask(label)
  }

  /** Whether there is nothing (left) to parse for. */
  get isComplete(): boolean {
    const { names } = this.#wanted
    if (names === null) return false
    if ((this.#parsed?.size ?? 0) + (this.#forgotten?.size ?? 0) < names.size) return false
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

  /** As a strict parser fails: a filter on errors is asked at once. */
  failStrictly(details: string): void {
    this.failParsing('LogfmtParserErr', details)
    this.#ask(ERROR)
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
    return new Processed(entry, line, {
      stream: this.#parsed === null && this.#deleted === null ? this.#stream : this.#streamLeft(),
      metadata: this.#metadata,
      parsed: this.#parsedLabels(),
      base: this.#stream,
    })
  }

  /** Asks the first filter on a label that a parser has just found. */
  #ask(label: string): void {
    const at = this.#hints.names.indexOf(label)
    if (at >= 0 && this.#hints.tests[at]?.(this) === false) this.#isRefused = true
  }

  get #pairs(): StoredEntry['metadata'] {
    return this.#entry?.metadata ?? NO_PAIRS
  }

  /** Whether the metadata have the name, as stored or as it became. */
  #hasMetadata(name: string): boolean {
    if (this.#metadata !== null) return this.#metadata.has(name)
    for (const [key] of this.#pairs) if (key === name) return true
    return name.endsWith(SUFFIX) && fromPairs(this.#stream, this.#pairs, name) !== undefined
  }

  #isKnown(name: string): boolean {
    return this.#parsed?.has(name) === true || this.#forgotten?.has(name) === true
  }

  /** The metadata as labels, from here on apart from those stored. */
  #own(): Map<string, string> {
    this.#metadata ??= renamed(this.#stream, this.#pairs)
    return this.#metadata
  }

  #streamLeft(): Labels {
    const isHidden = (name: string): boolean => this.#deleted?.has(name) === true || this.#parsed?.has(name) === true
    const names = Object.keys(this.#stream)
    if (!names.some(isHidden)) return this.#stream
    return labelsOf(names.filter((name) => !isHidden(name)).map((name) => [name, this.#stream[name] ?? '']))
  }

  #parsedLabels(): Labels {
    // What is left of an error that was dropped is seen only beside other labels that streams do not have.
    const isBare = this.#parsed === null && this.#deleted === null && this.#pairs.length === 0
    if (this.#error === '' && (this.#details === '' || isBare)) {
      return this.#parsed === null ? NOTHING : labelsOf(this.#parsed)
    }
    const labels = new Map(this.#parsed ?? [])
    if (this.#error !== '') labels.set(ERROR, this.#error)
    if (this.#details !== '') labels.set(DETAILS, this.#details)
    return labelsOf(labels)
  }
}
