import { getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import t from 'tap'
import { type Clock, systemClock } from '../../src/clock.ts'
import { type KubeClient, type KubeStream, type RequestOptions, type StreamLine } from '../../src/kube/client.ts'
import { clusterIdentity } from '../../src/kube/cluster-identity.ts'
import type { Connection } from '../../src/kube/connection.ts'
import { createKubeClient, verbOfGet } from '../../src/kube/http-client.ts'
import { createKubeRequestMetrics } from '../../src/kube/kube-metrics.ts'
import { LineSplitter, OVERSIZE_HEAD_BYTES } from '../../src/kube/line-splitter.ts'
import { failureOfStatus, parseRetryAfter } from '../../src/kube/status.ts'
import { silentLog } from '../../src/log.ts'
import { handClock } from '../fixtures/clock.ts'
import { type IncomingMessage, serve, type ServerResponse } from '../fixtures/http-server.ts'

/** How a `KubeStreamError` is told from a bug. */
const broken = { name: 'Error', code: 'KUBE_STREAM' }

const asText = (line: StreamLine): string =>
  line.kind === 'line' ? Buffer.from(line.bytes).toString('utf8') : `oversize ${line.sizeBytes}`

t.test('the line splitter', (t) => {
  const split = (chunks: readonly Uint8Array[], maxBytes = 1000): string[] => {
    const splitter = new LineSplitter(maxBytes)
    return chunks.flatMap((chunk) => splitter.push(chunk).map(asText))
  }
  const text = '{"a":"grün"}\n{"b":"日本語 🚀"}\n\n{"c":1}\n{"cut":'
  const bytes = Buffer.from(text)
  const whole = ['{"a":"grün"}', '{"b":"日本語 🚀"}', '{"c":1}']

  t.test('gives the same lines wherever the bytes are cut', (t) => {
    for (let a = 0; a <= bytes.length; a += 1) {
      for (let b = a; b <= bytes.length; b += 1) {
        const lines = split([bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)])
        if (lines.join('\n') !== whole.join('\n')) t.fail(`cut at ${a} and ${b}: ${JSON.stringify(lines)}`)
      }
    }
    t.strictSame(split([...bytes].map((byte) => Buffer.of(byte))), whole, 'byte by byte')
    t.strictSame(split([bytes, Buffer.from('2}\n')]), [...whole, '{"cut":2}'], 'the last line waits for its newline')
    t.end()
  })

  t.test('skips a line over the limit, keeps its head, and goes on behind it', (t) => {
    const run = fc.array(
      fc.nat({ max: 40 }).map((n) => 'x'.repeat(n)),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(run, fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 20 }), (lines, cuts) => {
        const input = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const chunks: Buffer[] = []
        for (let at = 0, n = 0; at < input.length; n += 1) {
          const step = 1 + cuts[n % cuts.length]!
          chunks.push(input.subarray(at, at + step))
          at += step
        }
        const expected = lines
          .filter((line) => line !== '')
          .map((line) => (line.length > 20 ? `oversize ${line.length}` : line))
        return split(chunks, 20).join('\n') === expected.join('\n')
      }),
    )
    const long = Buffer.concat([Buffer.from('{"type":"ADDED"'), Buffer.alloc(300_000, 'y'), Buffer.from('\n')])
    for (const step of [1, 1000, 65_536, 400_000]) {
      const splitter = new LineSplitter(100_000)
      const lines: StreamLine[] = []
      for (let at = 0; at < long.length; at += step) lines.push(...splitter.push(long.subarray(at, at + step)))
      t.match(lines, [{ kind: 'oversize', sizeBytes: long.length - 1 }])
      const [line] = lines
      if (line?.kind === 'oversize') t.ok(Buffer.from(line.head).equals(long.subarray(0, OVERSIZE_HEAD_BYTES)))
    }
    t.end()
  })

  t.test('keeps its own copy of a line begun, whatever becomes of the chunk', (t) => {
    const splitter = new LineSplitter(1000)
    const chunk = Buffer.from('ab\ncd')
    const first = splitter.push(chunk).map(asText)
    chunk.fill('z')
    t.strictSame([...first, ...splitter.push(Buffer.from('\n')).map(asText)], ['ab', 'cd'])
    t.end()
  })
  t.end()
})

t.test('Retry-After and Status bodies', (t) => {
  const now = Date.UTC(2026, 10, 23, 22, 0, 0)
  t.equal(parseRetryAfter('7', now), 7000)
  t.equal(parseRetryAfter(' 0 ', now), 0)
  t.equal(parseRetryAfter('Mon, 23 Nov 2026 22:00:30 GMT', now), 30_000)
  t.equal(parseRetryAfter('Mon, 23 Nov 2026 21:00:00 GMT', now), 0, 'a date that is over')
  t.equal(parseRetryAfter('999999999', now), 3_600_000, 'at most an hour')
  for (const bad of [undefined, '', 'soon', '-1', '1.5', '1e9', '2026-11-23']) t.equal(parseRetryAfter(bad, now), null)
  const frame = { kind: 'Status', metadata: {}, message: 'm'.repeat(5000), reason: 'Expired', code: 410 }
  t.match(failureOfStatus(frame, 0, null), {
    status: 410,
    reason: 'Expired',
    message: 'm'.repeat(1024),
    continueToken: null,
  })
  for (const odd of [null, 7, [], { code: '410' }, { metadata: null, reason: {}, message: 1 }]) {
    t.match(failureOfStatus(odd, 0, null), { status: 500, reason: '', message: '', continueToken: null })
  }
  t.end()
})

t.test('a GET counts as list or get', (t) => {
  for (const path of [
    '/api/v1/events?limit=1',
    '/api/v1/namespaces/a/events',
    '/apis/events.k8s.io/v1/events',
    '/api/v1/namespaces',
  ]) {
    t.equal(verbOfGet(path), 'list', path)
  }
  for (const path of [
    '/api/v1/namespaces/a',
    '/version',
    '/apis/coordination.k8s.io/v1/namespaces/a/leases/b',
    '/api/v1/nodes/n?x=/y',
  ]) {
    t.equal(verbOfGet(path), 'get', path)
  }
  t.end()
})

type Transcript = {
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body: string }
}
const transcripts = JSON.parse(
  readFileSync(new URL('../fixtures/recorded/api-transcripts.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Transcript>>

const plain = (server: string): Connection => ({
  server,
  proxy: '',
  inCluster: false,
  credentials: () => {
    const tls = { ca: null, cert: null, key: null, serverName: '', skipVerify: false, hash: '' }
    return Promise.resolve({
      kind: 'ok',
      headers: { authorization: 'Bearer s3cret', 'impersonate-group': ['a', 'b'] },
      tls,
    })
  },
  renew: () => Promise.resolve(null),
  close: () => undefined,
})

t.test('the client', async (t) => {
  let answer = (_: IncomingMessage, response: ServerResponse): void => void response.end()
  const server = await serve(null, (request, response) => {
    answer(request, response)
  })
  const registry = new Registry()
  const metrics = createKubeRequestMetrics(registry)
  const clients: KubeClient[] = []
  const open = (clock: Clock = systemClock, url = server.url, watches = 1): KubeClient => {
    const client = createKubeClient({ connection: plain(url), clock, log: silentLog, watches, metrics })
    clients.push(client)
    return client
  }
  const client = open()
  const limits = (more: Partial<RequestOptions> = {}): RequestOptions => ({
    signal: new AbortController().signal,
    timeoutMs: 60_000,
    maxBytes: 1_000_000,
    ...more,
  })
  const streamOf = async (path: string, options: RequestOptions, from = client): Promise<KubeStream> => {
    const opened = await from.watch(path, options)
    if (opened.kind !== 'ok') throw new Error(`not opened: ${JSON.stringify(opened)}`)
    return opened.body
  }
  const linesOf = async (stream: KubeStream): Promise<string[]> => {
    const lines: string[] = []
    for await (const chunk of stream.chunks) lines.push(...chunk.map(asText))
    return lines
  }
  t.teardown(async () => {
    await Promise.all(clients.map((one) => one.close()))
    await server.close()
  })

  t.test('asks for JSON without compression, over HTTP/1.1, and with its credentials', async (t) => {
    let seen: IncomingMessage | null = null
    answer = (request, response) => {
      seen = request
      response.end('{"metadata":{"resourceVersion":"11418"}}')
    }
    const got = await client.get('/api/v1/events?limit=1', limits())
    t.strictSame(got, { kind: 'ok', body: { metadata: { resourceVersion: '11418' } }, sizeBytes: 40 })
    t.match(seen, {
      url: '/api/v1/events?limit=1',
      httpVersion: '1.1',
      headers: {
        authorization: 'Bearer s3cret',
        'impersonate-group': 'a, b',
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': /^eventail\/\d+\.\d+\.\d+/,
      },
    })
    t.equal(client.server, server.url)
  })

  t.test('puts JSON, and keeps the path of a server behind a prefix', async (t) => {
    let seen = ''
    answer = (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => {
        seen += `${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''} ${text}`
      })
      request.on('end', () => response.end('{}'))
    }
    const rancher = open(systemClock, `${server.url}/k8s/clusters/c-1`)
    t.match(await rancher.put('/apis/x/v1/y', { ü: 1 }, limits()), { kind: 'ok' })
    t.equal(seen, 'PUT /k8s/clusters/c-1/apis/x/v1/y application/json {"ü":1}')
  })

  t.test("reads a real server's refusals", async (t) => {
    const refusals: [string, object][] = [
      ['list-unauthorized', { status: 401, reason: 'Unauthorized', message: 'Unauthorized', continueToken: null }],
      ['list-anonymous-forbidden', { status: 403, reason: 'Forbidden', message: /cannot list resource "events"/ }],
      ['list-bad-continue', { status: 400, reason: 'BadRequest', message: /invalid continue token/ }],
      ['list-continue-compacted', { status: 410, reason: 'Expired', continueToken: /^eyJ2Ijoib/ }],
      ['list-exact-compacted', { status: 410, reason: 'Expired', continueToken: null }],
      ['list-rv-future-exact', { status: 500, reason: '', message: /future revision/ }],
      ['lease-get-missing', { status: 404, reason: 'NotFound' }],
      ['lease-update-conflict', { status: 409, reason: 'Conflict' }],
      ['watch-bad-rv', { status: 500, message: /resourceVersion: Invalid value/ }],
    ]
    for (const [name, expected] of refusals) {
      const { status, headers, body } = transcripts[name]!.response
      answer = (_, response) => void response.writeHead(status, headers).end(body)
      const wanted = { kind: 'http', retryAfterMs: null, ...expected }
      t.match(await client.get('/api/v1/events', limits()), wanted, name)
      t.match(await client.watch('/api/v1/events?watch=true', limits()), wanted, `${name}, as a watch`)
    }
  })

  t.test('tells how long a busy server wants to be left alone', async (t) => {
    answer = (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end('Too many requests')
    t.match(await client.get('/api/v1/events', limits()), {
      kind: 'http',
      status: 429,
      retryAfterMs: 7000,
      message: 'Too many requests',
    })
    answer = (_, response) => void response.writeHead(503).end('<html>no</html>')
    t.match(await client.get('/api/v1/events', limits()), {
      status: 503,
      retryAfterMs: null,
      reason: '',
      message: '<html>no</html>',
    })
  })

  t.test('does not read an endless refusal to its end', async (t) => {
    let written = 0
    answer = (_, response) => {
      response.writeHead(502)
      const more = (): void => {
        do written += 65_536
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')))
      }
      response.on('drain', more)
      more()
    }
    t.match(await client.get('/api/v1/events', limits()), { kind: 'http', status: 502, message: 'x'.repeat(1024) })
    t.ok(written < 32_000_000, `${written} bytes`)
  })

  t.test('refuses an answer over the limit, announced or not', async (t) => {
    const body = JSON.stringify('x'.repeat(2000))
    answer = (_, response) => void response.writeHead(200, { 'content-length': body.length }).end(body)
    t.strictSame(await client.get('/a', limits({ maxBytes: 1000 })), { kind: 'too_large', limitBytes: 1000 })
    answer = (_, response) => {
      response.write(body.slice(0, 10))
      response.end(body.slice(10))
    }
    t.strictSame(await client.get('/a', limits({ maxBytes: 1000 })), { kind: 'too_large', limitBytes: 1000 })
    t.match(await client.get('/a', limits({ maxBytes: body.length })), { kind: 'ok', sizeBytes: body.length })
  })

  t.test('says that a body is not JSON without quoting it', async (t) => {
    answer = (_, response) => void response.end('hunter2')
    t.strictSame(await client.get('/a', limits()), { kind: 'malformed', why: '7 bytes that are not JSON' })
  })

  t.test('answers a refused, reset or nameless connection with one line and no secret', async (t) => {
    const gone = await serve(null, () => undefined)
    await gone.close()
    const refused = await open(systemClock, gone.url).get('/a', limits())
    t.match(refused, { kind: 'transport', why: /ECONNREFUSED/ })
    answer = (request) => request.socket.destroy()
    t.match(await client.get('/a', limits()), { kind: 'transport', why: /\S/ })
    t.match(await open(systemClock, 'http://nowhere.invalid').get('/a', limits()), {
      kind: 'transport',
      why: /nowhere\.invalid/,
    })
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{')
      setImmediate(() => response.destroy())
    }
    t.match(await client.get('/a', limits()), { kind: 'transport' }, 'in the middle of a body')
    t.notMatch(JSON.stringify(refused), /s3cret/)
  })

  t.test('gives up when its time is over: before the headers, or in the middle of a body', async (t) => {
    const clock = handClock()
    const patient = open(clock)
    for (const begin of ['', '{"a":']) {
      const arrived = new Promise<void>((resolve) => {
        answer = (_, response) => {
          if (begin !== '') response.write(begin)
          resolve()
        }
      })
      const pending = patient.get('/a', limits({ timeoutMs: 15_000 }))
      await arrived
      await clock.advance(14_999)
      await clock.advance(1)
      t.strictSame(await pending, { kind: 'transport', why: 'no answer within 15 s' })
      t.equal(clock.sleepers, 0)
    }
    const arrived = new Promise<void>((resolve) => {
      answer = () => {
        resolve()
      }
    })
    const pending = patient.watch('/a', limits({ timeoutMs: 60_000 }))
    await arrived
    await clock.advance(60_000)
    t.strictSame(await pending, { kind: 'transport', why: 'no answer within 60 s' })
  })

  t.test("ends with its caller's signal and leaves no listener on it", async (t) => {
    const caller = new AbortController()
    answer = (_, response) => void response.end('{}')
    const options = limits({ signal: caller.signal })
    for (let n = 0; n < 20; n += 1) await client.get('/a', options)
    t.strictSame(await linesOf(await streamOf('/a', options)), ['{}'].slice(1))
    t.equal(getEventListeners(caller.signal, 'abort').length, 0)

    const arrived = new Promise<void>((resolve) => {
      answer = () => {
        resolve()
      }
    })
    const pending = client.get('/a', options)
    await arrived
    caller.abort()
    t.strictSame(await pending, { kind: 'aborted' })
    t.strictSame(await client.get('/a', options), { kind: 'aborted' }, 'already aborted')
    t.strictSame(await client.watch('/a', options), { kind: 'aborted' })
    t.equal(getEventListeners(caller.signal, 'abort').length, 0)
  })

  t.test('counts answers by verb and code', async (t) => {
    const counter = registry.getSingleMetric('eventail_kube_requests_total')
    counter?.reset()
    answer = (_, response) => void response.end('{}')
    await client.get('/api/v1/events?limit=1', limits())
    await client.get('/api/v1/namespaces/a', limits())
    await client.put('/apis/a/v1/namespaces/b/leases/c', {}, limits())
    await client.get('/api/v1/events?limit=1', limits({ signal: AbortSignal.abort() }))
    await linesOf(await streamOf('/api/v1/events?watch=true', limits()))
    answer = (_, response) => void response.writeHead(410).end()
    await client.watch('/api/v1/events?watch=true', limits())
    answer = (request) => request.socket.destroy()
    await client.get('/api/v1/events?limit=1', limits())
    const text = await registry.metrics()
    t.strictSame(
      text
        .split('\n')
        .filter((line) => line.startsWith('eventail_kube_requests_total{'))
        .sort(),
      [
        'eventail_kube_requests_total{verb="get",code="200"} 1',
        'eventail_kube_requests_total{verb="list",code="200"} 1',
        'eventail_kube_requests_total{verb="list",code="transport"} 1',
        'eventail_kube_requests_total{verb="put",code="200"} 1',
        'eventail_kube_requests_total{verb="watch",code="200"} 1',
        'eventail_kube_requests_total{verb="watch",code="410"} 1',
      ],
    )
  })

  t.test('case 26: uses at most 8 connections, and them again and again', async (t) => {
    const crowd = await serve(null, (_, response) => void response.end('{}'))
    const busy = open(systemClock, crowd.url)
    const watched = new Promise<void>((resolve) =>
      crowd.server.once('request', () => {
        resolve()
      }),
    )
    for (let round = 0; round < 100; round += 1) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => busy.get('/a', limits())))
      if (!answers.every(({ kind }) => kind === 'ok')) t.fail(`round ${round}`)
    }
    await watched
    t.ok(crowd.opened() <= 8, `${crowd.opened()} connections for 10,000 requests`)
    await busy.close()
    await crowd.close()
  })

  t.test('has a connection for a request however many watches are open', async (t) => {
    const held = await serve(null, (request, response) => {
      if (request.url === '/watch') response.flushHeaders()
      else response.end('{}')
    })
    const many = open(systemClock, held.url, 20)
    const streams = await Promise.all(Array.from({ length: 20 }, () => streamOf('/watch', limits(), many)))
    t.match(await many.get('/a', limits()), { kind: 'ok' })
    for (const stream of streams) stream.close()
    await many.close()
    await held.close()
  })

  t.test('a watch', (t) => {
    const frame = (n: number): string => `{"type":"ADDED","object":{"n":${n},"text":"Grüße 🚀"}}\n`

    t.test('gives its lines, ends at a clean EOF and drops a line that was cut', async (t) => {
      answer = (_, response) => {
        response.write(frame(1) + frame(2))
        response.end(`${frame(3)}{"type":"ADD`)
      }
      const lines = await linesOf(await streamOf('/w', limits()))
      t.strictSame(
        lines.map((line) => (JSON.parse(line) as { object: { n: number } }).object.n),
        [1, 2, 3],
      )
    })

    t.test('gives whole characters when they are sent in pieces', async (t) => {
      const bytes = Buffer.from(frame(7))
      const cut = bytes.indexOf(0xf0) + 2
      answer = (_, response) => {
        response.write(bytes.subarray(0, cut))
        setImmediate(() => response.end(bytes.subarray(cut)))
      }
      t.strictSame(await linesOf(await streamOf('/w', limits())), [frame(7).trim()])
    })

    t.test('with an ERROR frame is still a stream: the frame is a line of it', async (t) => {
      const { status, headers, body } = transcripts['watch-compacted']!.response
      answer = (_, response) => void response.writeHead(status, headers).end(body)
      const [line = ''] = await linesOf(await streamOf('/w', limits()))
      const { object } = JSON.parse(line) as { object: unknown }
      t.match(failureOfStatus(object, 0, null), { kind: 'http', status: 410, reason: 'Expired' })
    })

    t.test('that is reset throws after what came before', async (t) => {
      answer = (_, response) => {
        response.write(frame(1))
        setImmediate(() => response.destroy())
      }
      const stream = await streamOf('/w', limits())
      const lines: string[] = []
      const reading = (async () => {
        for await (const chunk of stream.chunks) lines.push(...chunk.map(asText))
      })()
      await t.rejects(reading, broken)
      t.strictSame(lines, [frame(1).trim()])
    })

    t.test('that is reset while nobody reads tells the next who reads', async (t) => {
      answer = (_, response) => {
        response.write(frame(1))
        setImmediate(() => response.destroy())
      }
      const before = server.open()
      const stream = await streamOf('/w', limits())
      while (server.open() > before) await turn()
      await t.rejects(linesOf(stream), broken)
    })

    t.test('aborted by its caller throws; closed by its reader it ends; both close the connection', async (t) => {
      const ended: Promise<unknown>[] = []
      answer = (_, response) => {
        ended.push(once(response, 'close'))
        response.write(frame(1))
      }
      const caller = new AbortController()
      const stream = await streamOf('/w', limits({ signal: caller.signal }))
      const iterator = stream.chunks[Symbol.asyncIterator]()
      t.match(await iterator.next(), { done: false })
      const next = iterator.next()
      caller.abort()
      await t.rejects(next, { ...broken, message: 'aborted' })

      const closed = await streamOf('/w', limits())
      const second = closed.chunks[Symbol.asyncIterator]()
      await second.next()
      const waiting = second.next()
      closed.close()
      closed.close()
      t.match(await waiting, { done: true })
      await Promise.all(ended)
      t.equal(ended.length, 2)
    })

    t.test('outlives the time given for its headers and remembers its newest byte', async (t) => {
      const clock = handClock()
      const opened = once(server.server, 'request')
      let response: ServerResponse | null = null
      answer = (_, opening) => {
        response = opening
        opening.flushHeaders()
      }
      const write = (text: string): void => {
        response?.write(text)
      }
      const stream = await streamOf('/w', limits({ timeoutMs: 60_000 }), open(clock))
      await opened
      t.equal(clock.sleepers, 0)
      await clock.advance(500_000)
      const iterator = stream.chunks[Symbol.asyncIterator]()
      t.equal(stream.lastByteAtMs(), 0)
      write(frame(1))
      await iterator.next()
      t.equal(stream.lastByteAtMs(), 500_000)
      stream.close()
    })

    t.test('that is not read is not read from the socket: the server must stop writing', async (t) => {
      let written = 0
      const block = Buffer.from(`{"type":"ADDED","object":"${'x'.repeat(1000)}"}\n`.repeat(8))
      answer = (_, response) => {
        const more = (): void => {
          do written += block.length
          while (!response.destroyed && response.write(block))
        }
        response.on('drain', more)
        more()
      }
      const stream = await streamOf('/w', limits())
      // Standstill: thousands of turns of the loop in which nothing more is taken from the server.
      const standstill = async (): Promise<void> => {
        for (let quiet = 0, last = -1; quiet < 3000; quiet += 1) {
          await turn()
          if (written !== last) quiet = 0
          last = written
        }
      }
      await standstill()
      const stopped = written
      t.ok(stopped < 24_000_000, `the server stopped after ${stopped} bytes`)
      let read = 0
      for await (const chunk of stream.chunks) {
        read += chunk.length
        if (written > stopped + 5_000_000) break
      }
      t.ok(read > 1000, 'and went on when it was read')
      await standstill()
    })

    t.test('left by its reader closes the connection', async (t) => {
      let ended: Promise<unknown> = Promise.resolve()
      answer = (_, response) => {
        ended = once(response, 'close')
        response.write(frame(1))
      }
      for await (const chunk of (await streamOf('/w', limits())).chunks) {
        t.equal(chunk.length, 1)
        break
      }
      await ended
    })
    t.end()
  })

  t.test('tells clusters apart by the uid of its own namespace, or by the server', async (t) => {
    const dir = t.testdir({ namespace: 'monitoring\n', odd: { namespace: '../../secrets' } })
    const ask = (inCluster: boolean, from = dir): ReturnType<typeof clusterIdentity> =>
      clusterIdentity(client, { inCluster, server: server.url }, limits().signal, from)
    let asked = ''
    answer = (request, response) => {
      asked = request.url ?? ''
      response.end('{"metadata":{"uid":"6d6f3c1e"}}')
    }
    t.strictSame(await ask(false), { kind: 'ok', identity: server.url })
    t.equal(asked, '')
    t.strictSame(await ask(true), { kind: 'ok', identity: '6d6f3c1e' })
    t.equal(asked, '/api/v1/namespaces/monitoring')
    t.match(await ask(true, `${dir}/odd`), { kind: 'transport', why: /names no namespace/ })
    answer = (_, response) => void response.end('{"metadata":{}}')
    t.match(await ask(true), { kind: 'malformed' })
    answer = (_, response) => void response.writeHead(403).end()
    t.match(await ask(true), { kind: 'http', status: 403 })
  })

  t.test('closed ends what is under way', async (t) => {
    const arrived = new Promise<void>((resolve) => {
      answer = (request, response) => {
        if (request.url === '/w') response.write('{}\n')
        else resolve()
      }
    })
    const last = open()
    const stream = await streamOf('/w', limits(), last)
    const iterator = stream.chunks[Symbol.asyncIterator]()
    await iterator.next()
    const pending = last.get('/a', limits())
    await arrived
    const rest = t.rejects(iterator.next(), broken)
    await last.close()
    t.match(await pending, { kind: 'transport' })
    await rest
    t.match(await last.get('/a', limits()), { kind: 'transport' })
  })
})
