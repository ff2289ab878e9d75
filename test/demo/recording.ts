import * as fc from 'fast-check'
import { createServer } from 'node:http'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import type { DemoAgent, DemoOptions } from '../../src/demo/demo.ts'
import { runDemo } from '../../src/demo/demo.ts'
import { complaints, type DemoAccounting } from '../../src/demo/demo-verdict.ts'
import type { EventObject } from '../../src/demo/event-object.ts'
import { EventStore } from '../../src/demo/event-store.ts'
import { newestTimeNs, shiftEvent } from '../../src/demo/event-times.ts'
import type { EventWatch } from '../../src/demo/event-watch.ts'
import { keepHouse } from '../../src/demo/housekeeping.ts'
import { playIncidents } from '../../src/demo/incidents.ts'
import { listen } from '../../src/demo/listen.ts'
import { Recorder } from '../../src/demo/recorder.ts'
import { loadRecording } from '../../src/demo/recording.ts'
import { startReplay } from '../../src/demo/replay.ts'
import { handClock } from '../fixtures/clock.ts'

type Frame = {
  type: string
  object: EventObject & { reason: string; count?: number; involvedObject: { name: string } }
}

const framesOf = (text: string): Frame[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Frame)

const watching = (store: EventStore, resourceVersion: string): EventWatch => {
  const answer = store.watch({ resourceVersion })
  if (answer.kind !== 'watch') throw new Error(answer.kind)
  return answer.watch
}

const listed = (store: EventStore): EventObject[] => {
  const answer = store.list()
  return answer.kind === 'ok' ? (JSON.parse(answer.body) as { items: EventObject[] }).items : []
}

/** Every RFC 3339 time in an event, in the order of its fields. */
const timesIn = (event: EventObject): string[] =>
  JSON.stringify(event)
    .match(/"20\d\d-\d\d-\d\dT[^"]*Z"/g)
    ?.map((time) => time.slice(1, -1)) ?? []

const suffixSecond = (event: EventObject): number =>
  Number(BigInt(`0x${event.metadata.name.split('.').at(-1) ?? ''}`) / 1_000_000_000n)

const firstSecond = (event: EventObject): number =>
  Math.floor(Date.parse(String(event['firstTimestamp'] ?? event['eventTime'])) / 1000)

t.test('moves all times of an event alike, those in its name too', async (t) => {
  const recording = await loadRecording()
  t.equal(recording.items.length, 731)
  t.equal(recording.frames.length, 1705)
  t.equal(recording.durationMs, 836_000)
  t.ok(recording.frames.every(({ atMs }, i) => atMs >= (recording.frames[i - 1]?.atMs ?? 0)))

  const toMs = recording.startMs + 86_400_000
  const moved = shiftEvent(recording.items[0]!, { fromMs: recording.startMs, toMs, speed: 1 })
  t.strictSame(
    timesIn(moved).map((time) => Date.parse(time)),
    timesIn(recording.items[0]!).map((time) => Date.parse(time) + 86_400_000),
  )
  t.equal(suffixSecond(moved), suffixSecond(recording.items[0]!) + 86_400)

  const events = [...recording.items, ...recording.frames.map(({ object }) => object)]
  const property = fc.property(
    fc.constantFrom(...events),
    fc.integer({ min: 0, max: 4_000_000 }),
    fc.constantFrom(1, 2, 7, 60),
    (event, seconds, speed) => {
      const shift = { fromMs: recording.startMs, toMs: recording.startMs + seconds * 1000, speed }
      const shifted = shiftEvent(event, shift)
      const [before, after] = [timesIn(event), timesIn(shifted)]
      const order = (times: string[]): string =>
        times.map((a) => times.map((b) => Math.sign(Date.parse(a) - Date.parse(b)))).join()
      const elapsedMs = Number(newestTimeNs(event) / 1_000_000n) - shift.fromMs
      const latestMs = shift.toMs + (elapsedMs > 0 ? elapsedMs / speed : elapsedMs)
      return (
        before.every((time, i) => time.length === after[i]?.length) &&
        (speed > 1 || order(before) === order(after)) &&
        suffixSecond(shifted) === firstSecond(shifted) &&
        Number(newestTimeNs(shifted) / 1_000_000n) <= latestMs &&
        Object.keys(shifted).join() === Object.keys(event).join()
      )
    },
  )
  t.doesNotThrow(() => {
    fc.assert(property, { numRuns: 500 })
  })
})

t.test('replays the recording at its own revisions, and again under new names', async (t) => {
  const recording = await loadRecording()
  const clock = handClock(Date.UTC(2026, 11, 1, 12, 0, 0))
  const store = new EventStore({ revision: 1n, clock })
  const stop = new AbortController()
  const replay = startReplay({ store, recording, clock, speed: 1, signal: stop.signal })
  t.equal(store.revision, '6512')
  t.equal(store.size, 731)
  const watch = watching(store, '6512')

  await clock.advance(60_000)
  const early = framesOf(watch.read(Infinity))
  const due = recording.frames.filter(({ atMs }) => atMs <= 60_000)
  t.equal(early.length, due.length, 'what the recording had after a minute')
  t.ok(
    early.every(({ object }) => newestTimeNs(object) <= BigInt(clock.now()) * 1_000_000n),
    'nothing is from the future',
  )

  await clock.advance(recording.durationMs - 60_000)
  const late = framesOf(watch.read(Infinity))
  t.strictSame(
    [...early, ...late].map(
      ({ type, object }) => `${type} ${object.metadata.resourceVersion ?? ''} ${object.metadata.uid ?? ''}`,
    ),
    recording.frames.map(
      ({ type, object }) => `${type} ${object.metadata.resourceVersion ?? ''} ${object.metadata.uid ?? ''}`,
    ),
  )
  const firstRound = new Set(listed(store).map(({ metadata }) => metadata.uid))

  await clock.advance(recording.durationMs + 2000)
  const again = framesOf(watch.read(Infinity))
  t.ok(again.length > 1000, 'the second round')
  t.ok(
    again.every(({ object }) => !firstRound.has(object.metadata.uid)),
    'other objects than those of the first',
  )
  stop.abort()
  await replay
})

t.test('plays faster than recorded without running into the future', async (t) => {
  const recording = await loadRecording()
  const clock = handClock(Date.UTC(2026, 11, 1, 12, 0, 0))
  const store = new EventStore({ revision: 1n, clock })
  const stop = new AbortController()
  const replay = startReplay({ store, recording, clock, speed: 20, signal: stop.signal })
  const watch = watching(store, store.revision)
  await clock.advance(recording.durationMs / 20)
  const frames = framesOf(watch.read(Infinity))
  t.equal(frames.length, 1705)
  t.ok(frames.every(({ object }) => newestTimeNs(object) <= BigInt(clock.now()) * 1_000_000n))
  stop.abort()
  await replay
})

t.test('weaves in the incidents that the recording lacks, told as recorders tell them', async (t) => {
  const clock = handClock(Date.UTC(2026, 11, 1, 12, 0, 0))
  const store = new EventStore({ clock })
  const watch = watching(store, store.revision)
  const stop = new AbortController()
  const incidents = playIncidents({ store, clock, speed: 1, signal: stop.signal })
  const seen: { atS: number; frame: Frame }[] = []
  for (let second = 0; second < 80; second += 1) {
    for (const frame of framesOf(watch.read(Infinity))) seen.push({ atS: second, frame })
    await clock.advance(1000)
  }
  stop.abort()
  await incidents
  const told = (reason: string, name: RegExp): string[] =>
    seen
      .filter(({ frame }) => frame.object.reason === reason && name.test(frame.object.involvedObject.name))
      .map(({ atS, frame }) => `${frame.type} at ${atS} s, count ${frame.object.count ?? 0}`)

  t.strictSame(
    told('Started', /^ledger/),
    ['ADDED at 1 s, count 1', 'MODIFIED at 13 s, count 2', 'MODIFIED at 35 s, count 3', 'MODIFIED at 77 s, count 4'],
    'restarts after 10, 20 and 40 s of back-off',
  )
  t.strictSame(told('BackOff', /^ledger/).slice(0, 4), [
    'ADDED at 3 s, count 1',
    'MODIFIED at 15 s, count 2',
    'MODIFIED at 27 s, count 3',
    'MODIFIED at 37 s, count 4',
  ])
  t.strictSame(told('Unhealthy', /^gateway/), [
    'ADDED at 2 s, count 1',
    'MODIFIED at 7 s, count 2',
    'MODIFIED at 12 s, count 3',
  ])
  t.strictSame(told('Killing', /^gateway/), ['ADDED at 12 s, count 1'])
  t.ok(told('Failed', /^reporter/).length > 4)
  const messages = new Set(seen.map(({ frame }) => String(frame.object['message'])))
  for (const wanted of [
    /^Back-off restarting failed container ledger in pod ledger-\S+_checkout\(/,
    /^Failed to pull image "registry.example\/reporter/,
    /^Error: ErrImagePull$/,
    /^Error: ImagePullBackOff$/,
    /^Back-off pulling image /,
    /failed liveness probe, will be restarted$/,
    /^The node was low on resource: memory\. Threshold quantity/,
    /^System OOM encountered, victim process: java, pid: \d+$/,
  ]) {
    t.ok(
      [...messages].some((message) => wanted.test(message)),
      String(wanted),
    )
  }
  t.ok(seen.every(({ frame }) => suffixSecond(frame.object) === firstSecond(frame.object)))
})

t.test('a recorder whose event has expired creates it again with its count', (t) => {
  const clock = handClock()
  const store = new EventStore({ clock })
  const recorder = new Recorder(store, clock)
  const involved = { kind: 'Node', name: 'n', uid: 'n', apiVersion: 'v1' }
  const occurrence = { involved, type: 'Warning', reason: 'R', message: 'm', component: 'c' } as const
  recorder.record(occurrence)
  recorder.record(occurrence)
  const [before] = listed(store)
  store.remove(['default/' + (before?.metadata.name ?? '')])
  recorder.record(occurrence)
  const [after] = listed(store)
  t.match(before, { count: 2 })
  t.match(after, { count: 3, metadata: { name: before?.metadata.name } })
  t.not(after?.metadata.uid, before?.metadata.uid)
  t.end()
})

t.test('events end an hour after their last change, history after some minutes', async (t) => {
  const clock = handClock()
  const store = new EventStore({ clock })
  const event = (name: string): EventObject => ({ metadata: { name, namespace: 'ns' }, reason: 'R' })
  store.create(event('a'))
  store.create(event('b'))
  const stop = new AbortController()
  const house = keepHouse({ store, clock, signal: stop.signal })
  const watch = watching(store, store.revision)
  await clock.advance(30 * 60_000)
  store.update('ns/b', (before) => ({ ...before, count: 2 }))
  t.equal(store.watch({ resourceVersion: '2' }).kind, 'watch')
  t.equal(store.watch({ resourceVersion: '1' }).kind, 'expired')
  await clock.advance(32 * 60_000)
  t.equal(store.get('ns/a'), null)
  t.equal(store.size, 1)
  await clock.advance(30 * 60_000)
  t.equal(store.size, 0)
  t.strictSame(
    framesOf(watch.read()).map(({ type }) => type),
    ['MODIFIED', 'DELETED', 'DELETED'],
  )
  t.equal(store.watch({ resourceVersion: '3' }).kind, 'expired')
  stop.abort()
  await house
})

/** A small agent: lists what is stored, watches from there on, pushes each revision by itself. */
const smallAgent =
  (spoil: (received: number) => 'push' | 'lose' = () => 'push'): DemoOptions['startAgent'] =>
  async ({ apiServerUrl, token, lokiUrl }): Promise<DemoAgent> => {
    const counts = { received: 0, recovered: 0, filtered: 0, sent: 0, rejected: 0, dropped: 0, queued: 0 }
    const stop = new AbortController()
    const get = (path: string): Promise<Response> =>
      fetch(`${apiServerUrl}/api/v1/events?${path}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: stop.signal,
      })
    const ship = async (event: EventObject): Promise<void> => {
      counts.received += 1
      counts.queued += 1
      if (spoil(counts.received) === 'push') {
        const { uid = '', resourceVersion = '' } = event.metadata
        const values = [[String(newestTimeNs(event)), `${uid} ${resourceVersion}`]]
        const body = JSON.stringify({ streams: [{ stream: { job: 'kubernetes-events' }, values }] })
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`${lokiUrl}/loki/api/v1/push`, { method: 'POST', body, headers })
        counts[answer.status === 204 ? 'sent' : 'rejected'] += 1
      } else {
        counts.sent += 1
      }
      counts.queued -= 1
    }
    const list = (await (await get('limit=0')).json()) as {
      metadata: { resourceVersion: string }
      items: EventObject[]
    }
    const watch = async (): Promise<void> => {
      for (const item of list.items) await ship(item)
      const stream = (await get(`watch=true&resourceVersion=${list.metadata.resourceVersion}`)).body
      let rest = ''
      for await (const chunk of (stream ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const frame = JSON.parse(line) as Frame
          if (frame.type !== 'DELETED') await ship(frame.object)
        }
      }
    }
    const watched = watch().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error
    })
    return {
      stop: async () => {
        stop.abort()
        await watched
      },
      accounting: () => ({ ...counts }),
    }
  }

const demo = async (more: Partial<DemoOptions>): Promise<{ code: number; text: string }> => {
  let text = ''
  const out = { write: (part: string) => (text += part), isTTY: false }
  const signal = new AbortController().signal
  const code = await runDemo({
    durationMs: 2000,
    speed: 60,
    clock: systemClock,
    signal,
    out: { ...out, write: (part) => void out.write(part) },
    startAgent: smallAgent(),
    startPage: () => Promise.resolve({ url: 'http://127.0.0.1:8090', close: () => Promise.resolve() }),
    lokiPort: 0,
    ...more,
  })
  return { code, text }
}

t.test('the demo ends with an account that agrees with both servers', async (t) => {
  const { code, text } = await demo({})
  t.match(text, /\nreceived=(\d+) sent=\1 filtered=0 rejected=0 dropped=0 queued=0\n$/)
  t.equal(code, 0, text)
  t.match(text, /Loki {8}http:\/\/127\.0\.0\.1:\d+ /)
  t.match(text, /curl -sG http:\/\/127\.0\.0\.1:\d+\/loki\/api\/v1\/query_range/)
  t.match(text, /Grafana: a data source of type Loki with the URL http:\/\/127\.0\.0\.1:\d+/)
  t.match(text, /^\n {2}Open {3}http:\/\/127\.0\.0\.1:8090\n/, 'what to open comes first')
  t.match(text, /events seen, \d+ in Loki/)
})

t.test('the demo fails and says so when an event is lost, the agent cannot start, a port is taken', async (t) => {
  const lossy = await demo({ startAgent: smallAgent((received) => (received === 500 ? 'lose' : 'push')) })
  t.equal(lossy.code, 1)
  t.match(lossy.text, /demo: the agent sent (\d+) entries, Loki has taken \d+\n/)

  const pageless = await demo({ startPage: () => Promise.reject(new Error('no page today')) })
  t.strictSame(pageless, { code: 1, text: 'demo: no page today\n' })
  const failed = await demo({ startAgent: () => Promise.reject(new Error('no agent today')) })
  t.strictSame([failed.code, failed.text.endsWith('demo: no agent today\n')], [1, true])

  const taken = createServer()
  const port = await listen(taken, 0)
  t.teardown(() => taken.close())
  t.match(await demo({ lokiPort: port }), { code: 1, text: /EADDRINUSE/ })
  t.match(await demo({ recordingDirectory: new URL('file:///nowhere/') }), { code: 1, text: /ENOENT/ })
})

t.test('Ctrl-C ends the demo as its duration does; a terminal gets one line rewritten', async (t) => {
  const stop = new AbortController()
  let text = ''
  const write = (part: string): void => {
    text += part
    if (part.includes('events seen')) stop.abort()
  }
  const out = { write, isTTY: true, columns: 60 }
  const { code } = await demo({ durationMs: null, signal: stop.signal, out, lokiPort: null, speed: 1 })
  t.equal(code, 0, text)
  const progress = /\r\x1b\[2K([^\r\n]*)\n(?=received=)/.exec(text)?.[1] ?? ''
  t.ok(progress.length > 0 && progress.length < 60, progress)
  t.match(progress, /^\d+ s: \d+ events seen/)
})

t.test('every kind of loss is named', (t) => {
  const good: DemoAccounting = { received: 9, recovered: 1, filtered: 2, sent: 8, rejected: 0, dropped: 0, queued: 0 }
  const truth = { handedOut: 9, unread: 0, inLoki: 8 }
  t.strictSame(complaints(good, truth), [])
  t.match(complaints({ ...good, filtered: 1 }, truth), [/does not add up: received 9 \+ recovered 1, but 9/])
  t.match(complaints(good, { ...truth, handedOut: 10 }), [/handed out 10 revisions, the agent received 9/])
  t.match(complaints(good, { ...truth, unread: 3 }), [/3 stored events were never read/])
  t.match(complaints(good, { ...truth, inLoki: 7 }), [/sent 8 entries, Loki has taken 7/])
  const bad = { ...good, sent: 5, rejected: 1, dropped: 1, queued: 1 }
  t.match(complaints(bad, { ...truth, inLoki: 5 }), [
    /refused 1/,
    /1 events were dropped/,
    /1 events were still queued/,
  ])
  t.end()
})
