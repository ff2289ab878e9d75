import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { uncompress } from '../../src/loki/snappy.ts'
import { readPush } from './push-reader.ts'

// The other side of the benchmark of enrichment, in a process of its own: events about 20,000 pods of 4,000 deployments
// in 40 namespaces, their metadata, and a receiver that answers 204.

export type EnrichOrder =
  /** So many events a second, each about the next pod. */
  | { readonly kind: 'pace'; readonly perSecond: number; readonly seconds: number }
  /** As fast as they are read. */
  | { readonly kind: 'flood'; readonly frames: number }
  | { readonly kind: 'report' }

export type EnrichReport = {
  readonly kind: 'report'
  readonly distinct: number
  /** Entries that tell an owner. */
  readonly owned: number
  readonly watching: boolean
  /** Requests for metadata so far. */
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

const PODS = 20_000
const NAMESPACES = 40
const PODS_OF_DEPLOYMENT = 5
/** No object is there: every lookup is a 404, every list is empty. */
const isAbsent = process.argv[2] === 'absent'

type Kept = { readonly key: string; readonly json: string }

const item = (metadata: object): string =>
  JSON.stringify({
    metadata: {
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: '1',
      ...metadata,
      managedFields: [
        { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:metadata': { 'f:labels': {} } } },
      ],
    },
  })

const namespaceAt = (n: number): string => `ns-${n % NAMESPACES}`
const deploymentAt = (pod: number): number =>
  Math.floor(pod / PODS_OF_DEPLOYMENT / NAMESPACES) * NAMESPACES + (pod % NAMESPACES)
const uidOf = (kind: string, n: number): string => `${kind}-${String(n).padStart(8, '0')}-aaaa-bbbb-cccc-000000000000`

/** By resource and namespace, in the order of names. */
const collections = new Map<string, Kept[]>()
const keep = (resource: string, namespace: string, name: string, metadata: object): void => {
  const key = `${resource} ${namespace}`
  const all = collections.get(key) ?? []
  collections.set(key, all)
  all.push({ key: name, json: item({ name, namespace, ...metadata }) })
}
const owner = (apiVersion: string, kind: string, name: string, uid: string): object => ({
  ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
})
if (!isAbsent) {
  const seen = new Set<number>()
  for (let pod = 0; pod < PODS; pod += 1) {
    const [namespace, deployment] = [namespaceAt(pod), deploymentAt(pod)]
    const replicas = `app-${deployment}-5d8f`
    keep('pods', namespace, `app-${deployment}-5d8f-${pod}`, {
      uid: uidOf('pod', pod),
      labels: {
        'app.kubernetes.io/name': `app-${deployment}`,
        team: `team-${deployment % 50}`,
        'pod-template-hash': '5d8f',
      },
      annotations: { 'cni.example.com/addresses': 'x'.repeat(300) },
      ...owner('apps/v1', 'ReplicaSet', replicas, uidOf('replicas', deployment)),
    })
    if (seen.has(deployment)) continue
    seen.add(deployment)
    const above = owner('apps/v1', 'Deployment', `app-${deployment}`, uidOf('deployment', deployment))
    keep('replicasets', namespace, replicas, { uid: uidOf('replicas', deployment), ...above })
    keep('deployments', namespace, `app-${deployment}`, { uid: uidOf('deployment', deployment) })
  }
  for (const all of collections.values()) all.sort((a, b) => (a.key < b.key ? -1 : 1))
}

const frameOf = (rv: number): string => {
  const pod = rv % PODS
  const deployment = deploymentAt(pod)
  const now = new Date().toISOString().replace(/\.\d+/, '')
  const object = {
    metadata: {
      name: `e-${rv}`,
      namespace: namespaceAt(pod),
      uid: `event-${rv}`,
      resourceVersion: String(rv),
      creationTimestamp: now,
    },
    involvedObject: {
      ...{ kind: 'Pod', apiVersion: 'v1', namespace: namespaceAt(pod), name: `app-${deployment}-5d8f-${pod}` },
      ...{ uid: uidOf('pod', pod), resourceVersion: '7', fieldPath: 'spec.containers{app}' },
    },
    ...{
      reason: 'Pulled',
      message: 'Container image "registry.example/app:1.2.3" already present on machine',
      type: 'Normal',
    },
    ...{
      source: { component: 'kubelet', host: `node-${pod % 500}` },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
  }
  return `{"type":"ADDED","object":${JSON.stringify(object)}}\n`
}

const totals = { owned: 0, requests: 0, firstMs: 0, lastMs: 0 }
const seen = new Set<number>()
const watchers = new Set<ServerResponse>()
let newestRv = 1_000_000
let floodUntil = newestRv

const OWNER = Buffer.from('owner_name')

const countOf = (body: Uint8Array): number => {
  const bytes = Buffer.from(uncompress(body, 64 * 1024 * 1024))
  let count = 0
  for (let at = bytes.indexOf(OWNER); at !== -1; at = bytes.indexOf(OWNER, at + OWNER.length)) count += 1
  return count
}

const takePush = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  totals.firstMs ||= Date.now()
  readPush(body, (line) => seen.add(Number(/ rv="?(\d+)/.exec(line.toString('latin1'))?.[1] ?? '0')))
  totals.owned += countOf(body)
  totals.lastMs = Date.now()
  response.writeHead(204).end()
}

const PATH = /^\/(?:api|apis\/[a-z]+)\/v1(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/

/** Of a kind over all namespaces, in their order. */
const everywhere = (resource: string): readonly Kept[] =>
  [...collections].filter(([key]) => key.startsWith(`${resource} `)).flatMap(([, all]) => all)

const json = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

const serveMetadata = (url: URL, response: ServerResponse): void => {
  totals.requests += 1
  const [, namespace = '', resource = '', name] = PATH.exec(url.pathname) ?? []
  const all = namespace === '' ? everywhere(resource) : (collections.get(`${resource} ${namespace}`) ?? [])
  if (name !== undefined) {
    const found = all.find(({ key }) => key === name)
    if (found === undefined) json(response, 404, '{"kind":"Status","reason":"NotFound","code":404}')
    else json(response, 200, found.json)
    return
  }
  const limit = Number(url.searchParams.get('limit') ?? '500')
  const from = Number(url.searchParams.get('continue') ?? '0')
  const page = all.slice(from, from + limit).map((one) => one.json)
  const more = from + limit < all.length ? `,"continue":"${from + limit}"` : ''
  json(response, 200, `{"metadata":{"resourceVersion":"5"${more}},"items":[${page.join(',')}]}`)
}

const flood = async (response: ServerResponse): Promise<void> => {
  while (newestRv < floodUntil && !response.destroyed) {
    let text = ''
    for (let i = 0; i < 50 && newestRv < floodUntil; i += 1) text += frameOf((newestRv += 1))
    if (!response.write(text)) await once(response, 'drain')
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://world')
  if (url.pathname === '/loki/api/v1/push') void takePush(request, response)
  else if (url.pathname !== '/api/v1/events') serveMetadata(url, response)
  else if (url.searchParams.get('watch') === null)
    json(response, 200, `{"kind":"EventList","metadata":{"resourceVersion":"${newestRv}"},"items":[]}`)
  else {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    watchers.add(response)
    response.on('close', () => watchers.delete(response))
  }
})

/** Every ten milliseconds as many as the time that has passed asks for. */
const pace = ({ perSecond, seconds }: Extract<EnrichOrder, { kind: 'pace' }>): void => {
  const begunMs = performance.now()
  let made = 0
  const timer = setInterval(() => {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - begunMs) * perSecond) / 1000))
    let text = ''
    for (; made < due; made += 1) text += frameOf((newestRv += 1))
    if (text !== '') for (const watcher of watchers) watcher.write(text)
    if (made >= perSecond * seconds) clearInterval(timer)
  }, 10)
}

process.on('message', (order: EnrichOrder) => {
  if (order.kind === 'pace') pace(order)
  else if (order.kind === 'flood') {
    floodUntil = newestRv + order.frames
    totals.firstMs = Date.now()
    for (const watcher of watchers) void flood(watcher)
  } else {
    const report: EnrichReport = { kind: 'report', ...totals, distinct: seen.size, watching: watchers.size > 0 }
    process.send?.(report)
  }
})

server.listen(0, '127.0.0.1', () => {
  process.send?.({ kind: 'listening', port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit(0))
