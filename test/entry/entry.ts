import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { type Converter, createConverter } from '../../src/entry/convert.ts'
import type { Entry, EntryOptions, LineFormat } from '../../src/entry/entry.ts'
import { DEAD_LETTER_KEYS, INDEX_LABELS, LINE_KEYS, METADATA_NAMES } from '../../src/entry/names.ts'
import { decodeEvent } from '../../src/kube/decode-event.ts'
import type { DeadLetter, KubeEvent } from '../../src/kube/event.ts'

const FORMATS: readonly LineFormat[] = ['logfmt', 'json', 'alloy', 'agent', 'exporter']

const OPTIONS: EntryOptions = {
  format: 'logfmt',
  job: '',
  labels: {},
  structuredMetadata: true,
  maxStreams: 1000,
  maxLineBytes: 256 * 1024,
  maxLabelValueBytes: 2048,
}

type Json = Record<string, unknown>
type Frame = { readonly type: string; readonly object: Json & { readonly metadata: Json } }

const read = (path: string): Buffer => readFileSync(new URL(path, import.meta.url))
const frames = (path: string): Frame[] =>
  gunzipSync(read(path))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Frame)
    .filter((frame) => frame.type !== 'DELETED')

const event = (json: unknown): KubeEvent => {
  const outcome = decodeEvent(json)
  if (outcome.kind !== 'event') throw new Error(outcome.why)
  return outcome.event
}

/** Three lines for a golden file: what the case is, all but the line, the line. */
const shown = (title: string, entry: Entry): string =>
  `# ${title}\n${JSON.stringify(entry.labels)} ${entry.timestampNs.toString()} ${JSON.stringify(entry.metadata)}\n${entry.line}\n`

const idOf = (json: Json & { readonly metadata: Json }): string =>
  `${String(json.metadata['uid'])} ${String(json.metadata['resourceVersion'])}`

/** An ordinary event, with other fields where a test wants them. */
const object = (fields: Json = {}, metadata: Json = {}): Json => ({
  metadata: {
    name: 'web-1.17a0',
    namespace: 'shop',
    uid: '6d07d223-a290-4bb9-95fd-05f60b8fd4ba',
    resourceVersion: '5892',
    creationTimestamp: '2026-11-23T21:34:44Z',
    ...metadata,
  },
  involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  reason: 'Started',
  message: 'Started container web',
  source: { component: 'kubelet', host: 'node-1' },
  firstTimestamp: '2026-11-23T21:34:44Z',
  lastTimestamp: '2026-11-23T21:34:44Z',
  count: 1,
  type: 'Normal',
  eventTime: null,
  ...fields,
})

const convert = (json: Json, options: Partial<EntryOptions> = {}): Entry =>
  createConverter({ ...OPTIONS, ...options }).toEntry(event(json))

t.test('each format writes what its golden file says', (t) => {
  const cases = JSON.parse(read('../fixtures/golden/events.json').toString()) as { title: string; object: Json }[]
  for (const format of FORMATS) {
    const golden = new URL(`../fixtures/golden/${format}.txt`, import.meta.url)
    const converter = createConverter({ ...OPTIONS, format, labels: format === 'exporter' ? { cluster: 'prod' } : {} })
    const got = cases.map((c) => shown(c.title, converter.toEntry(event(c.object))))
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, got.join(''))
    t.equal(got.join(''), readFileSync(golden, 'utf8'), format)
    for (const text of got) t.equal(text.split('\n').length, 4, 'a line is one line')
  }
  t.end()
})

t.test(
  'case 23: a revision gives the same entry by LIST, by WATCH and by events.k8s.io, in any order of fields',
  (t) => {
    const core = frames('../../src/demo/recording/watch-core-v1.ndjson.gz')
    const other = new Map(
      frames('../fixtures/recorded/watch-events-k8s-io-v1.ndjson.gz').map((f) => [idOf(f.object), f]),
    )
    const asListed = (json: Json): Json =>
      Object.fromEntries(Object.entries(json).filter(([key]) => key !== 'kind' && key !== 'apiVersion'))
    const reordered = (json: unknown): unknown => {
      if (Array.isArray(json)) return json.map(reordered).reverse()
      if (typeof json !== 'object' || json === null) return json
      return Object.fromEntries(
        Object.entries(json)
          .map(([key, value]) => [key, reordered(value)] as const)
          .reverse(),
      )
    }
    t.equal(core.length, 1017)
    for (const format of FORMATS) {
      const converters = [1, 2, 3, 4].map(() => createConverter({ ...OPTIONS, format })) as [
        Converter,
        Converter,
        Converter,
        Converter,
      ]
      let different = 0
      for (const frame of core) {
        const watched = converters[0].toEntry(event(frame.object))
        const others = [
          converters[1].toEntry(event(asListed(frame.object))),
          converters[2].toEntry(event(other.get(idOf(frame.object))?.object)),
          converters[3].toEntry(event(reordered(frame.object))),
        ]
        for (const entry of others) if (shown('', entry) !== shown('', watched)) different += 1
      }
      t.equal(different, 0, format)
    }
    t.end()
  },
)

t.test('case 24: no two revisions give the same entry', (t) => {
  const objects = frames('../../src/demo/recording/watch-core-v1.ndjson.gz').map((frame) => frame.object)
  for (const format of FORMATS) {
    const converter = createConverter({ ...OPTIONS, format })
    t.equal(new Set(objects.map((json) => shown('', converter.toEntry(event(json))))).size, objects.length, format)
  }
  const converter = createConverter(OPTIONS)
  const repeats = [
    object({ count: 2 }, { resourceVersion: '6000' }),
    object({ count: 3 }, { resourceVersion: '6001' }),
    object({ count: 3 }, { resourceVersion: '6002', uid: 'a-new-object-of-the-same-name' }),
  ]
  const entries = repeats.map((json) => converter.toEntry(event(json)))
  t.equal(new Set(entries.map((entry) => entry.timestampNs)).size, 1, 'all within one second')
  t.equal(new Set(entries.map((entry) => entry.line)).size, 3, 'and yet three entries')
  t.end()
})

t.test('recorded events are dated by the second they were written in, or its fraction in their name', (t) => {
  const converter = createConverter(OPTIONS)
  let withFraction = 0
  for (const { object: json } of frames('../../src/demo/recording/watch-core-v1.ndjson.gz')) {
    const revision = event(json)
    const { timestampNs } = converter.toEntry(revision)
    const written = [revision.series?.lastObservedTime, revision.lastTimestamp, revision.eventTime].find(
      (text) => text !== undefined && text !== '',
    )
    t.equal(timestampNs / 1_000_000_000n, BigInt(Date.parse(String(written))) / 1000n)
    if (timestampNs % 1000n !== 0n) withFraction += 1
  }
  t.ok(withFraction > 300, 'first occurrences have nanoseconds')
  t.equal(converter.counts.skewed, 0, 'no repeat is taken for a first revision of a skewed writer')
  t.end()
})

t.test('case 22: the time of a revision is the latest that its writer gave', (t) => {
  const seconds = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n
  const none = { firstTimestamp: null, lastTimestamp: null, count: 0 }
  const at = (fields: Json, metadata: Json = {}): bigint => convert(object(fields, metadata)).timestampNs
  const created = seconds('2026-11-23T21:34:44Z')
  t.equal(at(none), created, 'no time: when the server got it')
  t.equal(at({ ...none, lastTimestamp: 'yesterday', firstTimestamp: 17 }), created, 'no readable time: likewise')
  t.equal(at({ ...none, lastTimestamp: '0001-01-01T00:00:00Z' }), created, "Go's zero time is no time")
  t.equal(at(none, { creationTimestamp: null }), 0n, 'not even that: 1970')
  t.equal(at({ ...none, eventTime: '2026-11-23T21:34:43.000001Z' }), seconds('2026-11-23T21:34:43Z') + 1000n)
  t.equal(at({ ...none, lastTimestamp: '2026-11-23T21:34:42Z' }), seconds('2026-11-23T21:34:42Z'))
  t.equal(at({ ...none, lastTimestamp: '1970-01-01T00:00:01Z' }), 1_000_000_000n, 'long ago stays long ago')
  t.equal(at({ lastTimestamp: '9999-12-31T23:59:59Z', count: 2 }), 2n ** 63n - 1n, 'the last moment Loki can count to')
  const series = { count: 3, lastObservedTime: '2026-11-23T21:40:00.123456Z' }
  t.equal(at({ eventTime: '2026-11-23T21:34:44.5Z', series }), seconds('2026-11-23T21:40:00.123Z') + 456_000n)
  t.equal(at({ series, lastTimestamp: '2026-11-23T21:41:00Z' }), seconds('2026-11-23T21:41:00Z'), 'both styles')
  t.equal(at({ series: { count: 3, lastObservedTime: null } }), created, 'a series without a time')
  t.end()
})

t.test('case 22: a first occurrence gets nanoseconds from its name, if they are of the same second', (t) => {
  const ns = 1_795_469_684_123_456_789n
  const named = (name: string, fields: Json = {}): bigint => convert(object(fields, { name })).timestampNs
  const whole = 1_795_469_684_000_000_000n
  t.equal(named(`web-1.${ns.toString(16)}`), ns)
  t.equal(named(`web-1.${(ns + 1_000_000_000n).toString(16)}`), whole, 'another second')
  t.equal(named(`web-1.${ns.toString(16).toUpperCase()}`), whole, 'no recorder writes it like that')
  t.equal(named(`web-1.0${ns.toString(16)}`), whole, 'too long')
  t.equal(named('web-1.'), whole)
  t.equal(named(ns.toString(16)), whole, 'no name before it')
  t.equal(named(`web-1.${ns.toString(16)}`, { count: 2 }), whole, 'a repeat has its own time')
  t.equal(named(`web-1.${ns.toString(16)}`, { lastTimestamp: '2026-11-23T21:34:45Z' }), whole + 1_000_000_000n)
  t.equal(
    named(`web-1.${ns.toString(16)}`, { eventTime: '2026-11-23T21:34:44.000000Z' }),
    whole,
    'not the legacy recorder',
  )
  t.end()
})

t.test('case 22: a writer ahead of the server is corrected on the first revision only', (t) => {
  const ahead = { firstTimestamp: '2026-11-23T22:34:44Z', lastTimestamp: '2026-11-23T22:34:44Z' }
  const first = [{ time: '2026-11-23T21:34:45Z' }, { time: '2026-11-23T21:34:44Z' }]
  const skewOf = (fields: Json, managedFields: readonly Json[] = first): string | undefined =>
    / skewed=(\S+)/.exec(convert(object(fields, { managedFields })).line)?.[1]
  const corrected = convert(object(ahead, { managedFields: first }))
  t.equal(corrected.timestampNs, BigInt(Date.parse('2026-11-23T21:34:45Z')) * 1_000_000n, "the latest of the server's")
  t.equal(skewOf(ahead), '2026-11-23T22:34:44Z', 'the original stays readable')
  t.equal(skewOf(ahead, []), '2026-11-23T22:34:44Z', 'managedFields may be stripped')
  t.equal(skewOf({ ...ahead, count: 2 }), undefined, 'a repeat')
  t.equal(skewOf({ ...ahead, series: { count: 1, lastObservedTime: null } }), undefined, 'a series')
  t.equal(skewOf(ahead, [...first, { time: '2026-11-23T22:30:00Z' }]), undefined, 'changed later')
  t.equal(skewOf(ahead, [{ time: 'soon' }]), undefined, 'nobody knows')
  t.equal(skewOf({ lastTimestamp: '2026-11-23T21:44:44Z' }, []), undefined, 'ten minutes are within what Loki takes')
  t.equal(skewOf({ lastTimestamp: '2026-11-23T21:44:45Z' }, []), '2026-11-23T21:44:45Z')
  t.equal(skewOf({ lastTimestamp: '2026-11-22T21:34:44Z' }, []), undefined, 'behind is not ahead')
  const converter = createConverter(OPTIONS)
  converter.toEntry(event(object(ahead)))
  t.equal(converter.counts.skewed, 1)
  t.end()
})

t.test('a line tells its level first, and Loki reads it from there', (t) => {
  const level = (type: unknown): string | undefined => /^level=(\w+) /.exec(convert(object({ type })).line)?.[1]
  t.equal(level('Warning'), 'warn')
  t.equal(level('Normal'), 'info')
  t.equal(level('WARNING'), 'warn')
  t.equal(level('Error'), 'error')
  t.equal(level('Whatever level=error'), 'info')
  t.equal(level(null), 'info')
  t.end()
})

t.test('keys come in the documented order, and level, count, uid and rv always', (t) => {
  const full = object(
    {
      involvedObject: {
        kind: 'Pod',
        namespace: 'shop',
        name: 'web-1',
        uid: 'u',
        apiVersion: 'v1',
        resourceVersion: '5',
        fieldPath: 'spec.containers{web}',
      },
      related: { kind: 'ConfigMap', namespace: 'other', name: 'env' },
      reportingComponent: 'kubelet-2',
      reportingInstance: 'x',
      action: 'Starting',
      eventTime: '2026-11-24T21:34:44.000000Z',
      firstTimestamp: '2026-11-24T21:34:44Z',
      series: null,
      message: 'm'.repeat(2000),
    },
    { namespace: 'elsewhere' },
  )
  const keysOf = (json: Json): string[] =>
    Object.keys(JSON.parse(convert(json, { format: 'json', maxLineBytes: 1500 }).line) as Json)
  const always = LINE_KEYS.filter((key) => key !== 'suppressed')
  const expected = always.filter((key) => !key.startsWith('series_'))
  t.same(keysOf(full), expected, 'all but those of a series')
  t.same(
    keysOf(
      object({ ...full, series: { count: 2, lastObservedTime: '2026-11-23T21:34:44Z' } }, { namespace: 'elsewhere' }),
    ),
    always.filter((key) => key !== 'skewed'),
    'all but what a series never is',
  )
  const bare = { metadata: { uid: 'u', resourceVersion: '7' } }
  t.same(keysOf(bare), ['level', 'count', 'uid', 'rv'])
  t.equal(convert(bare).line, 'level=info count=1 uid=u rv=7')
  t.end()
})

t.test('labels are few, metadata is in its order, and both leave out what is empty', (t) => {
  const entry = convert(
    object({ involvedObject: { kind: 'Pod', name: 'web-1', fieldPath: 'spec.ephemeralContainers{dbg}' } }),
  )
  t.same(Object.keys(entry.labels), [...INDEX_LABELS].sort())
  t.equal(entry.labels['namespace'], 'shop', "the event's, when the object has none")
  t.same(
    entry.metadata.map(([name]) => name),
    [...METADATA_NAMES],
  )
  t.same(entry.metadata.at(-1), ['container', 'dbg'])
  const bare = convert({ metadata: { uid: 'u', resourceVersion: '7' } })
  t.same(bare.labels, { job: 'kubernetes-events' })
  t.same(bare.metadata, [])
  for (const fieldPath of [
    'spec.containers{a}{b}',
    'spec.containers{}',
    'status.containers{a}',
    'spec.containers[0]',
  ]) {
    const about = convert(object({ involvedObject: { kind: 'Pod', name: 'p', fieldPath } }))
    t.notOk(
      about.metadata.some(([name]) => name === 'container'),
      fieldPath,
    )
  }
  for (const name of METADATA_NAMES) t.match(name, /[a-z]/, 'a name of underscores alone would fail the whole push')
  t.end()
})

t.test('without structured metadata the line still has everything', (t) => {
  const json = object({
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1', fieldPath: 'spec.containers{web}' },
  })
  const entry = convert(json, { structuredMetadata: false })
  t.same(entry.metadata, [])
  t.match(entry.line, ' reason=Started kind=Pod namespace=shop name=web-1 container=web ')
  t.match(entry.line, ' component=kubelet node=node-1 ')
  t.equal(entry.line, convert(json).line)
  t.end()
})

t.test('configured labels win, and an empty one takes a label away', (t) => {
  const labels = { team: 'sre', kind: '', namespace: 'all', job: 'mine' }
  t.same(convert(object(), { labels }).labels, { job: 'mine', namespace: 'all', team: 'sre', type: 'Normal' })
  t.equal(convert(object(), { job: 'events' }).labels['job'], 'events')
  const alloy = convert(object(), {
    format: 'alloy',
    job: 'j',
    labels: { instance: 'loki.source.kubernetes_events.main' },
  })
  t.same(alloy.labels, { instance: 'loki.source.kubernetes_events.main', job: 'j', namespace: 'shop' })
  const exporter = convert(object(), { format: 'exporter', labels: { source: 'event-exporter' } })
  t.same(exporter.labels, { job: 'kubernetes-event-exporter', source: 'event-exporter' })
  t.notMatch(exporter.line, 'clusterName')
  t.end()
})

t.test('entries of one stream share one object of labels', (t) => {
  const converter = createConverter(OPTIONS)
  const a = converter.toEntry(event(object({ reason: 'A' }))).labels
  const b = converter.toEntry(event(object({ reason: 'B' }))).labels
  const other = converter.toEntry(event(object({ type: 'Warning' }))).labels
  t.equal(a, b)
  t.not(a, other)
  t.end()
})

t.test('a label value that is too long keeps its beginning and stays distinct', (t) => {
  const long = 'ü'.repeat(5000)
  const value = (kind: string): string =>
    convert(object({ involvedObject: { kind } }), { maxLabelValueBytes: 64 }).labels['kind'] ?? ''
  t.ok(Buffer.byteLength(value(`${long}a`)) <= 64)
  t.match(value(`${long}a`), /^ü{23}~[0-9a-f]{16}$/)
  t.not(value(`${long}a`), value(`${long}b`))
  t.equal(value(`${long}a`), value(`${long}a`))
  t.equal(value('\ud800x'), '\ufffdx', 'no lone surrogate')
  t.equal(value('k'.repeat(64)), 'k'.repeat(64))
  t.end()
})

t.test('beyond the limit new streams overflow: the new value first, then the namespace, then all', (t) => {
  const converter = createConverter({ ...OPTIONS, maxStreams: 3 })
  const stream = (namespace: string, kind: string, type = 'Normal'): unknown => {
    const json = object({ involvedObject: { kind, namespace, name: 'x' }, type })
    return Object.values(converter.toEntry(event(json)).labels)
      .slice(1)
      .join(' ')
  }
  t.equal(stream('a', 'Pod'), 'Pod a Normal', 'labels are shown as kind, namespace, type')
  t.equal(stream('b', 'Pod'), 'Pod b Normal')
  t.equal(stream('b', 'Job', 'Warning'), 'Job b Warning', 'the third is the last')
  t.equal(converter.counts.overflowed, 0)
  t.equal(stream('c', 'Pod'), 'overflow overflow overflow', 'one place only is left, for all that overflows')
  t.equal(stream('a', 'Pod'), 'Pod a Normal', 'what was admitted stays')
  t.equal(converter.counts.overflowed, 1)

  const wide = createConverter({ ...OPTIONS, maxStreams: 48 })
  const wideStream = (namespace: string, kind: string, type = 'Normal'): unknown => {
    const json = object({ involvedObject: { kind, namespace, name: 'x' }, type })
    const { kind: k, namespace: n, type: y } = wide.toEntry(event(json)).labels
    return [n, k, y].join(' ')
  }
  for (let i = 0; i < 48; i += 1) wideStream(`ns-${i}`, i === 0 ? 'Job' : 'Pod')
  t.equal(wideStream('new', 'Pod'), 'overflow Pod Normal', 'a new namespace')
  t.equal(wideStream('ns-1', 'New'), 'ns-1 overflow Normal', 'a new kind keeps its namespace')
  t.equal(wideStream('ns-1', 'Job'), 'overflow overflow overflow', 'no room for a new combination')
  t.equal(wideStream('newer', 'Pod'), 'overflow Pod Normal', 'one that is there is used')
  t.equal(wideStream('ns-0', 'Job'), 'ns-0 Job Normal')
  t.end()
})

t.test('what the guard admitted is the same after a restart', (t) => {
  const options = { ...OPTIONS, maxStreams: 8 }
  const objects = frames('../../src/demo/recording/watch-core-v1.ndjson.gz').map((frame) => frame.object)
  const before = createConverter(options)
  for (const json of objects) before.toEntry(event(json))
  before.toEntry(event(object({ involvedObject: { kind: 'k'.repeat(3000), namespace: 'shop' } })))
  const saved = JSON.parse(JSON.stringify(before.admitted())) as Record<string, string[]>
  const after = createConverter(options, saved)
  const labelsBy = (converter: Converter): string =>
    JSON.stringify(objects.toReversed().map((json) => converter.toEntry(event(json)).labels))
  t.equal(labelsBy(after), labelsBy(before))
  t.ok(after.counts.overflowed > 0, 'some did overflow')
  t.not(labelsBy(createConverter(options)), labelsBy(before), 'without it they would differ')
  t.same(createConverter(options, saved).admitted(), saved)
  t.same(createConverter(options, { streams: ['0.0.0', 'zz', ''], kind: ['Pod'] }).admitted()['streams'], [])
  t.end()
})

t.test('a message of 1.5 MB is cut between two characters, and the line says by how much', (t) => {
  for (const format of FORMATS) {
    for (const piece of ['x', '"', '\n', 'ü', '🚀', '\u0000', '\ud800']) {
      const message = piece.repeat(Math.ceil(1_500_000 / Buffer.byteLength(piece)))
      const entry = convert(object({ message }), { format })
      const bytes = Buffer.byteLength(entry.line)
      t.ok(
        bytes <= OPTIONS.maxLineBytes && bytes > OPTIONS.maxLineBytes - 64,
        `${format} ${JSON.stringify(piece)} ${bytes}`,
      )
      t.ok(entry.line.isWellFormed())
      t.match(entry.line, /truncated_bytes\W+\d|\d bytes cut off/)
    }
  }
  const converter = createConverter({ ...OPTIONS, format: 'json', maxLineBytes: 1024 })
  const message = '🚀ü"'.repeat(1000)
  const line = JSON.parse(converter.toEntry(event(object({ message }))).line) as {
    msg: string
    truncated_bytes: number
  }
  t.ok(message.startsWith(line.msg))
  t.equal(Buffer.byteLength(line.msg) + line.truncated_bytes, Buffer.byteLength(message))
  t.equal(converter.counts.truncated, 1)
  t.end()
})

t.test('fields that are too long never cost the identity of the revision', (t) => {
  const huge = '\u0001'.repeat(100_000)
  const json = object(
    {
      involvedObject: { kind: huge, namespace: huge, name: huge, uid: huge, fieldPath: huge },
      reason: huge,
      type: huge,
      message: huge,
      firstTimestamp: huge,
      related: { kind: huge },
    },
    { name: huge, annotations: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`a${i}`, huge])) },
  )
  for (const format of FORMATS) {
    for (const maxLineBytes of [1024, 4096, 262_144]) {
      const entry = convert(json, { format, maxLineBytes })
      t.ok(Buffer.byteLength(entry.line) <= maxLineBytes, `${format} ${maxLineBytes}`)
      t.match(entry.line, '5892')
      t.notMatch(entry.line, /\p{Cc}/u)
    }
  }
  const labels = convert(json).labels
  for (const value of Object.values(labels)) t.ok(Buffer.byteLength(value) <= 2048)
  for (const [, value] of convert(json).metadata) t.ok(Buffer.byteLength(value) <= 2048)
  t.end()
})

t.test('annotations are sorted, bounded, and safe whatever they are called', (t) => {
  const annotations = JSON.parse(
    `{"z":"1","__proto__":"2","constructor":"3","a/b":"4","a.b":"5","n":7,
      "kubectl.kubernetes.io/last-applied-configuration":"{}","long":"${'v'.repeat(999)}"}`,
  ) as Json
  const { line } = convert(object({}, { annotations }))
  t.match(
    line,
    / annotations___proto__=2 annotations_a_b=5 annotations_constructor=3 annotations_long=v{239}~\w{16} annotations_z=1 annotations_left_out=1$/,
  )
  const parsed = JSON.parse(convert(object({}, { annotations }), { format: 'json' }).line) as { annotations: Json }
  t.same(Object.keys(parsed.annotations), ['__proto__', 'a.b', 'a/b', 'constructor', 'long', 'z'])
  t.equal(({} as Json)['2'], undefined)
  t.end()
})

t.test('what is no event becomes a placeholder, the same by LIST and by WATCH', (t) => {
  const letter = (head: string, fields: Partial<DeadLetter> = {}): DeadLetter => ({
    why: 'line_too_long',
    uid: '6d07d223',
    resourceVersion: '77',
    creationTimestamp: '2026-11-23T21:34:44Z',
    namespace: 'shop',
    sizeBytes: 9_000_000 + head.length,
    head,
    ...fields,
  })
  const item = `{"metadata":{"name":"big","namespace":"shop"},"message":"${'x'.repeat(600)}`
  const converter = createConverter(OPTIONS)
  const watched = converter.deadLetterEntry(
    letter(`{"type":"ADDED","object":{"kind":"Event","apiVersion":"v1",${item.slice(1)}`),
  )
  t.same(watched, converter.deadLetterEntry(letter(item)))
  t.match(
    watched?.line,
    /^level=error dead_letter=line_too_long namespace=shop msg="event not shipped: .*" uid=6d07d223 rv=77 head="/,
  )
  t.equal(watched?.timestampNs, BigInt(Date.parse('2026-11-23T21:34:44Z')) * 1_000_000n)
  t.same(watched?.labels, { job: 'kubernetes-events', namespace: 'shop' })
  t.equal(converter.deadLetterEntry(letter(item, { uid: '' })), null)
  t.equal(converter.deadLetterEntry(letter(item, { resourceVersion: '' })), null)
  t.equal(converter.deadLetterEntry(letter(item, { creationTimestamp: 'then' })), null)
  const hostile = letter('\u0000\ud800'.repeat(500), { namespace: '\u0001'.repeat(9999), why: 'invalid_json' })
  for (const format of FORMATS) {
    const line = createConverter({ ...OPTIONS, format, maxLineBytes: 1024 }).deadLetterEntry(hostile)?.line ?? ''
    t.ok(line.length > 0 && Buffer.byteLength(line) <= 1024 && line.isWellFormed(), format)
    t.notMatch(line, /\p{Cc}/u)
  }
  const json = createConverter({ ...OPTIONS, format: 'json' }).deadLetterEntry(letter(item))
  t.same(Object.keys(JSON.parse(json?.line ?? '') as Json), [...DEAD_LETTER_KEYS])
  t.end()
})
