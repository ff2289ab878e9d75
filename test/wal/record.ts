import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { Entry } from '../../src/entry/entry.ts'
import type { ScopePosition } from '../../src/kube/position.ts'
import { ByteBuffer, ByteReader } from '../../src/wal/byte-buffer.ts'
import { crc32c } from '../../src/wal/crc32c.ts'
import { FRAME_HEAD_BYTES, frameAt, segmentSeed, writeFrame } from '../../src/wal/frame.ts'
import { RecordReader } from '../../src/wal/record-reader.ts'
import { type WalRecord, writeRecord } from '../../src/wal/record.ts'

t.test('CRC-32C is that of RFC 3720, appendix B.4', (t) => {
  const sum = (bytes: Uint8Array): number => crc32c(bytes, 0, bytes.length)
  const up = Uint8Array.from({ length: 32 }, (_, at) => at)
  t.equal(sum(new Uint8Array(32)), 0x8a9136aa, '32 zeros')
  t.equal(sum(new Uint8Array(32).fill(255)), 0x62a8ab43, '32 ones')
  t.equal(sum(up), 0x46dd794e, 'incrementing')
  t.equal(sum(up.toReversed()), 0x113fdb5c, 'decrementing')
  const command = '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000'
  t.equal(sum(Buffer.from(command, 'hex')), 0xd9963a56, 'an iSCSI read command')
  t.equal(sum(Buffer.from('123456789')), 0xe3069283, 'the check value')
  t.equal(sum(new Uint8Array(0)), 0)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
      const k = Math.min(at, bytes.length)
      return crc32c(bytes, 0, bytes.length) === crc32c(bytes, k, bytes.length, crc32c(bytes, 0, k))
    }),
  )
  t.end()
})

t.test('records', (t) => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constant('ÿç'))
  const revision = fc.bigInt({ min: 0n, max: 10n ** 39n - 1n }).map(String)
  const interval = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.bigInt({ min: 0n, max: 10n ** 6n }), fc.option(fc.maxSafeNat()))
    .map(([after, d, notBeforeMs]) => ({ after: String(after), upTo: String(after + d), notBeforeMs }))
  const position: fc.Arbitrary<ScopePosition> = fc.record({
    epoch: fc.nat(),
    watched: revision,
    active: fc.option(
      fc.record({
        intervals: fc.array(interval, { maxLength: 5 }),
        continueToken: fc.option(text),
        emitted: fc.maxSafeNat(),
      }),
    ),
    pending: fc.array(interval, { maxLength: 5 }),
  })
  const entry: fc.Arbitrary<Entry> = fc.record({
    labels: fc.dictionary(text, text, { maxKeys: 5, noNullPrototype: true }),
    timestampNs: fc.oneof(
      fc.bigInt({ min: -(2n ** 95n), max: 2n ** 95n - 1n }),
      fc.constant(1_700_000_000_123_456_789n),
    ),
    line: text,
    metadata: fc.array(fc.tuple(text, text), { maxLength: 5 }),
  })
  const front = {
    index: fc.maxSafeNat(),
    lane: fc.nat(99_999),
    change: fc.oneof(
      fc.constant({ kind: 'same' } as const),
      fc.record({ kind: fc.constant('watched' as const), watched: revision }),
      fc.record({ kind: fc.constant('whole' as const), position }),
    ),
  }
  const lists = fc.dictionary(text, fc.array(text, { maxLength: 3 }), { maxKeys: 3, noNullPrototype: true })
  const record: fc.Arbitrary<WalRecord> = fc.oneof(
    fc.record({ kind: fc.constant('entry' as const), ...front, entry }),
    fc.record({ kind: fc.constant('entry' as const), ...front, entry, listed: revision }),
    fc.record({ kind: fc.constant('moved' as const), ...front }),
    fc.record({
      kind: fc.constant('streams' as const),
      job: text,
      from: fc.dictionary(text, fc.maxSafeNat(), { maxKeys: 3, noNullPrototype: true }),
      added: lists,
    }),
    fc.record({
      kind: fc.constant('head' as const),
      head: fc.record({
        index: fc.maxSafeNat(),
        createdAtMs: fc.maxSafeNat(),
        lanes: fc.array(
          fc.record(
            {
              ...{ job: text, scope: text, cluster: text, selection: text },
              position: fc.option(position),
              begins: fc.constantFrom(null, 'settled' as const, 'before_hole' as const),
              listed: fc.array(revision, { minLength: 1, maxLength: 3 }),
            },
            { requiredKeys: ['job', 'scope', 'cluster', 'selection', 'position', 'begins'] },
          ),
          { maxLength: 3 },
        ),
        streams: fc.dictionary(text, lists, { maxKeys: 3, noNullPrototype: true }),
      }),
    }),
  )
  /** What of a text is left when it goes to Loki. */
  const wellFormed = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, part: unknown) =>
        typeof part === 'bigint' ? String(part) : typeof part === 'string' ? part.toWellFormed() : part,
      ).toWellFormed(),
    )

  t.test('come back as they were written, whatever stands around them', (t) => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 5 }),
        fc.uint8Array({ maxLength: 30 }),
        (records, noise) => {
          const buffer = new ByteBuffer(16)
          const seed = segmentSeed('log', 7)
          for (const byte of noise) buffer.u8(byte)
          for (const one of records) {
            writeFrame(buffer, seed, (into) => {
              writeRecord(into, one)
            })
          }
          const bytes = Buffer.from(buffer.view())
          const reader = new RecordReader()
          let at = noise.length
          for (const one of records) {
            const framed = frameAt(bytes, at, seed, bytes.length)
            if (framed.kind !== 'payload') throw new Error(framed.kind)
            const read = reader.read(bytes, framed.from, framed.to)
            if (!isDeepStrictEqual(wellFormed(read), wellFormed(one))) return false
            at = framed.to
          }
          return at === bytes.length
        },
      ),
      { numRuns: 300 },
    )
    t.end()
  })

  t.test('that are no records are refused, and never throw', (t) => {
    const reader = new RecordReader()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        reader.read(Buffer.from(bytes), 0, bytes.length)
        frameAt(Buffer.from([0xff, 0xe7, ...bytes]), 0, 1, bytes.length + 2)
      }),
    )
    fc.assert(
      fc.property(record, fc.nat(), fc.nat(255), (one, place, byte) => {
        const buffer = new ByteBuffer()
        writeRecord(buffer, one)
        const bytes = Buffer.from(buffer.view())
        bytes[place % bytes.length] = byte
        reader.read(bytes, 0, bytes.length)
        reader.read(bytes, 0, place % bytes.length)
      }),
    )
    t.end()
  })

  t.test('of another log or another segment are damage, even when the text of an event is a whole record', (t) => {
    const buffer = new ByteBuffer()
    const write = (into: ByteBuffer): void => {
      writeRecord(into, { kind: 'moved', index: 1, lane: 0, change: { kind: 'same' } })
    }
    writeFrame(buffer, segmentSeed('a', 1), write)
    const bytes = Buffer.from(buffer.view())
    t.equal(frameAt(bytes, 0, segmentSeed('a', 1), bytes.length).kind, 'payload')
    t.equal(frameAt(bytes, 0, segmentSeed('a', 2), bytes.length).kind, 'damage')
    t.equal(frameAt(bytes, 0, segmentSeed('b', 1), bytes.length).kind, 'damage')
    t.end()
  })

  t.test('that the buffer does not hold whole are asked for, within what there is', (t) => {
    const buffer = new ByteBuffer()
    writeFrame(buffer, 1, (into) => {
      into.text('x'.repeat(50))
    })
    const bytes = Buffer.from(buffer.view())
    t.strictSame(frameAt(bytes.subarray(0, 5), 0, 1, 60), { kind: 'short', to: FRAME_HEAD_BYTES })
    t.strictSame(frameAt(bytes.subarray(0, 20), 0, 1, 60), { kind: 'short', to: 60 })
    t.strictSame(frameAt(bytes.subarray(0, 20), 0, 1, 59), { kind: 'damage' }, 'it reaches beyond the end')
    t.strictSame(frameAt(bytes, 0, 1, 60), { kind: 'payload', from: FRAME_HEAD_BYTES, to: 60 })
    t.end()
  })

  t.test('numbers of up to 2^53 and of 96 bits come back', (t) => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.bigInt({ min: -(2n ** 95n), max: 2n ** 95n - 1n }), (n, wide) => {
        const buffer = new ByteBuffer(1)
        buffer.varint(n)
        buffer.i96(wide)
        const reader = new ByteReader(Buffer.from(buffer.view()), 0, buffer.length)
        return (
          reader.varint() === n && reader.i96() === wide && reader.isSound() && reader.u8() === 0 && !reader.isSound()
        )
      }),
    )
    const endless = new ByteReader(Buffer.alloc(20, 0xff), 0, 20)
    t.equal(endless.varint(), 0)
    t.notOk(endless.isSound(), 'a number without an end is none')
    t.end()
  })
  t.end()
})
