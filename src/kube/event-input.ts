import { decodeEvent } from './decode-event.ts'
import type { KubeEvent } from './event.ts'
import { JsonSplitter, type JsonText } from './json-splitter.ts'

/**
 * What was read: an event; a watch frame that carries none to ship (`DELETED`, `BOOKMARK`); or something that is not
 * usable, and why. `line` is where it begins, from 1.
 */
export type EventInput =
  | { readonly kind: 'event'; readonly event: KubeEvent; readonly line: number }
  | { readonly kind: 'passed_over'; readonly frame: string; readonly line: number }
  | { readonly kind: 'refused'; readonly why: string; readonly line: number }

/** The API server's own limit of an object is 1.5 MB. */
const DEFAULT_MAX_CHARS = 8 * 1024 * 1024
const MAX_WHY_CHARS = 200

const FRAMES_WITH_EVENT: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED'])
const FRAMES_WITHOUT_EVENT: ReadonlySet<string> = new Set(['DELETED', 'BOOKMARK'])

type Json = Readonly<Record<string, unknown>>

const isObject = (json: unknown): json is Json => typeof json === 'object' && json !== null && !Array.isArray(json)

/** The parser's own message is not passed on: it quotes the text. */
const parse = (text: string): { readonly json: unknown } | null => {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

/** A frame of a watch, and not an event, whose `type` is Normal or Warning and which has no `object`. */
const isFrame = (json: unknown): json is Json =>
  isObject(json) && typeof json['type'] === 'string' && Object.hasOwn(json, 'object')

const fromObject = (json: unknown, line: number): EventInput => {
  const outcome = decodeEvent(json)
  if (outcome.kind === 'event') return { kind: 'event', event: outcome.event, line }
  return { kind: 'refused', why: outcome.why, line }
}

const fromFrame = (frame: Json, line: number): EventInput => {
  const type = String(frame['type'])
  if (FRAMES_WITH_EVENT.has(type)) return fromObject(frame['object'], line)
  if (FRAMES_WITHOUT_EVENT.has(type)) return { kind: 'passed_over', frame: type, line }
  const status = isObject(frame['object']) ? frame['object']['message'] : undefined
  const why = typeof status === 'string' ? `${type} frame: ${status}` : `${type} frame`
  return { kind: 'refused', why: why.slice(0, MAX_WHY_CHARS).toWellFormed(), line }
}

const fromText = (text: JsonText): EventInput => {
  if (text.kind === 'broken') return { kind: 'refused', why: text.why, line: text.line }
  const parsed = parse(text.text)
  if (parsed === null) return { kind: 'refused', why: 'not JSON', line: text.line }
  return isFrame(parsed.json) ? fromFrame(parsed.json, text.line) : fromObject(parsed.json, text.line)
}

/**
 * Reads events from text: single objects, one object per line, frames of a watch (`kubectl get events -w -o json`, with
 * or without `--output-watch-events`), lists (`kubectl get events -o json`: List or EventList), compact or
 * pretty-printed, of core/v1 and events.k8s.io/v1, in any mixture. Holds one event at a time. An empty list gives nothing.
 *
 * @param chunks UTF-8 bytes, cut anywhere.
 * @param maxChars a longer value is refused.
 */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  maxChars: number = DEFAULT_MAX_CHARS,
): AsyncGenerator<EventInput, void, undefined> {
  const splitter = new JsonSplitter(maxChars)
  const decoder = new TextDecoder()
  for await (const chunk of chunks) {
    for (const text of splitter.push(decoder.decode(chunk, { stream: true }))) yield fromText(text)
  }
  for (const text of splitter.push(decoder.decode())) yield fromText(text)
  for (const text of splitter.end()) yield fromText(text)
}
