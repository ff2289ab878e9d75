import { formatLabels } from './loki-labels.ts'
import type { PushedEntry, PushedStream } from './push-decode.ts'

/** A body that is not Loki's JSON; `message` in the words of the parsers Loki uses. */
export class PushJsonError extends Error {
  readonly code = 'PUSH_JSON'
}

const NO_STRING = "Value is string, but can't find closing '\"' symbol"
const NO_NUMBER = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
const STREAMS = 'loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: '

const near = (text: string, from: number, to: number, at: number): string =>
  `error found in #${Math.min(10, at)} byte of ...|${text.slice(Math.max(0, at - 10), to)}|..., ` +
  `bigger context ...|${text.slice(Math.max(0, from), at + 50)}|...`

/** Offset behind the stream of that index: strings are skipped, the rest is brackets. */
const endOfStream = (text: string, index: number): number => {
  const tokens = /"(?:[^"\\]|\\.)*"|[[\]{}]/gs
  let depth = 0
  let streams = 0
  for (const match of text.matchAll(tokens)) {
    if (match[0] === '{' || match[0] === '[') depth += 1
    else if (match[0] === '}' || match[0] === ']') depth -= 1
    else continue
    if (match[0] === '}' && depth === 2) {
      if (streams === index) return match.index + 1
      streams += 1
    }
  }
  return text.length
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const metadataOf = (value: unknown): [string, string][] | string => {
  if (value === undefined || value === null) return []
  if (!isObject(value)) return NO_STRING
  const pairs = Object.entries(value)
  return pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string') ? pairs : NO_STRING
}

const entryOf = (value: unknown): PushedEntry | string | null => {
  if (value === null) return null
  if (!Array.isArray(value)) return NO_STRING
  const [timestamp, line, metadata] = value as unknown[]
  if (typeof timestamp !== 'string' || !/^-?[0-9]{1,19}$/.test(timestamp)) return NO_NUMBER
  if (typeof line !== 'string') return NO_STRING
  const pairs = metadataOf(metadata)
  return typeof pairs === 'string' ? pairs : { timestampNs: BigInt(timestamp), line, metadata: pairs }
}

const streamOf = (value: unknown): PushedStream | string => {
  if (!isObject(value)) return NO_STRING
  const labels = isObject(value['stream']) ? Object.entries(value['stream']) : []
  const entries: PushedEntry[] = []
  for (const item of Array.isArray(value['values']) ? (value['values'] as unknown[]) : []) {
    const entry = entryOf(item)
    if (typeof entry === 'string') return entry
    if (entry !== null) entries.push(entry)
  }
  const pairs = labels.map(
    ([name, label]) => [name, typeof label === 'string' ? label : JSON.stringify(label)] as const,
  )
  return { labels: formatLabels(pairs.sort(([a], [b]) => (a < b ? -1 : 1))), entries }
}

/** Decodes `{"streams":[{"stream":{},"values":[["<ns>","<line>",{}]]}]}`. Throws `PushJsonError`. */
export const decodeJsonPush = (text: string): readonly PushedStream[] => {
  const first = text.trimStart()[0]
  if (first === undefined) throw new PushJsonError('EOF')
  if (first !== '{' && first !== 'n') {
    const shown = text.slice(0, 11)
    const where = `error found in #1 byte of ...|${shown}|..., bigger context ...|${text.slice(0, 51)}|...`
    throw new PushJsonError(`readObjectStart: expect { or n, but found ${first}, ${where}`)
  }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new PushJsonError(`loghttp.PushRequest: ${near(text, 0, text.length, text.length)}`)
  }
  const streams = isObject(body) && Array.isArray(body['streams']) ? (body['streams'] as unknown[]) : []
  return streams.map((value, index) => {
    const stream = streamOf(value)
    if (typeof stream !== 'string') return stream
    const at = endOfStream(text, index)
    throw new PushJsonError(`${STREAMS}${stream}, ${near(text, at - 50, at + 10, at)}`)
  })
}
