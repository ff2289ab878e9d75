/** Labels as Loki shows them. */
export type ShownStream = {
  readonly labels: Readonly<Record<string, string>>
  /** False: structured metadata is mixed in, because this Loki cannot tell it apart. */
  readonly isExact: boolean
}

/** One stored entry as a query gives it back. */
export type ReadEntry = { readonly stream: ShownStream; readonly timestampNs: bigint; readonly line: string }

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined

const labelsOf = (value: unknown): Readonly<Record<string, string>> | null => {
  if (!isObject(value)) return null
  const pairs = Object.entries(value)
  if (!pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string')) return null
  return Object.fromEntries(pairs)
}

const entryOf = (stream: ShownStream, value: unknown): ReadEntry | null => {
  if (!Array.isArray(value)) return null
  const [at, line] = value as readonly unknown[]
  if (typeof at !== 'string' || typeof line !== 'string' || !/^-?\d{1,19}$/.test(at)) return null
  return { stream, timestampNs: BigInt(at), line }
}

const addStream = (entries: ReadEntry[], result: unknown, isExact: boolean): boolean => {
  const labels = labelsOf(memberOf(result, 'stream'))
  const values = memberOf(result, 'values')
  if (labels === null || !Array.isArray(values)) return false
  const stream = { labels, isExact }
  for (const value of values as readonly unknown[]) {
    const entry = entryOf(stream, value)
    if (entry === null) return false
    entries.push(entry)
  }
  return true
}

/**
 * The entries in a body of `GET /loki/api/v1/query_range` (a log query), oldest first.
 *
 * @returns null when it is not one.
 */
export const readQueryAnswer = (body: unknown): readonly ReadEntry[] | null => {
  const data = memberOf(body, 'data')
  const result = memberOf(data, 'result')
  if (memberOf(body, 'status') !== 'success' || memberOf(data, 'resultType') !== 'streams') return null
  if (!Array.isArray(result)) return null
  const flags = memberOf(data, 'encodingFlags')
  const isExact = Array.isArray(flags) && flags.includes('categorize-labels')
  const entries: ReadEntry[] = []
  for (const stream of result as readonly unknown[]) if (!addStream(entries, stream, isExact)) return null
  return entries.sort((a, b) => Number(a.timestampNs - b.timestampNs))
}
