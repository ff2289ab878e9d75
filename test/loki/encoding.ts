import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Entry } from '../../src/entry/entry.ts'
import { BatchBuilder, batchOf, entriesOf, halvesOf, streamsOf, type Batch } from '../../src/loki/batch.ts'
import { classify, type Verdict } from '../../src/loki/classify.ts'
import { push } from '../../src/loki/push.generated.js'
import { encodePushRequest, toPushBody } from '../../src/loki/push-request.ts'
import { encodedBytesOf, toQueuedEntry, type QueuedEntry } from '../../src/loki/queued-entry.ts'
import { parseRetryAfter } from '../../src/loki/retry-after.ts'
import { compress, uncompress } from '../../src/loki/snappy.ts'
import { createStreamResolver, isLegalTenant, type Stream } from '../../src/loki/stream-labels.ts'
import { parseLabelString } from '../fixtures/label-parser.ts'
import { decodePush } from '../fixtures/push-decoder.ts'
import { decodeSnappyBlock } from '../fixtures/snappy-block.ts'

const root = resolve(import.meta.dirname, '..', '..')

const streamFor = (labels: Record<string, string>, tenantId = ''): Stream => {
  const resolved = createStreamResolver({ tenantId, externalLabels: {} })(labels)
  if (resolved.kind !== 'stream') throw new Error(resolved.reason)
  return resolved.stream
}

const queued = (entry: Entry, sequence = 0): QueuedEntry => {
  const made = toQueuedEntry(entry, { sequence, stream: streamFor(entry.labels), arrivedMs: 0 })
  if (made === undefined) throw new Error('timestamp')
  return made
}

const sample = (line = 'line', labels: Record<string, string> = { job: 'x' }): Entry => ({
  labels,
  timestampNs: 1_795_473_096_000_000_001n,
  line,
  metadata: [],
})

/** Any UTF-16 at all, lone surrogates and control characters among it. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 })
  .map((units) => String.fromCharCode(...units))
const nastyText = fc.oneof(
  anyText,
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '"',
    '\\',
    '\n',
    '\u0000',
    '\u007f',
    '\ud800',
    '\udfff\ud800',
    '\uFFFD',
    '\u2028',
    '", x="y',
    '\\u0041',
    '}',
    "'`",
    '\u{1F600}',
  ),
)
const wellFormed = nastyText.map((text) => text.toWellFormed())
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,12}$/).filter((name) => !name.startsWith('__'))
const metadataName = fc.oneof(
  labelName.filter((name) => /[a-zA-Z0-9]/.test(name)),
  fc.constantFrom('a-b', 'a.b', 'a b', 'ключ1', '1a', '_x'),
)
const timestamps = fc.oneof(
  fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_900_000_000_000_000_000n }),
  fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n }),
  fc.constantFrom(0n, -1n, 999_999_999n, -1_000_000_000n),
)
const entries = fc.record({
  labels: fc.dictionary(labelName, wellFormed, { maxKeys: 4 }),
  timestampNs: timestamps,
  line: nastyText,
  metadata: fc.array(
    fc.tuple(
      metadataName,
      nastyText.filter((v) => v !== ''),
    ),
    { maxLength: 5 },
  ),
})

t.test('a label string is legal for Loki whatever the values are, and means what was given', (t) => {
  fc.assert(
    fc.property(fc.dictionary(labelName, nastyText, { maxKeys: 6 }), (labels) => {
      const text = streamFor(labels).labels
      const parsed = [...parseLabelString(text)]
      const expected = Object.entries(labels)
        .filter(([, value]) => value !== '')
        .map(([name, value]): [string, string] => [name, value.toWellFormed().replaceAll('\uFFFD', ' ')])
        .sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(parsed, expected)
    }),
    { numRuns: 500 },
  )
  t.pass('in every run')
  t.end()
})

t.test('external labels lie below those of the entry, and what begins with __ stays here', (t) => {
  const resolve = createStreamResolver({ tenantId: 'base', externalLabels: { cluster: 'c', job: 'lower', gone: 'x' } })
  const labels = { job: 'upper', gone: '', __meta_x: 'y', __tenant_id__: 'team' }
  const resolved = resolve(labels)
  t.match(resolved, { kind: 'stream', stream: { tenant: 'team', labels: '{cluster="c", job="upper"}' } })
  t.equal(resolve(labels), resolved, 'the same labels object is looked up')
  t.match(resolve({ a: 'b' }), { stream: { tenant: 'base' } })
  t.match(resolve({ a: 'b', __tenant_id__: '' }), { stream: { tenant: 'base' } }, 'an empty tenant is none')
  t.match(resolve({ a: 'b', constructor: 'x', hasOwnProperty: 'y' }), { kind: 'stream' })
  for (const name of ['', 'a.b', '1a', 'ключ', 'a b', 'a-b', 'a:b']) {
    t.strictSame(resolve({ [name]: 'x' }), { kind: 'refused', reason: 'label_name_invalid' }, name)
  }
  t.end()
})

t.test("tenants are dskit's: 1 to 150 bytes of a small alphabet, not a path", (t) => {
  for (const tenant of ['a', "A-z_0!.*'()", 'x'.repeat(150), '...']) t.ok(isLegalTenant(tenant), tenant)
  for (const tenant of ['', '.', '..', 'a|b', 'a/b', 'a:b', 'a b', 'ü', 'x'.repeat(151), 'a\r\nX-Evil: 1']) {
    t.notOk(isLegalTenant(tenant), tenant)
  }
  t.end()
})

t.test('a push read by an independent decoder is what was offered', (t) => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 20 }), (given) => {
      const batch = batchOf(given.map(queued))
      const read = decodePush(decodeSnappyBlock(toPushBody(batch)))
      const expected = new Map<string, unknown[]>()
      for (const { labels, timestampNs, line, metadata } of given) {
        const { labels: text } = streamFor(labels)
        expected.set(text, [
          ...(expected.get(text) ?? []),
          {
            timestampNs,
            line: line.toWellFormed(),
            metadata: metadata.map(([name, value]) => [name, value.toWellFormed()]),
          },
        ])
      }
      assert.deepEqual(
        read.map((s) => [s.labels, s.entries]),
        [...expected],
      )
    }),
    { numRuns: 300 },
  )
  t.pass('in every run')
  t.end()
})

/** The batch for the generated code, which writes whatever is present, empty or not; `given` by sequence. */
const toMessage = (batch: Batch, given: readonly Entry[]): push.PushRequest.$Properties => ({
  streams: batch.streams.map(({ stream, entries: own }) => ({
    labels: stream.labels,
    entries: own.map(({ sequence, seconds, nanos }) => {
      const { line, metadata } = given[sequence] ?? sample()
      return {
        timestamp: { ...(seconds === 0 ? {} : { seconds }), ...(nanos === 0 ? {} : { nanos }) },
        ...(line === '' ? {} : { line: line.toWellFormed() }),
        structuredMetadata: metadata.map(([name, value]) => ({ name, value: value.toWellFormed() })),
      }
    }),
  })),
})

const assertEncoded = (given: readonly Entry[]): void => {
  const batch = batchOf(given.map(queued))
  const bytes = encodePushRequest(batch)
  assert.ok(Buffer.from(bytes).equals(encodePushRequest(batchOf(entriesOf(batch)))))
  assert.ok(Buffer.from(bytes).equals(push.PushRequest.encode(toMessage(batch, given)).finish()))
  const estimate = batch.streams.reduce(
    (sum, s) => sum + s.stream.labelsBytes + 16 + s.entries.reduce((n, e) => n + encodedBytesOf(e), 0),
    0,
  )
  assert.ok(bytes.length <= estimate, `${bytes.length} <= ${estimate}`)
}

t.test(
  'the same batch gives the same bytes, those of the generated code, and no entry is larger than estimated',
  (t) => {
    fc.assert(fc.property(fc.array(entries, { minLength: 1, maxLength: 20 }), assertEncoded), { numRuns: 200 })
    // Where a length takes one more byte, and where an entry takes more room than most.
    for (const chars of [39, 40, 41, 127, 128, 16_383, 16_384, 21_840, 65_536, 300_000]) {
      for (const unit of ['x', 'é', '\u{1F600}', '\ud800']) {
        const text = unit.repeat(chars)
        assertEncoded([sample('before'), { ...sample(text), metadata: [[`n${text}`, text]] }, sample('after')])
      }
    }
    t.pass('in every run')
    t.end()
  },
)

t.test('what Loki counts of an entry is the UTF-8 of line and metadata; what it cannot take is left out', (t) => {
  const metadata: Entry['metadata'] = [
    ['node', 'ключ'],
    ['_', 'seven b'],
    ['empty', ''],
  ]
  const { sizeBytes, leftOutBytes, bytes } = queued({ ...sample('line'), metadata })
  t.equal(sizeBytes, 4 + 4 + 8)
  t.equal(leftOutBytes, 1 + 7)
  t.equal(bytes, queued({ ...sample('line'), metadata: metadata.slice(0, 1) }).bytes)
  t.end()
})

t.test('the committed push code is what the proto file gives, and makes no code from strings', (t) => {
  const made = execFileSync(process.execPath, ['scripts/generate-push.js', '--stdout'], { cwd: root, encoding: 'utf8' })
  t.equal(made, readFileSync(join(root, 'src/loki/push.generated.js'), 'utf8'))
  const program = `import { push } from './src/loki/push.generated.js'
    const bytes = push.PushRequest.encode({ streams: [{ labels: '{a="b"}' }] }).finish()
    console.log(push.PushRequest.decode(bytes).streams[0].labels)`
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
  t.equal(execFileSync(process.execPath, flags, { cwd: root, encoding: 'utf8', env: {} }).trim(), '{a="b"}')
  const message = push.PushRequest.decode(Buffer.from(encodePushRequest(batchOf([queued({ ...sample(), line: 'x' })]))))
  t.match(message, { streams: [{ labels: '{job="x"}', entries: [{ line: 'x' }] }] })
  t.end()
})

t.test("snappy blocks are read by an independent decoder and by the library's own", (t) => {
  const block = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 9000 })).map(([part, times]) => {
      const whole = new Uint8Array(part.length * times)
      for (let i = 0; i < times; i += 1) whole.set(part, i * part.length)
      return whole
    }),
  )
  fc.assert(
    fc.property(block, (bytes) => {
      const packed = compress(Buffer.from(bytes))
      assert.ok(decodeSnappyBlock(packed).equals(bytes))
      assert.ok(Buffer.from(uncompress(packed, bytes.length)).equals(bytes))
    }),
    { numRuns: 150 },
  )
  t.pass('in every run')
  for (const length of [65_535, 65_536, 65_537, 131_072]) {
    const bytes = Buffer.alloc(length, 'The quick brown fox jumps over the lazy dog. ')
    t.ok(decodeSnappyBlock(compress(bytes)).equals(bytes), `${length} bytes`)
  }
  t.throws(() => uncompress(compress(Buffer.alloc(1000)), 999), 'a bound holds')
  t.end()
})

t.test('a batch keeps its limits, takes at least one entry, and cuts without losing or reordering', (t) => {
  const limits = fc.record({
    maxBytes: fc.integer({ min: 1, max: 500 }),
    maxEncodedBytes: fc.integer({ min: 1, max: 1500 }),
  })
  const line = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 3 }))
  fc.assert(
    fc.property(limits, fc.array(line, { minLength: 1, maxLength: 40 }), (bounds, lines) => {
      const all = lines.map(([length, stream], i) => queued(sample('x'.repeat(length), { job: `j${stream}` }), i))
      const builder = new BatchBuilder(bounds)
      const taken = all.slice(0, all.findIndex((entry) => !builder.add(entry)) >>> 0)
      const batch = builder.build(() => true)
      assert.equal(batch.count, taken.length)
      assert.ok(batch.count >= 1)
      if (batch.count > 1) {
        assert.ok(batch.sizeBytes <= bounds.maxBytes)
        assert.ok(encodePushRequest(batch).length <= bounds.maxEncodedBytes)
        const parts = halvesOf(batch)
        assert.deepEqual(parts.flatMap(entriesOf), entriesOf(batch))
        assert.ok(parts.every((part) => part.count >= 1))
      }
      assert.deepEqual(streamsOf(batch).flatMap(entriesOf), entriesOf(batch))
      for (const { stream, entries: own } of batch.streams) {
        const expected = taken.filter((entry) => entry.stream.key === stream.key)
        assert.deepEqual(own, expected)
      }
    }),
    { numRuns: 200 },
  )
  t.pass('in every run')
  t.end()
})

type Recorded = { readonly id: string; readonly status: number | null; readonly body: string | null }

const recorded = JSON.parse(readFileSync(join(root, 'test/fixtures/push-errors.json'), 'utf8')) as readonly Recorded[]
const answered = (status: number, text: string): Verdict =>
  classify({ kind: 'answered', status, text: text.slice(0, 65_536), retryAfterMs: null })
const short = (verdict: Verdict): string => {
  if (verdict.kind === 'partial') return `partial ${verdict.reason}`
  if (verdict.kind === 'misconfigured') return `misconfigured ${verdict.setting}`
  return verdict.kind === 'retry' ? `retry ${verdict.cause}` : verdict.kind
}

/** What each recorded answer of a real Loki that is not a plain 204 means. */
const EXPECTED: Readonly<Record<string, string>> = {
  'partial-too-old': 'partial too_old',
  'partial-line-too-long': 'partial line_too_long',
  'partial-bad-label-name': 'partial labels_unparsable',
  'partial-label-name 1abc': 'partial labels_unparsable',
  'partial-label-name a.b': 'partial labels_unparsable',
  'partial-label-name ': 'partial labels_unparsable',
  'partial-label-name ключ': 'partial labels_unparsable',
  'partial-label-name a b': 'partial labels_unparsable',
  'partial-label-name a:b': 'partial labels_unparsable',
  'partial-all-three': 'partial labels_unparsable',
  'partial-old-and-long': 'partial too_old',
  'partial-too-new': 'partial too_new',
  'partial-too-many-labels': 'misconfigured labels',
  'partial-label-value-too-long': 'partial label_value_too_long',
  'partial-no-labels': 'partial label_missing',
  'partial-metadata-too-large': 'partial metadata_too_large',
  'partial-metadata-too-many': 'partial metadata_too_many',
  'too-far-behind-one': 'partial too_far_behind',
  'too-far-behind-many': 'partial too_far_behind',
  'too-old-and-too-far-behind': 'partial too_far_behind',
  'metadata-name _': 'partial metadata_name_invalid',
  'metadata-name __': 'partial metadata_name_invalid',
  'metadata-name ___': 'partial metadata_name_invalid',
  'metadata-name ': 'partial metadata_name_invalid',
  'metadata-name ключ': 'partial metadata_name_invalid',
  'no-tenant': 'misconfigured tenant_id',
  'quirk-unicode-label-filter': 'retry server_error',
  'too-far-behind-stream-last': 'partial too_far_behind',
  'too-far-behind-both': 'partial too_far_behind',
  'rate-batch-over-burst': 'retry rate_limited',
  'rate-mixed-streams': 'retry rate_limited',
  'stream-count-limit': 'stream_limit',
  'stream-rate-alone': 'retry stream_rate_limited',
  'stream-rate-last': 'retry stream_rate_limited',
}
/** Answers to bodies that we cannot make (JSON, none at all). */
const NOT_OURS = /^(empty-|body-|ts-|line-number|content-type-text|metadata-value )/

t.test('every recorded answer of a real Loki is understood', (t) => {
  let seen = 0
  for (const { id, status, body } of recorded) {
    if (status === null || body === null) continue
    const expected = EXPECTED[id] ?? (status === 204 ? 'sent' : NOT_OURS.test(id) ? 'unrecognised' : 'unexpected')
    t.equal(short(answered(status, body)), expected, `${id}: ${status} ${body.slice(0, 80)}`)
    seen += 1
  }
  t.ok(seen > 75)
  t.match(answered(429, recorded.find((r) => r.id === 'rate-batch-over-burst')?.body ?? ''), {
    limitBytes: 1048,
    mayBeStored: false,
  })
  t.match(answered(429, recorded.find((r) => r.id === 'stream-rate-alone')?.body ?? ''), {
    limitBytes: 1024,
    mayBeStored: true,
  })
  t.end()
})

t.test('answers without a recording are understood as well', (t) => {
  const cases: readonly [number, string, string][] = [
    [200, '', 'sent'],
    [204, '', 'sent'],
    [202, '{}', 'sent'],
    [200, '<html>sign in</html>', 'misconfigured url'],
    [260, "ingestion blocked for user 'T' until '2027-01-01T00:00:00Z' with status code '260'", 'blocked'],
    [403, "ingestion blocked for user 'T' until '2027-01-01T00:00:00Z' with status code '403'", 'retry server_error'],
    [301, '', 'misconfigured url'],
    [400, "tenant ID 'x y' contains unsupported character ' '", 'misconfigured tenant_id'],
    [400, 'multiple org IDs present', 'misconfigured tenant_id'],
    [400, 'streams must not contain the reserved labels', 'misconfigured labels'],
    [
      400,
      `missing required labels 'a,b' for user 'T' for stream '{x="y"}' (policy: 'P')`,
      'misconfigured external_labels',
    ],
    [400, `stream '{a="b"}' has duplicate label name: 'a'`, 'partial label_name_duplicate'],
    [400, `stream '{a="b"}' has label name too long: 'a'`, 'partial label_name_too_long'],
    [400, '<html>400 The plain HTTP request was sent to HTTPS port</html>', 'unrecognised'],
    [401, '', 'misconfigured authorization'],
    [403, '', 'misconfigured authorization'],
    [404, '', 'misconfigured url'],
    [407, '', 'misconfigured proxy_url'],
    [408, '', 'retry server_error'],
    [413, '<html>413 Request Entity Too Large</html>', 'too_large'],
    [429, '', 'retry rate_limited'],
    [500, 'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)', 'too_large'],
    [500, 'at least 2 live replicas required', 'retry server_error'],
    [501, '', 'misconfigured url'],
    [503, 'circuit breaker open, request denied', 'retry server_error'],
    [504, '', 'retry server_error'],
  ]
  for (const [status, text, expected] of cases) t.equal(short(answered(status, text)), expected, `${status} ${text}`)
  t.equal(short(classify({ kind: 'unanswered', why: 'ECONNRESET' })), 'retry transport')
  t.end()
})

t.test('the text of a label cannot change what an answer means', (t) => {
  const hostile = [
    'includes structured metadata, but this feature is disallowed',
    'has 17 label names; limit 15',
    'missing required labels',
    'no org id',
    'entry too far behind',
    'maximum active stream limit exceeded',
    'ingestion blocked for user',
    '\\" no org id \\\\',
  ]
  for (const text of hostile) {
    const stream = `{job=${JSON.stringify(text)}}`
    t.equal(short(answered(400, `entry for stream '${stream}' has timestamp too old: T`)), 'partial too_old', text)
    t.equal(
      short(answered(400, `stream '{a="b"}' has label value too long: '${text}'`)),
      'partial label_value_too_long',
    )
    t.equal(
      short(answered(429, `Per stream rate limit exceeded (limit: 3MB/sec) for stream '${stream}`)),
      'retry stream_rate_limited',
    )
    t.equal(short(answered(400, `entry for stream '{job="${text}`)), 'unrecognised', 'a text cut off within it')
  }
  t.end()
})

t.test('Retry-After is seconds or a date, and has a bound', (t) => {
  const now = Date.UTC(2026, 10, 23, 22, 0, 0)
  t.equal(parseRetryAfter(undefined, now), null)
  t.equal(parseRetryAfter('7', now), 7000)
  t.equal(parseRetryAfter('Mon, 23 Nov 2026 22:00:30 GMT', now), 30_000)
  t.equal(parseRetryAfter('Mon, 23 Nov 2026 21:00:00 GMT', now), 0)
  t.equal(parseRetryAfter('999999999', now), 600_000)
  t.equal(parseRetryAfter('soon', now), null)
  t.end()
})
