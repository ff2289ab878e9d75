import { formatSize } from './byte-size.ts'
import type { WalOptions } from './config.ts'
import { documented, ignored, record } from './decoder.ts'
import { flag, size, text } from './scalars.ts'

const MB = 1024 * 1024
/** Space is freed by the segment, so there must be some of them. */
const LEAST_SEGMENTS = 4

/** `wal:`; null when it is not enabled. */
export const walSection = record(
  {
    enabled: documented(flag(false), {
      says: '`true`: every entry is on disk before its position counts, and is handed to the clients from there.',
      example: 'true',
    }),
    dir: documented(text('wal'), {
      says: 'In the working directory unless it begins with `/`. One agent alone: a second one does not start in it. Made when it is not there, readable by its user only.',
      example: '/var/lib/eventail/wal',
      type: 'path',
    }),
    max_bytes: documented(size(1024 * MB, { min: MB }), {
      says: 'Bound of all segments. At it no more events are read, `/ready` says so, and nothing is dropped. At least 1MB.',
      example: '4GB',
    }),
    segment_bytes: documented(size(16 * MB, { min: 64 * 1024 }), {
      says: 'Size of one file. A file is removed when every client has settled all of it. From 64KB to a quarter of `max_bytes`.',
      example: '8MB',
      default: '16MB, or a quarter of `max_bytes` if that is less',
    }),
    fsync: documented(flag(true), {
      says: '`false`: what was written last is left to the operating system. A killed process loses nothing, a machine that loses its power may: then it is found out at the start, and read again from the API server.',
      example: 'false',
    }),
    cleanSegmentsOlderThan: ignored('a segment is kept until every required client has settled it'),
    watchConfig: ignored('clients are fed as soon as there is something'),
  },
  (values, section): WalOptions | null => {
    if (!values.enabled) return null
    // The default follows a small bound.
    const most = Math.floor(values.max_bytes / LEAST_SEGMENTS)
    const segmentBytes = section.has('segment_bytes') ? values.segment_bytes : Math.min(values.segment_bytes, most)
    if (segmentBytes > most) {
      section.report('segment_bytes', 'CONFLICT', `expected at most a quarter of max_bytes, ${formatSize(most)}`)
    }
    return { directory: values.dir, maxBytes: values.max_bytes, segmentBytes, fsync: values.fsync }
  },
)
