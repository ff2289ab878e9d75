import { createHash } from 'node:crypto'
import type { ReadEntry, ShownStream } from '../loki/query-answer.ts'
import { revisionOfLine } from './revision-of-line.ts'

/** What Loki should hold of one revision that the API server still gives. */
export type ExpectedEntry = {
  readonly uid: string
  readonly resourceVersion: string
  /** The involved object and the reason, for people; bounded, without control characters. */
  readonly about: string
  /** As they are sent, in order; null: they depend on what the agent had looked up, and are not compared. */
  readonly labels: readonly (readonly [name: string, value: string])[] | null
  readonly timestampNs: bigint
  readonly line: string
  readonly certainty: Certainty
}

/** Not certain: the agent may have let go of it, by what it had looked up or counted. Then its absence says nothing. */
export type Certainty = { readonly isCertain: boolean }

/** In what an entry of the same revision differs from what would be sent now. */
export type Difference = 'stream' | 'timestamp' | 'line'

/** One revision with which something is not as it should be. */
export type Finding = {
  readonly uid: string
  readonly resourceVersion: string
  readonly about: string
  readonly timestampNs: bigint
  /** Entries of it in Loki. */
  readonly times: number
  readonly differs: Difference | null
}

export type Findings = {
  readonly readable: number
  /** Exactly once, with the same bytes. */
  readonly found: number
  readonly missing: readonly Finding[]
  readonly doubled: readonly Finding[]
  /** Once, with other bytes: the configuration was another one. */
  readonly differing: readonly Finding[]
  /** Entries of revisions that the API server does not give any more. */
  readonly extra: number
}

/** Kept for each event, 200,000 of them where the agent itself has its place: so the line is its digest, and no more. */
type Expected = {
  /** uid and resourceVersion, between them a blank. */
  readonly id: string
  readonly about: string
  readonly labels: ExpectedEntry['labels']
  readonly timestampNs: bigint
  readonly digest: string
  readonly certainty: Certainty
  same: number
  other: number
  differs: Difference | null
}

/** 128 bits, as a text of one byte for each character. */
const digestOf = (line: string): string => createHash('sha256').update(line).digest().toString('latin1', 0, 16)

/** Loki adds it by itself (`discover_service_name`). */
const ADDED_BY_LOKI = 'service_name'

const isSameStream = (labels: ExpectedEntry['labels'], { labels: shown, isExact }: ShownStream): boolean => {
  if (labels === null) return true
  if (!labels.every(([name, value]) => Object.hasOwn(shown, name) && shown[name] === value)) return false
  if (!isExact) return true
  const names = new Set(labels.map(([name]) => name))
  return Object.keys(shown).every((name) => names.has(name) || name === ADDED_BY_LOKI)
}

/** Compares the entries that should be in a Loki with those that are. */
export class Expectations {
  readonly #byRevision: boolean
  readonly #expected = new Map<string, Expected>()
  #extra = 0

  /** @param byRevision lines tell their revision; otherwise timestamp and line together identify an entry. */
  constructor(byRevision: boolean) {
    this.#byRevision = byRevision
  }

  get size(): number {
    return this.#expected.size
  }

  expect({ uid, resourceVersion, about, labels, timestampNs, line, certainty }: ExpectedEntry): void {
    const id = `${uid} ${resourceVersion}`
    const digest = digestOf(line)
    const key = this.#byRevision ? id : `${timestampNs} ${digest}`
    this.#expected.set(key, { id, about, labels, timestampNs, digest, certainty, same: 0, other: 0, differs: null })
  }

  /** Forgets what was seen in Loki. */
  lookAgain(): void {
    this.#extra = 0
    for (const expected of this.#expected.values()) Object.assign(expected, { same: 0, other: 0, differs: null })
  }

  /** An entry that Loki gave. */
  saw(entry: ReadEntry): void {
    const digest = digestOf(entry.line)
    const expected = this.#expected.get(this.#keyOf(entry, digest))
    if (expected === undefined) {
      this.#extra += 1
      return
    }
    const differs = this.#difference(expected, entry, digest)
    if (differs === null) expected.same += 1
    else expected.other += 1
    expected.differs ??= differs
  }

  #keyOf(entry: ReadEntry, digest: string): string {
    if (!this.#byRevision) return `${entry.timestampNs} ${digest}`
    const revision = revisionOfLine(entry.line)
    return revision === null ? '' : `${revision.uid} ${revision.resourceVersion}`
  }

  #difference(expected: Expected, entry: ReadEntry, digest: string): Difference | null {
    if (expected.timestampNs !== entry.timestampNs) return 'timestamp'
    if (expected.digest !== digest) return 'line'
    return isSameStream(expected.labels, entry.stream) ? null : 'stream'
  }

  get missing(): number {
    let missing = 0
    for (const { same, other, certainty } of this.#expected.values()) {
      if (certainty.isCertain && same + other === 0) missing += 1
    }
    return missing
  }

  findings(): Findings {
    const missing: Finding[] = []
    const doubled: Finding[] = []
    const differing: Finding[] = []
    let unknown = 0
    for (const { id, about, timestampNs, certainty, same, other, differs } of this.#expected.values()) {
      const [uid = '', resourceVersion = ''] = id.split(' ')
      const finding = { uid, resourceVersion, about, timestampNs, times: same + other, differs }
      if (finding.times === 0 && !certainty.isCertain) unknown += 1
      else if (finding.times === 0) missing.push(finding)
      else if (finding.times > 1) doubled.push(finding)
      else if (other === 1) differing.push(finding)
    }
    const readable = this.#expected.size - unknown
    const found = readable - missing.length - doubled.length - differing.length
    return { readable, found, missing, doubled, differing, extra: this.#extra }
  }
}
