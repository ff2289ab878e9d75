import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { EventObject } from './event-object.ts'
import { newestTimeNs } from './event-times.ts'

export type RecordedFrame = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: EventObject
  readonly resourceVersion: number
  /** Milliseconds since the recording's start; never less than that of the frame before. */
  readonly atMs: number
}

/** What an API server stored and sent: a LIST of the beginning, and the frames of a watch from there on. */
export type Recording = {
  /** Milliseconds since 1970, whole seconds: the first frame's time. */
  readonly startMs: number
  readonly durationMs: number
  readonly items: readonly EventObject[]
  /** Revision of the LIST. */
  readonly resourceVersion: number
  readonly frames: readonly RecordedFrame[]
}

type ListJson = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly EventObject[] }
type FrameJson = { readonly type: RecordedFrame['type']; readonly object: EventObject }

const unpacked = async (file: URL): Promise<string> => (await promisify(gunzip)(await readFile(file))).toString('utf8')

/** A deletion carries no time of its own: it happened no earlier than what came before it. */
const paced = (frames: readonly FrameJson[]): { readonly startMs: number; readonly frames: RecordedFrame[] } => {
  const first = frames.find(({ type }) => type !== 'DELETED')
  const startMs = first === undefined ? 0 : Number(newestTimeNs(first.object) / 1_000_000_000n) * 1000
  let atMs = 0
  const timed = frames.map(({ type, object }) => {
    if (type !== 'DELETED') atMs = Math.max(atMs, Number(newestTimeNs(object) / 1_000_000n) - startMs)
    return { type, object, resourceVersion: Number(object.metadata.resourceVersion), atMs }
  })
  return { startMs, frames: timed }
}

/** Where the recording lies beside this file; a bundle keeps it in `recording/` beside itself. */
export const RECORDING_DIRECTORY = new URL('recording/', import.meta.url)

/** Reads `list-core-v1.json.gz` and `watch-core-v1.ndjson.gz`. Rejects when they are missing or broken. */
export const loadRecording = async (directory: URL = RECORDING_DIRECTORY): Promise<Recording> => {
  const list = JSON.parse(await unpacked(new URL('list-core-v1.json.gz', directory))) as ListJson
  const lines = (await unpacked(new URL('watch-core-v1.ndjson.gz', directory)))
    .split('\n')
    .filter((line) => line !== '')
  const { startMs, frames } = paced(lines.map((line) => JSON.parse(line) as FrameJson))
  return {
    startMs,
    durationMs: frames.at(-1)?.atMs ?? 0,
    items: list.items,
    resourceVersion: Number(list.metadata.resourceVersion),
    frames,
  }
}
