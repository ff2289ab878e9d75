import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/log.ts'
import { createFileCheckpointStore } from '../../src/kube/checkpoint-file.ts'
import { createLeaseCheckpointStore } from '../../src/kube/checkpoint-lease.ts'
import { CURSORS_ANNOTATION } from '../../src/kube/cursors-annotation.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import type { Connection } from '../../src/kube/connection.ts'
import {
  type Cursor,
  type CursorScope,
  decodeCursor,
  encodeCursor,
  MAX_CURSOR_CHARS,
  namespaceScope,
  scopeMismatch,
} from '../../src/kube/cursor.ts'
import { createKubeClient } from '../../src/kube/http-client.ts'
import { microTime, readLease } from '../../src/kube/lease-object.ts'
import { compareResourceVersions, isResourceVersion } from '../../src/kube/resource-version.ts'
import { type IncomingMessage, type LoopbackServer, serve, type ServerResponse } from '../fixtures/http-server.ts'

const signal = new AbortController().signal

const scope: CursorScope = {
  cluster: '6d6f3c1e-0a44-4d0b-9a35-0c1a2b3c4d5e',
  job: 'kubernetes-events',
  namespaces: ['*'],
  fieldSelector: '',
  labelSelector: '',
}

const cursor: Cursor = {
  scope,
  positions: {
    '*': {
      epoch: 1,
      watched: '1234567',
      active: {
        intervals: [{ after: '1200000', upTo: '1230000', notBeforeMs: null }],
        continueToken: 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiY2hlY2tvdXQvY2FydC02NDU2YzRmNWI4In0',
        emitted: 48213,
      },
      pending: [{ after: '1231000', upTo: '1231500', notBeforeMs: 1795471200000 }],
    },
  },
  streams: { namespace: ['default', 'kube-system', 'checkout'], kind: ['Pod', 'Node', 'Deployment'] },
  oldestUnsettledMs: null,
  savedAtMs: 1795474800000,
  marks: { '*': { seen: '1234600', currentMs: 1795474799000 } },
}

t.test('resourceVersions are ordered as the whole numbers they are, up to 39 digits', (t) => {
  const version = fc.bigInt({ min: 0n, max: 10n ** 39n - 1n })
  const near = fc
    .tuple(version, fc.bigInt({ min: -3n, max: 3n }))
    .map(([a, d]): [bigint, bigint] => [a, a + d < 0n ? 0n : a + d])
  fc.assert(
    fc.property(fc.oneof(near, fc.tuple(version, version)), ([a, b]) => {
      const expected = a < b ? -1 : a > b ? 1 : 0
      return Math.sign(compareResourceVersions(String(a), String(b))) === expected
    }),
  )
  for (const text of ['', '01', '-1', '1.0', '1e3', ' 1', '1\n', 'abc', '9'.repeat(40), 7, null, undefined]) {
    t.notOk(isResourceVersion(text), `${String(text)} is no resourceVersion`)
  }
  t.ok(isResourceVersion('0'))
  t.ok(isResourceVersion('9'.repeat(39)))
  t.end()
})

t.test('a cursor', (t) => {
  const versionText = fc.bigInt({ min: 0n, max: 10n ** 39n - 1n }).map(String)
  const interval = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.bigInt({ min: 0n, max: 10n ** 6n }), fc.option(fc.maxSafeNat()))
    .map(([after, d, notBeforeMs]) => ({ after: String(after), upTo: String(after + d), notBeforeMs }))
  const position = fc.record({
    epoch: fc.nat(),
    watched: versionText,
    active: fc.option(
      fc.record({
        intervals: fc.array(interval, { maxLength: 40 }),
        continueToken: fc.option(fc.string()),
        emitted: fc.maxSafeNat(),
      }),
    ),
    pending: fc.array(interval, { maxLength: 40 }),
  })
  const anyText = fc.string({ unit: 'grapheme' })
  const anyCursor: fc.Arbitrary<Cursor> = fc.record({
    scope: fc.record({
      cluster: anyText,
      job: anyText,
      namespaces: fc.array(anyText),
      fieldSelector: anyText,
      labelSelector: anyText,
    }),
    positions: fc.dictionary(fc.constantFrom('*', 'default', 'kube-system', 'a', '0-9'), position, {
      noNullPrototype: true,
    }),
    streams: fc.dictionary(fc.oneof(anyText, fc.constant('__proto__')), fc.array(anyText), { noNullPrototype: true }),
    oldestUnsettledMs: fc.option(fc.maxSafeNat()),
    savedAtMs: fc.maxSafeNat(),
    marks: fc.dictionary(
      fc.constantFrom('*', 'constructor'),
      fc.record({ seen: versionText, currentMs: fc.option(fc.maxSafeNat()) }),
      { noNullPrototype: true },
    ),
  })

  t.test('comes back as it was written', (t) => {
    fc.assert(
      fc.property(anyCursor, (original) => {
        const decoded = decodeCursor(encodeCursor(original))
        return decoded.kind === 'ok' && JSON.stringify(decoded.cursor) === JSON.stringify(original)
      }),
    )
    t.strictSame(decodeCursor(encodeCursor(cursor)), { kind: 'ok', cursor })
    t.end()
  })

  t.test('of a usual job is shorter than 4 kB', (t) => {
    const namespaces = Array.from({ length: 100 }, (_, n) => `team-${n}-production`)
    t.ok(Buffer.byteLength(encodeCursor({ ...cursor, streams: { ...cursor.streams, namespace: namespaces } })) < 4096)
    t.end()
  })

  t.test('that is damaged or hostile is corrupt, with a reason', (t) => {
    const at = (path: string, value: unknown): string => {
      const copy = JSON.parse(encodeCursor(cursor)) as Record<string, unknown>
      const names = path.split('.')
      const last = names.pop() ?? ''
      let place = copy
      for (const name of names) place = place[name] as Record<string, unknown>
      place[last] = value
      return JSON.stringify(copy)
    }
    const hostile: [string, RegExp][] = [
      ['', /not JSON/],
      ['nul', /not JSON/],
      ['null', /cursor: expected an object/],
      ['[]', /cursor: expected an object/],
      ['{"v":1}', /cursor: expected the members/],
      [at('v', 2), /^v: expected 1/],
      [at('extra', 1), /cursor: expected the members/],
      [at('savedAtMs', -1), /savedAtMs: expected a whole number/],
      [at('savedAtMs', '5'), /savedAtMs/],
      [at('marks.*.seen', 7), /marks\.\*\.seen: expected a resourceVersion/],
      [at('marks.*', { seen: '7' }), /marks\.\*: expected the members/],
      [at('oldestUnsettledMs', 1.5), /oldestUnsettledMs/],
      [at('scope.job', 7), /scope.job: expected a string/],
      [at('scope.namespaces', 'x'), /scope.namespaces: expected a list/],
      [at('streams', []), /streams: expected an object/],
      [at('streams.kind', ['Pod', 3]), /streams.kind\[1\]/],
      [at('positions', null), /positions: expected an object/],
      [at('positions.*.watched', 1234567), /positions.\*.watched: expected a resourceVersion/],
      [at('positions.*.watched', '012'), /watched/],
      [at('positions.*.epoch', Number.MAX_VALUE), /epoch/],
      [at('positions.*.pending', {}), /pending: expected a list/],
      [at('positions.*.pending.0.upTo', '1'), /pending\[0\]: expected after <= upTo/],
      [at('positions.*.active.continueToken', 'x'.repeat(20_000)), /continue token/],
      [at('positions.*.active.emitted', null), /emitted/],
      [at('positions.Default', cursor.positions['*']), /namespaces or \*/],
      [encodeCursor(cursor).replace('"*":', '"__proto__":'), /namespaces or \*/],
      [' '.repeat(MAX_CURSOR_CHARS + 1), /longer than/],
    ]
    for (const [text, why] of hostile) {
      const decoded = decodeCursor(text)
      t.match(decoded, { kind: 'corrupt', why }, text.slice(0, 60))
    }
    t.end()
  })

  t.test('with more intervals than a source makes is accepted', (t) => {
    const pending = Array.from({ length: 100 }, (_, n) => ({
      after: String(n * 10),
      upTo: String(n * 10 + 5),
      notBeforeMs: null,
    }))
    const many = { ...cursor, positions: { '*': { epoch: 0, watched: '2000', active: null, pending } } }
    t.strictSame(decodeCursor(encodeCursor(many)), { kind: 'ok', cursor: many })
    t.end()
  })

  t.test('is refused for another cluster, job, namespace or selector', (t) => {
    t.equal(scopeMismatch(scope, { ...scope, namespaces: namespaceScope({ kind: 'all', except: [] }) }), null)
    t.match(scopeMismatch(scope, { ...scope, cluster: 'https://10.0.0.1:6443' }), /another cluster/)
    t.match(scopeMismatch(scope, { ...scope, job: 'audit' }), /another job/)
    t.match(scopeMismatch(scope, { ...scope, fieldSelector: 'type=Warning' }), /field selector/)
    t.match(scopeMismatch(scope, { ...scope, labelSelector: 'a=b' }), /label selector/)
    const all = namespaceScope({ kind: 'all', except: [] })
    const some = namespaceScope({ kind: 'all', except: ['b', 'a'] })
    const names = namespaceScope({ kind: 'only', names: ['shop', 'bank', 'shop'] })
    t.strictSame([all, some, names], [['*'], ['*', '!a', '!b'], ['bank', 'shop']])
    const between = (a: readonly string[], b: readonly string[]): string | null =>
      scopeMismatch({ ...scope, namespaces: a }, { ...scope, namespaces: b })
    t.match(between(all, some), /other namespaces/)
    t.match(between(some, all), /other namespaces/)
    t.match(between(all, names), /other namespaces/)
    t.match(between(names, all), /other namespaces/)
    t.match(between(names, ['post']), /other namespaces/)
    t.equal(between(names, ['post', 'shop']), null, 'a list that grew or shrank keeps the positions it shares')
    t.end()
  })
  t.end()
})

t.test('the positions file', (t) => {
  const cursors = { 'cursor-kubernetes-events': encodeCursor(cursor) }

  t.test('is written with mode 0600 and read back', async (t) => {
    const filename = join(t.testdir({}), 'positions.yaml')
    const store = createFileCheckpointStore(filename)
    t.strictSame(await store.load(signal), { kind: 'none' })
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    t.strictSame(await store.load(signal), { kind: 'found', cursors })
    t.equal(statSync(filename).mode & 0o777, 0o600)
    t.strictSame(readdirSync(join(filename, '..')), ['positions.yaml'], 'no temporary file is left')
    t.equal(store.place, filename)
  })

  t.test("keeps what another program's entries say, number or text", async (t) => {
    const text = 'positions:\n  cursor-other: "1718000000000000"\n  /var/log/syslog: 99\n  __proto__: "1"\n'
    const dir = t.testdir({ 'positions.yaml': text, 'empty.yaml': 'positions: {}\n' })
    const filename = join(dir, 'positions.yaml')
    const store = createFileCheckpointStore(filename)
    t.strictSame(await store.load(signal), { kind: 'found', cursors: { 'cursor-other': '1718000000000000' } })
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    t.strictSame(await store.load(signal), {
      kind: 'found',
      cursors: { 'cursor-other': '1718000000000000', ...cursors },
    })
    const after = readFileSync(filename, 'utf8')
    t.match(after, "  cursor-other: '1718000000000000'\n")
    t.match(after, "  /var/log/syslog: '99'\n")
    t.match(after, "  __proto__: '1'\n")
    t.strictSame(await createFileCheckpointStore(join(dir, 'empty.yaml')).load(signal), { kind: 'none' })
  })

  t.test('of which any byte was changed, or the end is missing, is never taken for none', async (t) => {
    const dir = t.testdir({})
    const filename = join(dir, 'positions.yaml')
    const store = createFileCheckpointStore(filename)
    await store.save(cursors, signal)
    const good = readFileSync(filename)
    const verdicts = { found: 0, corrupt: 0 }
    for (let offset = 0; offset < good.length; offset += 1) {
      const flipped = Buffer.from(good)
      flipped[offset] = good[offset]! ^ (1 << (offset % 8))
      const broken = Buffer.from(good)
      broken[offset] = 0x0a
      for (const bytes of [flipped, broken, good.subarray(0, offset)]) {
        if (bytes.equals(good)) continue
        writeFileSync(filename, bytes)
        const outcome = await store.load(signal)
        if (outcome.kind === 'found') t.strictSame(outcome.cursors, cursors, `wrong cursor after damage at ${offset}`)
        if (outcome.kind !== 'found' && outcome.kind !== 'corrupt') t.fail(`${outcome.kind} after damage at ${offset}`)
        else verdicts[outcome.kind] += 1
      }
    }
    t.ok(verdicts.corrupt > 2 * good.length, `${verdicts.corrupt} corrupt, ${verdicts.found} harmless`)
  })

  t.test('that is not a positions file is corrupt, and kept aside when a save overwrites it', async (t) => {
    const bomb = `positions:\n  a: &a x\n${Array.from({ length: 9 }, (_, n) => `  b${n}: *a\n`).join('')}`
    const texts = [
      '',
      '[]',
      'positions: 7\n',
      'positions:\n  a: [1]\n',
      'a: 1\n',
      'positions: {}\nmore: 1\n',
      '\t- {',
      bomb,
    ]
    for (const text of texts) {
      const dir = t.testdir({ 'positions.yaml': text })
      const filename = join(dir, 'positions.yaml')
      const store = createFileCheckpointStore(filename)
      t.match(await store.load(signal), { kind: 'corrupt', why: String }, JSON.stringify(text))
      t.notOk(existsSync(`${filename}.corrupt-1`), 'loading moves nothing')
      t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
      t.equal(readFileSync(`${filename}.corrupt-1`, 'utf8'), text)
      t.strictSame(await store.load(signal), { kind: 'found', cursors })
      writeFileSync(filename, 'again')
      await store.save(cursors, signal)
      t.equal(readFileSync(`${filename}.corrupt-2`, 'utf8'), 'again')
    }
  })

  t.test('that cannot be read is unreadable and is not overwritten', async (t) => {
    const dir = t.testdir({ file: 'x', directory: {} })
    symlinkSync('loop', join(dir, 'loop'))
    for (const [name, why] of [
      ['directory', /is a directory/],
      ['file/positions.yaml', /not a directory/],
      ['loop', /symbolic links/],
    ] as const) {
      const store = createFileCheckpointStore(join(dir, name))
      t.match(await store.load(signal), { kind: 'unreadable', why }, name)
      t.match(await store.save(cursors, signal), { kind: 'failed', why }, name)
    }
    const nowhere = createFileCheckpointStore(join(dir, 'missing', 'positions.yaml'))
    t.match(await nowhere.save(cursors, signal), { kind: 'failed', why: /no such file or directory/ })
    if (process.getuid?.() !== 0) {
      writeFileSync(join(dir, 'secret'), 'positions: {}\n')
      chmodSync(join(dir, 'secret'), 0)
      t.match(await createFileCheckpointStore(join(dir, 'secret')).load(signal), { kind: 'unreadable', why: /denied/ })
    }
  })

  t.test('replaces what lies at its temporary name instead of writing through it', async (t) => {
    const dir = t.testdir({ precious: 'keep' })
    const filename = join(dir, 'positions.yaml')
    symlinkSync(join(dir, 'precious'), `${filename}.tmp`)
    t.strictSame(await createFileCheckpointStore(filename).save(cursors, signal), { kind: 'saved' })
    t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'keep')
    mkdirSync(`${filename}.tmp`)
    t.match(await createFileCheckpointStore(filename).save(cursors, signal), { kind: 'failed' })
    t.strictSame(await createFileCheckpointStore(filename).load(signal), { kind: 'found', cursors })
  })

  t.test('is whole whenever it is read, and when its writer is killed', async (t) => {
    const dir = t.testdir({})
    const filename = join(dir, 'positions.yaml')
    const script = join(dir, 'writer.mjs')
    const module = new URL('../../src/kube/checkpoint-file.ts', import.meta.url).href
    writeFileSync(
      script,
      `import { createFileCheckpointStore } from ${JSON.stringify(module)}
const store = createFileCheckpointStore(${JSON.stringify(filename)})
for (let n = 0; ; n += 1) {
  await store.save({ 'cursor-a': 'x'.repeat(n % 5000), 'cursor-b': String(n % 5000) }, new AbortController().signal)
  if (n === 3) process.stdout.write('writing')
}`,
    )
    const execArgv = process.execArgv.filter((argument) => !argument.includes('processinfo'))
    const child: ChildProcess = spawn(process.execPath, [...execArgv, script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await Promise.race([once(child.stdout!, 'data'), once(child, 'close')])
    const torn: unknown[] = []
    const read = async (): Promise<void> => {
      const outcome = await createFileCheckpointStore(filename).load(signal)
      const [a = '', b] = outcome.kind === 'found' ? [outcome.cursors['cursor-a'], outcome.cursors['cursor-b']] : []
      if (String(a.length) !== b) torn.push(outcome)
    }
    for (let n = 0; n < 300; n += 1) await read()
    child.kill('SIGKILL')
    await once(child, 'close')
    await read()
    t.strictSame(torn, [])
    t.strictSame(await createFileCheckpointStore(filename).save(cursors, signal), { kind: 'saved' })
    t.notOk(existsSync(`${filename}.tmp`), 'what a killed writer left is gone')
    unlinkSync(script)
  })
  t.end()
})

type Transcript = { readonly response: { readonly status: number; readonly body: string } }
const transcripts = JSON.parse(
  readFileSync(new URL('../fixtures/recorded/api-transcripts.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Transcript>>

type LeaseObject = {
  metadata: { resourceVersion: string; annotations?: Record<string, string>; [name: string]: unknown }
  spec: Record<string, unknown>
}

/** One Lease behind HTTP, with the recorded answers of a real API server. */
type LeaseServer = LoopbackServer & {
  /** Null: it does not exist. */
  lease: LeaseObject | null
  readonly requests: string[]
  /** Takes the next request instead of the Lease; false: the Lease answers after all. */
  meanwhile: ((request: IncomingMessage, response: ServerResponse) => boolean) | null
  /** Another writer: changes the Lease as an update does. */
  update(edit: (lease: LeaseObject) => void): void
}

const FRACTION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

const leaseServer = async (): Promise<LeaseServer> => {
  const send = (response: ServerResponse, name: string): void => {
    const { status, body } = transcripts[name]!.response
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }
  const store = (text: string, response: ServerResponse): void => {
    const sent = JSON.parse(text) as LeaseObject
    if (!FRACTION.test(String(sent.spec['renewTime']))) {
      send(response, 'lease-update-3-digits')
      return
    }
    if (sent.metadata.resourceVersion !== self.lease?.metadata.resourceVersion) {
      send(response, 'lease-update-conflict')
      return
    }
    self.update((lease) => Object.assign(lease, sent))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(self.lease))
  }
  const loopback = await serve(null, (request, response) => {
    self.requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      const meanwhile = self.meanwhile
      self.meanwhile = null
      if (meanwhile?.(request, response) === true) return
      if (self.lease === null) send(response, 'lease-get-missing')
      else if (request.method === 'PUT') store(text, response)
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(self.lease))
    })
  })
  const self: LeaseServer = {
    ...loopback,
    lease: JSON.parse(transcripts['lease-get']!.response.body) as LeaseObject,
    requests: [],
    meanwhile: null,
    update: (edit) => {
      const copy = JSON.parse(JSON.stringify(self.lease)) as LeaseObject
      edit(copy)
      copy.metadata.resourceVersion = String(Number(copy.metadata.resourceVersion) + 1)
      self.lease = copy
    },
  }
  return self
}

const clientOf = (server: string): KubeClient & { readonly renewals: () => number } => {
  let renewals = 0
  const connection: Connection = {
    server,
    proxy: '',
    inCluster: false,
    credentials: () => {
      const tls = { ca: null, cert: null, key: null, serverName: '', skipVerify: false, hash: '' }
      return Promise.resolve({ kind: 'ok', headers: { authorization: 'Bearer t' }, tls })
    },
    renew: () => {
      renewals += 1
      return Promise.resolve(null)
    },
    close: () => undefined,
  }
  const client = createKubeClient({ connection, clock: systemClock, log: silentLog, watches: 1 })
  return Object.assign(client, { renewals: () => renewals })
}

t.test('the Lease', async (t) => {
  const cursors = { 'cursor-kubernetes-events': encodeCursor(cursor) }
  const server = await leaseServer()
  const client = clientOf(server.url)
  t.teardown(async () => {
    await client.close()
    await server.close()
  })
  const open = (identity = ''): ReturnType<typeof createLeaseCheckpointStore> =>
    createLeaseCheckpointStore({ client, namespace: 'default', name: 'transcript', identity })
  t.beforeEach(() => {
    server.lease = JSON.parse(transcripts['lease-get']!.response.body) as LeaseObject
    server.meanwhile = null
    server.requests.length = 0
  })

  t.test('keeps cursors in an annotation and everything else as it was', async (t) => {
    const store = open()
    t.equal(store.place, 'lease/default/transcript')
    t.strictSame(await store.load(signal), { kind: 'none' })
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    t.strictSame(await open().load(signal), { kind: 'found', cursors })
    const before = JSON.parse(transcripts['lease-get']!.response.body) as LeaseObject
    t.strictSame(server.lease?.spec, before.spec)
    t.strictSame(server.lease?.metadata['managedFields'], before.metadata['managedFields'])
    t.strictSame(Object.keys(server.lease?.metadata.annotations ?? {}), ['x', CURSORS_ANNOTATION])
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/transcript'
    t.strictSame(
      server.requests,
      [`GET ${path}`, `PUT ${path}`, `PUT ${path}`, `GET ${path}`],
      'one write is one request',
    )
  })

  t.test('that does not exist is none when loaded, and a failure that names the manifest when saved', async (t) => {
    server.lease = null
    const store = open()
    t.strictSame(await store.load(signal), { kind: 'none' })
    t.match(await store.save(cursors, signal), { kind: 'failed', why: /lease\/default\/transcript: .*lease\.yaml/ })
    t.notOk(
      server.requests.some((request) => request.startsWith('POST')),
      'nothing is created',
    )
    server.lease = JSON.parse(transcripts['lease-get']!.response.body) as LeaseObject
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' }, 'once it was applied, it is used')
  })

  t.test('that answers with an error or not at all is unreadable, never none', async (t) => {
    const answers: [number, string, RegExp][] = [
      [500, '{"kind":"Status","message":"etcdserver: request timed out","code":500}', /HTTP 500 etcdserver/],
      [403, transcripts['list-anonymous-forbidden']!.response.body, /HTTP 403 .*forbidden/],
      [200, 'surprise', /not JSON/],
      [200, '{"kind":"Lease"}', /not a Lease/],
      [200, `"${'x'.repeat(5_000_000)}"`, /longer than/],
    ]
    for (const [status, body, why] of answers) {
      server.meanwhile = (_, response) => {
        response.writeHead(status).end(body)
        return true
      }
      t.match(await open().load(signal), { kind: 'unreadable', why })
    }
    server.meanwhile = (request) => {
      request.socket.destroy()
      return true
    }
    t.match(await open().load(signal), { kind: 'unreadable', why: String })
    const stopped = AbortSignal.abort()
    t.match(await open().load(stopped), { kind: 'unreadable', why: /stopped/ })
  })

  t.test('after a 401 has the credentials renewed', async (t) => {
    server.meanwhile = (_, response) => {
      response.writeHead(401).end(transcripts['list-unauthorized']!.response.body)
      return true
    }
    const before = client.renewals()
    t.match(await open().load(signal), { kind: 'unreadable', why: /HTTP 401/ })
    t.equal(client.renewals(), before + 1)
  })

  t.test('with an annotation that is damaged is corrupt', async (t) => {
    for (const text of ['', '{', '[]', '"x"', '{"cursor-a":1}']) {
      server.update((lease) => (lease.metadata.annotations = { [CURSORS_ANNOTATION]: text }))
      const store = open()
      t.match(await store.load(signal), { kind: 'corrupt', why: String }, text)
      t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    }
  })

  t.test('renewed by our own leader meanwhile is written at the second try', async (t) => {
    const store = open('us')
    await store.load(signal)
    server.update((lease) => Object.assign(lease.spec, { holderIdentity: 'us', renewTime: microTime(1795474800057) }))
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    t.equal(server.lease?.spec['renewTime'], '2026-11-23T23:00:00.057000Z', 'the renewal is not undone')
    server.update((lease) => Object.assign(lease.spec, { renewTime: microTime(1795474802057) }))
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    t.equal(server.lease?.spec['renewTime'], '2026-11-23T23:00:02.057000Z')
  })

  t.test('taken by another leader is a conflict, now and later', async (t) => {
    const store = open('us')
    server.update((lease) => Object.assign(lease.spec, { holderIdentity: 'us' }))
    await store.load(signal)
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
    server.update((lease) => Object.assign(lease.spec, { holderIdentity: 'them' }))
    const stored = JSON.stringify(server.lease)
    t.match(await store.save({ 'cursor-a': 'old' }, signal), { kind: 'conflict', why: /another process holds it/ })
    t.match(await store.save({ 'cursor-a': 'old' }, signal), { kind: 'conflict' })
    t.equal(JSON.stringify(server.lease), stored, 'nothing was overwritten')
  })

  t.test('loaded while another held it is not written before we hold it', async (t) => {
    server.update((lease) => Object.assign(lease.spec, { holderIdentity: 'them' }))
    const store = open('us')
    await store.load(signal)
    t.match(await store.save(cursors, signal), { kind: 'conflict' })
    server.update((lease) => Object.assign(lease.spec, { holderIdentity: 'us' }))
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' })
  })

  t.test('written by another process is a conflict without leader election too', async (t) => {
    const store = open()
    await store.load(signal)
    await store.save(cursors, signal)
    const other = open()
    await other.load(signal)
    t.strictSame(await other.save({ 'cursor-a': 'theirs' }, signal), { kind: 'saved' })
    t.match(await store.save({ 'cursor-a': 'ours' }, signal), { kind: 'conflict', why: /another process wrote/ })
    t.strictSame(await open().load(signal), { kind: 'found', cursors: { 'cursor-a': 'theirs' } })
    await store.load(signal)
    t.strictSame(await store.save(cursors, signal), { kind: 'saved' }, 'after a load, what was loaded is the base')
  })

  t.test('written by ourselves although the answer got lost is no conflict', async (t) => {
    const store = open()
    await store.load(signal)
    server.meanwhile = (request) => {
      server.update((lease) => {
        lease.metadata.annotations = { [CURSORS_ANNOTATION]: JSON.stringify({ 'cursor-a': 'first' }) }
      })
      request.socket.destroy()
      return true
    }
    t.match(await store.save({ 'cursor-a': 'first' }, signal), { kind: 'failed' })
    t.strictSame(await store.save({ 'cursor-a': 'second' }, signal), { kind: 'saved' })
    t.strictSame(await open().load(signal), { kind: 'found', cursors: { 'cursor-a': 'second' } })
  })

  t.test('is not sent cursors that do not fit an annotation', async (t) => {
    const store = open()
    t.match(await store.save({ 'cursor-a': 'ü'.repeat(110_000) }, signal), { kind: 'failed', why: /do not fit/ })
    t.strictSame(server.requests, [])
    t.strictSame(await store.save({ 'cursor-a': 'u'.repeat(110_000) }, signal), { kind: 'saved' })
  })

  t.test('case 28: has times of six fractional digits; with three the server refuses it', async (t) => {
    t.equal(microTime(1795474800007), '2026-11-23T23:00:00.007000Z')
    t.equal(readLease([]), null)
    const store = open()
    await store.load(signal)
    server.lease!.spec['renewTime'] = new Date(1795474800057).toISOString()
    await store.load(signal)
    t.match(await store.save(cursors, signal), { kind: 'failed', why: /HTTP 400 .*cannot parse/ })
  })
})
