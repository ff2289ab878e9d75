import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { decodeEvent } from '../../src/kube/decode-event.ts'
import { type EventInput, readEvents } from '../../src/kube/event-input.ts'
import { readFrame } from '../../src/kube/frame.ts'
import { withoutOwnership } from '../../src/kube/managed-fields.ts'

type Json = Record<string, unknown>

const recorded = (path: string): string => gunzipSync(readFileSync(new URL(path, import.meta.url))).toString('utf8')

/** Reads a text that comes in pieces of `chunkBytes`. */
const read = async (text: string, chunkBytes = 65_536, maxChars?: number): Promise<EventInput[]> => {
  const bytes = Buffer.from(text)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes))
  const inputs: EventInput[] = []
  for await (const input of readEvents(Readable.from(chunks), maxChars)) inputs.push(input)
  return inputs
}

/** What was read, in short: a revision for an event, the frame's type, or the reason of a refusal; with its line. */
const brief = (inputs: readonly EventInput[]): string[] =>
  inputs.map((input) => {
    if (input.kind === 'event') return `${input.line}: rv ${input.event.resourceVersion}`
    return `${input.line}: ${input.kind === 'passed_over' ? input.frame : input.why}`
  })

const object = (rv: number, fields: Json = {}): Json => ({
  metadata: { uid: 'u', resourceVersion: String(rv), name: `e-${rv}` },
  message: 'a "{[\\ü🚀]}" b',
  ...fields,
})

t.test('all recordings are read: a list, the frames of a watch, both API groups, deletions', async (t) => {
  const list = await read(recorded('../../src/demo/recording/list-core-v1.json.gz'))
  t.equal(list.length, 731)
  t.ok(list.every((input) => input.kind === 'event'))
  const counts = (inputs: readonly EventInput[]): Json => ({
    events: inputs.filter((input) => input.kind === 'event').length,
    passedOver: inputs.filter((input) => input.kind === 'passed_over').length,
  })
  const core = await read(recorded('../../src/demo/recording/watch-core-v1.ndjson.gz'))
  const other = await read(recorded('../fixtures/recorded/watch-events-k8s-io-v1.ndjson.gz'))
  t.same(counts(core), { events: 1017, passedOver: 688 })
  t.same(core, other, 'the same events, field by field')
  t.same(counts(await read(recorded('../fixtures/recorded/ttl-deletes-core-v1.ndjson.gz'))), {
    events: 0,
    passedOver: 31,
  })
})

t.test('objects may follow each other in any form, wherever the input is cut', async (t) => {
  const frame = (type: string, json: Json): string => JSON.stringify({ type, object: json })
  const text = [
    JSON.stringify(object(1)),
    '',
    JSON.stringify(object(2), null, 4),
    JSON.stringify(object(3)) + JSON.stringify(object(4)),
    JSON.stringify({ kind: 'EventList', items: [object(5), object(6)], metadata: { items: [{}] } }),
    JSON.stringify({ apiVersion: 'v1', items: [object(7, { kind: 'Event' }), object(8)], kind: 'List' }, null, 4),
    JSON.stringify([object(9), object(10)], null, '\t').replaceAll('\n', '\r\n'),
    `[\n${JSON.stringify(object(11))},\n${JSON.stringify(object(12))}\n]`,
    `{"items":[]} []${JSON.stringify(object(13))}`,
    `${frame('ADDED', object(14))}\n${frame('MODIFIED', object(15))}\n${frame('DELETED', object(16))}`,
    '{"type":"BOOKMARK","object":{"kind":"Event","metadata":{"resourceVersion":"17"}}}',
    JSON.stringify(object(18, { type: 'ADDED' })),
  ].join('\n')
  const whole = await read(`\ufeff${text}`)
  t.same(
    brief(whole).map((line) => line.replace(/^\d+: /, '')),
    [...Array.from({ length: 15 }, (_, i) => `rv ${i + 1}`), 'DELETED', 'BOOKMARK', 'rv 18'],
  )
  t.equal(whole[0]?.line, 1)
  t.equal(whole[1]?.line, 3)
  t.equal(whole[2]?.line, whole[3]?.line)
  t.equal(whole.at(-1)?.line, text.split('\n').length)
  for (const chunkBytes of [1, 2, 3, 7, 61])
    t.same(await read(text, chunkBytes), whole, `${chunkBytes} bytes at a time`)
  t.same(await read(''), [])
  t.same(await read(' \n\r\n\t'), [])
})

t.test('what cannot be used is refused with its line and reason, and the next line is read', async (t) => {
  const good = JSON.stringify(object(7))
  const after = async (bad: string): Promise<string[]> => brief(await read(`${good}\n${bad}\n${good}\n`)).slice(1)
  t.same(await after('hello'), ['2: neither an object nor a list begins here', '3: rv 7'])
  t.same(await after('{"metadata": oops}'), ['2: not JSON', '3: rv 7'])
  t.same(await after('{"message": "cut off'), ['2: a string is not ended before the end of its line', '3: rv 7'])
  t.same(await after('{"metadata": {"uid": 7'), ['2: a new line begins before the value ends', '3: rv 7'])
  t.same(await after('{"metadata": {"uid": "u",'), ['2: a new line begins before the value ends', '3: rv 7'])
  t.same(await after('{"metadata": ]'), ['2: a bracket closes what it did not open', '3: rv 7'])
  t.same(await after(`${good} trailing`), ['2: rv 7', '2: neither an object nor a list begins here', '3: rv 7'])
  t.same(await after(`[1, ${good}]`), ['2: an element of the list is no object', '3: rv 7'])
  t.same(await after('[[1]]'), ['2: not an object', '3: rv 7'])
  t.same(await after('{"a":'.repeat(300) + '1' + '}'.repeat(300)), ['2: nested too deeply', '3: rv 7'])
  t.same(await after('{"kind":"Pod","metadata":{"uid":"u","resourceVersion":"1"}}'), [
    '2: kind is not Event',
    '3: rv 7',
  ])
  t.same(await after('{"type":"ADDED","object":null}'), ['2: not an object', '3: rv 7'])
  t.same(await after('{"type":"ERROR","object":{"kind":"Status","message":"too old resource version"}}'), [
    '2: ERROR frame: too old resource version',
    '3: rv 7',
  ])
  t.same(await after('{"type":"ODD","object":{}}'), ['2: ODD frame', '3: rv 7'])
  t.same(brief(await read(`${good}\n{"metadata":`)), ['1: rv 7', '2: the input ends before the value does'])
  t.same(brief(await read(`{"items":[${good},`)), ['1: rv 7', '1: the input ends before the list does'])
  t.same(brief(await read(`{"items":[${good}],"kind":`)), ['1: rv 7', '1: the input ends before the value does'])
})

t.test('a value that is too long is read over, and a long list of short ones is not too long', async (t) => {
  const list = JSON.stringify({ kind: 'List', items: Array.from({ length: 2000 }, (_, i) => object(i + 1)) })
  t.ok(list.length > 100_000)
  const inputs = await read(`${JSON.stringify(object(5, { message: 'x'.repeat(2000) }))}\n${list}`, 100, 1000)
  t.same(brief(inputs.slice(0, 2)), ['1: longer than 1000 characters', '2: rv 1'])
  t.equal(inputs.length, 2001)
})

t.test('any events, in any layout, cut anywhere, are read back', async (t) => {
  const indent = fc.constantFrom(undefined, 1, 4)
  const message = fc.string({
    unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', '\n', ',', ':', 'items', 'ü', '🚀'),
    maxLength: 12,
  })
  const layout = fc.tuple(
    fc.array(message, { maxLength: 4 }),
    indent,
    fc.constantFrom('list', 'array', 'lines', 'joined'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(layout, { maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (blocks, chunkBytes) => {
        const text = blocks.map(([messages, spaces, form]) => {
          const objects = messages.map((m, i) => object(i, { message: m, items: m }))
          if (form === 'list') return JSON.stringify({ items: objects, kind: 'List' }, null, spaces)
          if (form === 'array') return JSON.stringify(objects, null, spaces)
          return objects.map((json) => JSON.stringify(json, null, spaces)).join(form === 'lines' ? '\n' : '')
        })
        const inputs = await read(text.join('\n'), chunkBytes)
        t.same(
          inputs.map((input) => (input.kind === 'event' ? input.event.message : input)),
          blocks.flatMap(([messages]) => messages),
        )
      },
    ),
  )
})

t.test('whatever comes in, reading ends and gives values', async (t) => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '\n',
    ' ',
    '1',
    '"items":[',
    JSON.stringify(object(1)),
    '\ud800',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      const inputs = await read(`${pieces.join('')}\n${JSON.stringify(object(99))}`)
      t.ok(inputs.length > 0)
      t.ok(inputs.every((input) => input.line >= 1))
    }),
  )
})

t.test('fields of a wrong type are absent, and nothing else is', (t) => {
  const odd = decodeEvent({
    metadata: {
      uid: 'u',
      resourceVersion: '340282366920938463463374607431768211455',
      name: 5,
      namespace: null,
      creationTimestamp: {},
      labels: ['a'],
      annotations: { a: '1', b: 2, c: null },
      managedFields: [null, 7, { time: 8 }, { time: '2026-11-23T21:34:44Z' }],
    },
    involvedObject: 'Pod',
    related: [],
    message: 17,
    note: 'the note',
    count: -3,
    series: { count: 1e300, lastObservedTime: 5 },
    source: 'kubelet',
    type: true,
  })
  t.match(odd, { kind: 'event' })
  if (odd.kind !== 'event') return t.end()
  t.equal(odd.event.resourceVersion, '340282366920938463463374607431768211455', 'longer than any number')
  t.same([odd.event.name, odd.event.namespace, odd.event.creationTimestamp, odd.event.type], ['', '', '', ''])
  t.same(odd.event.labels, {})
  t.same(odd.event.annotations, { a: '1' })
  t.same(odd.event.managedTimes, ['2026-11-23T21:34:44Z'])
  t.same([odd.event.involved.kind, odd.event.related, odd.event.sourceComponent], ['', null, ''])
  t.equal(odd.event.message, 'the note')
  t.same([odd.event.count, odd.event.series], [0, { count: 0, lastObservedTime: '' }])
  t.end()
})

t.test('without a usable uid and resourceVersion there is no event, but what can be read is told', (t) => {
  const known = { creationTimestamp: '2026-11-23T21:34:44Z', namespace: 'shop' }
  const of = (metadata: unknown): unknown => decodeEvent({ metadata })
  t.match(of({ ...known, uid: 'u' }), { kind: 'invalid', uid: 'u', resourceVersion: '', ...known })
  t.match(of({ ...known, resourceVersion: '7' }), { kind: 'invalid', uid: '', resourceVersion: '7', ...known })
  for (const resourceVersion of ['', '07', '-1', '1.5', '0x7', 'a', 7, null, '1'.repeat(40)]) {
    t.match(of({ uid: 'u', resourceVersion }), { kind: 'invalid', resourceVersion: '' })
  }
  for (const uid of ['', 7, null, 'a b', 'a\n', 'ü', 'u'.repeat(129)]) {
    t.match(of({ uid, resourceVersion: '7' }), { kind: 'invalid', uid: '' })
  }
  for (const json of [null, 7, 'x', [], {}, { metadata: null }, { metadata: [] }]) {
    t.match(decodeEvent(json), { kind: 'invalid', uid: '', resourceVersion: '', creationTimestamp: '', namespace: '' })
  }
  t.end()
})

t.test('keys with a meaning in JavaScript are keys like any other', (t) => {
  const json = JSON.parse(
    '{"__proto__":{"reason":"inherited"},"metadata":{"uid":"u","resourceVersion":"7","annotations":{"__proto__":"a","constructor":"b","hasOwnProperty":"c"},"labels":{"__proto__":{"x":"y"}}}}',
  ) as unknown
  const outcome = decodeEvent(json)
  if (outcome.kind !== 'event') throw new Error(outcome.why)
  t.equal(outcome.event.reason, '')
  t.same(Object.entries(outcome.event.annotations), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['hasOwnProperty', 'c'],
  ])
  t.same(Object.keys(outcome.event.labels), [])
  t.equal(Object.getPrototypeOf(outcome.event.labels), Object.prototype)
  t.equal(({} as Json)['x'], undefined)
  t.end()
})

t.test('a watch line read without its ownership trees is the same event, whatever its text imitates', (t) => {
  const lines = recorded('../../src/demo/recording/watch-core-v1.ndjson.gz').trimEnd().split('\n')
  const whole = (line: string): unknown => (JSON.parse(line) as { readonly object: unknown }).object
  let events = 0
  for (const line of lines) {
    if (line.startsWith('{"type":"DELETED"')) continue
    const frame = readFrame({ kind: 'line', bytes: Buffer.from(line) })
    t.strictSame(frame, decodeEvent(whole(line)))
    events += 1
  }
  t.equal(events, 1017)

  const [first = ''] = lines
  const imitation = JSON.stringify('"managedFields":[{"time":"2000-01-01T00:00:00Z"}]},"involvedObject":{"kind":"X"')
  const hostile = first.replace(/"message":"[^"]*"/, `"message":${imitation}`)
  t.strictSame(readFrame({ kind: 'line', bytes: Buffer.from(hostile) }), decodeEvent(whole(hostile)))
  const json = (text: string): unknown => JSON.parse(text)
  const cut = json(withoutOwnership(first)) as {
    readonly object: { readonly metadata: { readonly managedFields: unknown } }
  }
  t.strictSame(cut.object.metadata.managedFields, [{ time: '2026-11-23T21:43:34Z' }], 'only the times are left')
  t.equal(withoutOwnership('{"a":1}'), '{"a":1}')
  t.end()
})
