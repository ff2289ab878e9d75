// What a 204 hides: an ingester answers a push with the result of its last stream only, so an entry too far behind in an
// earlier stream vanishes without a word. Here old events of hours are sent together with live ones, through the real
// client, to a receiver that behaves just so. Whatever it did not store must have been refused visibly.

import t, { type Test } from 'tap'
import type { Entry, Labels } from '../../src/entry/entry.ts'
import type { ClientOptions } from '../../src/loki/client-options.ts'
import type { Fate } from '../../src/loki/loki-client.ts'
import { handClock, type HandClock } from '../fixtures/clock.ts'
import { createIngester } from '../fixtures/ingester.ts'
import { lokiOptions, testClient, type TestClient } from '../fixtures/loki-client.ts'
import { startLoki } from '../fixtures/loki-server.ts'

const STREAMS = 12
const HOUR_MS = 3_600_000

const LABELS: readonly Labels[] = Array.from({ length: STREAMS }, (_, n) => ({
  job: 'test',
  namespace: `ns-${n % 4}`,
  kind: `kind-${n}`,
}))

const entryOf = (line: string, atMs: number, stream: number): Entry => ({
  labels: LABELS[stream % STREAMS] ?? {},
  // Distinct to the nanosecond, so that no two entries are one to Loki.
  timestampNs: BigInt(Math.floor(atMs)) * 1_000_000n + BigInt(Number(line.slice(1))),
  line,
  metadata: [],
})

/** Old entries of the last three hours in no order of age, as a LIST by name gives them, and a live one for each hundred. */
const entriesOf = function* (old: number, clock: HandClock): Generator<Entry> {
  const startMs = clock.now()
  for (let n = 0; n < old; n += 1) {
    const ageMs = ((n * 7919) % old) * ((3 * HOUR_MS) / old)
    yield entryOf(`o${n}`, startMs - ageMs, n * 5)
    if (n % 100 === 0) yield entryOf(`l${n}`, clock.now(), n / 100)
  }
}

type Outcome = {
  readonly made: TestClient
  readonly offered: number
  readonly storedLines: number
  /** Lines by what the client says of them and whether they are stored. */
  readonly silentlyLost: readonly string[]
  readonly rejected: readonly string[]
  readonly rejectedYetStored: readonly string[]
  readonly dropped: readonly string[]
  readonly pushes: { readonly all: number; readonly alone: number; readonly refused: number }
}

const backfill = async (t: Test, old: number, over: Partial<ClientOptions> = {}): Promise<Outcome> => {
  const clock = handClock()
  const ingester = createIngester({ now: () => clock.now() })
  const pushes = { all: 0, alone: 0, refused: 0 }
  const server = await startLoki({
    answer: (request) => {
      const answer = ingester.answer(request)
      pushes.all += 1
      if (request.streams.length === 1) pushes.alone += 1
      if (typeof answer === 'object' && 'status' in answer && answer.status === 400) pushes.refused += 1
      return answer
    },
  })
  t.teardown(() => server.close())
  const made = testClient(lokiOptions(server.url, over), clock)
  const { client } = made
  const lines: string[] = []
  client.start()
  for (const entry of entriesOf(old, clock)) {
    client.offer(entry, lines.length)
    lines.push(entry.line)
    if (client.hasRoom()) continue
    let hasRoom = false
    void client.room(new AbortController().signal).then(() => (hasRoom = true))
    await made.until(() => hasRoom)
  }
  await made.settled(lines.length)
  await made.stop()
  const stored = new Set(ingester.stored())
  const are = (fate: Fate, isStored?: boolean): string[] =>
    lines.filter((line, n) => made.fates.get(n) === fate && (isStored ?? stored.has(line)) === stored.has(line))
  return {
    made,
    offered: lines.length,
    storedLines: stored.size,
    silentlyLost: are('sent', false),
    rejected: are('rejected'),
    rejectedYetStored: are('rejected', true),
    dropped: are('dropped'),
    pushes,
  }
}

t.test('of 200,000 old events among live ones, none is lost without being counted', async (t) => {
  const { made, offered, storedLines, silentlyLost, rejected, rejectedYetStored, dropped, pushes } = await backfill(
    t,
    200_000,
  )
  t.strictSame(silentlyLost.slice(0, 5), [], 'what counts as sent is stored')
  t.strictSame(rejectedYetStored.slice(0, 5), [], 'what counts as rejected is not stored')
  t.strictSame(dropped.slice(0, 5), [], 'nothing is dropped')
  t.equal(storedLines + rejected.length, offered)
  t.equal(await made.metric('eventail_entries_rejected_total{client="main",reason="too_far_behind"}'), rejected.length)
  t.equal(await made.metric('eventail_entries_sent_total{client="main"}'), storedLines)
  t.ok(rejected.length > 100_000, 'two of three hours are beyond the window, so that there was much to hide')
  t.strictSame(
    rejected.filter((line) => line.startsWith('l')),
    [],
    'all live events are there',
  )
  t.comment(
    `${offered} entries of ${STREAMS} streams: ${storedLines} stored, ${rejected.length} rejected as too far behind, ` +
      `${silentlyLost.length} lost in silence; ${pushes.all} pushes, ${pushes.alone} of a single stream, ${pushes.refused} refused`,
  )
})

t.test(
  'a client that does not know the window loses in silence: so the loss is real, and it is seen here',
  async (t) => {
    const { silentlyLost, pushes } = await backfill(t, 5000, { maxChunkAgeMs: 1000 * HOUR_MS, batchSizeBytes: 2000 })
    t.ok(silentlyLost.length > 100, `${silentlyLost.length} lost in silence in ${pushes.all} pushes`)
  },
)
