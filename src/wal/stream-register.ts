import type { StreamLists, WalRecord } from './record.ts'

type StreamsRecord = WalRecord & { readonly kind: 'streams' }

/** What the stream guards of all jobs have admitted, as far as the log knows: lists that only ever grow. */
export class StreamRegister {
  readonly #jobs = new Map<string, Map<string, string[]>>()

  /** Takes the place of what was known of these jobs. */
  restore(streams: Readonly<Record<string, StreamLists>>): void {
    for (const [job, lists] of Object.entries(streams)) {
      this.#jobs.set(job, new Map(Object.entries(lists).map(([name, list]) => [name, [...list]])))
    }
  }

  of(job: string): StreamLists | null {
    const lists = this.#jobs.get(job)
    return lists === undefined ? null : Object.fromEntries(lists)
  }

  all(): Readonly<Record<string, StreamLists>> {
    return Object.fromEntries([...this.#jobs].map(([job, lists]) => [job, Object.fromEntries(lists)]))
  }

  /** What is new in `lists`, as a record to write; null: nothing. It is known afterwards. */
  noteAdded(job: string, lists: StreamLists): StreamsRecord | null {
    const from: Record<string, number> = {}
    const added: Record<string, readonly string[]> = {}
    for (const [name, list] of Object.entries(lists)) {
      const known = this.#list(job, name)
      if (list.length <= known.length) continue
      from[name] = known.length
      added[name] = list.slice(known.length)
    }
    const record: StreamsRecord = { kind: 'streams', job, from, added }
    this.apply(record)
    return Object.keys(added).length === 0 ? null : record
  }

  /** A record that does not begin where a list ends (one before it is lost) is passed over: later positions would lie. */
  apply({ job, from, added }: StreamsRecord): void {
    for (const [name, list] of Object.entries(added)) {
      const known = this.#list(job, name)
      if (from[name] === known.length) known.push(...list)
    }
  }

  #list(job: string, name: string): string[] {
    const lists = this.#jobs.get(job) ?? new Map<string, string[]>()
    this.#jobs.set(job, lists)
    const list = lists.get(name) ?? []
    lists.set(name, list)
    return list
  }
}
