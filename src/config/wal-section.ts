import { formatSize } from './byte-size.ts'
import type { WalOptions } from './config.ts'
import { ignored, record } from './decoder.ts'
import { flag, size, text } from './scalars.ts'

const MB = 1024 * 1024
/** Space is freed by the segment, so there must be some of them. */
const LEAST_SEGMENTS = 4

/** `wal:`; null when it is not enabled. */
export const walSection = record(
  {
    enabled: flag(false),
    dir: text('wal'),
    max_bytes: size(1024 * MB, { min: MB }),
    segment_bytes: size(16 * MB, { min: 64 * 1024 }),
    fsync: flag(true),
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
