import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { KubeEvent } from '../../src/kube/event.ts'
import { ClusterObjects, deployedPod, statusOf } from '../fixtures/cluster-objects.ts'
import { enrichedCluster, eventAbout } from '../fixtures/enriched-cluster.ts'
import { eventually, turns } from '../fixtures/watched-cluster.ts'

const OUTCOME = (outcome: string): string => `eventail_enrich_events_total{job="events",outcome="${outcome}"}`
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

t.test('an event tells the chosen labels and annotations, and whose its pod is', async (t) => {
  const objects = new ClusterObjects()
  const pod = deployedPod(objects, { namespace: 'shop', app: 'web' })
  objects.put({
    ...{ resource: 'pods', namespace: 'shop', name: pod.name, uid: pod.uid },
    labels: {
      'app.kubernetes.io/name': 'web',
      'app.kubernetes.io/part-of': 'shop',
      team: 'cart',
      name: 'x',
      pii: 'no',
    },
    annotations: { 'shop.example/pager': 'on-call', other: 'no' },
    owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d', uid: 'r-shop-web' },
  })
  const yaml = 'labels: [app.kubernetes.io/*, team, name], annotations: [shop.example/pager], owners: true'
  const cluster = await enrichedCluster(t, { yaml, objects })
  const found = await cluster.enrich(eventAbout(pod))
  t.strictSame(found.metadata, [
    ['owner_kind', 'Deployment'],
    ['owner_name', 'web'],
    ['app_kubernetes_io_name', 'web'],
    ['app_kubernetes_io_part_of', 'shop'],
    ['object_name', 'x'],
    ['team', 'cart'],
    ['shop_example_pager', 'on-call'],
  ])
  const OBJECT = '__meta_kubernetes_event_involved_object_'
  t.match(Object.fromEntries(found.meta()), {
    [`${OBJECT}controller_kind`]: 'ReplicaSet',
    [`${OBJECT}owner_name`]: 'web',
    [`${OBJECT}label_name`]: 'x',
    [`${OBJECT}labelpresent_team`]: 'true',
    [`${OBJECT}annotation_shop_example_pager`]: 'on-call',
  })
  t.strictSame(
    objects.requests.map(({ verb, resource, accept, query }) => [verb, resource, accept, query.get('resourceVersion')]),
    ['pods', 'replicasets.apps', 'deployments.apps'].map((resource) => ['get', resource, METADATA, '0']),
    'metadata alone, from the cache of the API server',
  )
  t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, found.metadata)
  t.equal(objects.requests.length, 3, 'once for all events')
  t.equal(await cluster.metric(OUTCOME('complete')), 2)
  t.end()
})

t.test('what nobody needs is not asked for', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'owners: true' })
  const kinds = [
    [eventAbout({ kind: 'ConfigMap', apiVersion: 'v1', namespace: 'shop', name: 'c', uid: 'u' }), 'kind'],
    [
      eventAbout({ kind: 'Service', apiVersion: 'serving.knative.dev/v1', namespace: 'a', name: 'c', uid: 'u' }),
      'kind',
    ],
    [eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'c' }), 'no_uid'],
  ] as const
  for (const [event, outcome] of kinds) {
    t.strictSame((await cluster.enrich(event)).metadata, [])
    t.ok((await cluster.metric(OUTCOME(outcome))) > 0, outcome)
  }
  t.strictSame(cluster.objects.requests, [])
  t.end()
})

t.test('an object that is not in the cache yet is asked for once more; one that is gone, not again', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], owners: true' })
  const { objects } = cluster
  const pod = deployedPod(objects, { namespace: 'shop', app: 'web', labels: { team: 'cart' } })
  objects.script = ({ query }) => (query.get('resourceVersion') === '0' ? statusOf(404, 'NotFound') : null)
  t.match((await cluster.enrich(eventAbout(pod))).metadata, [
    ['owner_kind', 'Deployment'],
    ['owner_name', 'web'],
    ['team', 'cart'],
  ])
  t.equal(objects.count('get', 'pods'), 2)
  objects.script = () => null
  const gone = { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'gone', uid: 'g' }
  for (let i = 0; i < 5; i += 1) t.strictSame((await cluster.enrich(eventAbout(gone))).metadata, [])
  t.equal(objects.count('get', 'pods'), 4, 'twice, for five events')
  t.equal(await cluster.metric(OUTCOME('absent')), 5)
  t.end()
})

t.test('an object of that name with another uid lends nothing, and what was deleted keeps what it was', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], cache_ttl: 10s' })
  const { objects, clock } = cluster
  const about = (uid: string): object => ({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'db-0', uid })
  const put = (uid: string, team: string): unknown =>
    objects.put({ resource: 'pods', namespace: 'shop', name: 'db-0', uid, labels: { team } })
  put('first', 'old')
  t.strictSame((await cluster.enrich(eventAbout(about('first')))).metadata, [['team', 'old']])
  put('second', 'new')
  t.strictSame((await cluster.enrich(eventAbout(about('first')))).metadata, [['team', 'old']], 'a late event')
  t.strictSame((await cluster.enrich(eventAbout(about('second')))).metadata, [['team', 'new']])
  t.strictSame((await cluster.enrich(eventAbout(about('third')))).metadata, [], 'one that never was seen')
  await clock.advance(11_000)
  await cluster.enrich(eventAbout(about('first')))
  await eventually(() => objects.count('get', 'pods') >= 6)
  await turns()
  t.strictSame((await cluster.enrich(eventAbout(about('first')))).metadata, [['team', 'old']], 'found gone, and kept')
  put('second', 'renamed')
  await clock.advance(11_000)
  const asked = objects.count('get', 'pods')
  t.strictSame(
    (await cluster.enrich(eventAbout(about('second')))).metadata,
    [['team', 'new']],
    'stale, in the meantime',
  )
  await eventually(() => objects.count('get', 'pods') > asked)
  await turns()
  t.strictSame((await cluster.enrich(eventAbout(about('second')))).metadata, [['team', 'renamed']], 'then as it is')
  t.end()
})

t.test('an event that claims the uid of another object gets nothing of it, and takes nothing from it', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], owners: true' })
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs' }
  for (const name of ['web', 'other']) {
    const labels = { team: name }
    cluster.objects.put({ resource: 'pods', namespace: 'shop', name, uid: `uid-${name}`, labels, owner })
  }
  cluster.objects.put({ resource: 'replicasets.apps', namespace: 'shop', name: 'rs', uid: 'rs' })
  const about = (place: object): KubeEvent =>
    eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'web', uid: 'uid-web', ...place })
  const own = [['owner_kind', 'ReplicaSet'], ['owner_name', 'rs'], ['team', 'web']] // prettier-ignore
  const claims = [{ name: 'other' }, { namespace: 'evil' }, { kind: 'ReplicaSet', apiVersion: 'apps/v1' }]
  for (const round of [1, 2]) {
    t.strictSame((await cluster.enrich(about({}))).metadata, own, `round ${round}`)
    for (const claim of claims) t.strictSame((await cluster.enrich(about(claim))).metadata, [], JSON.stringify(claim))
  }
  t.strictSame((await cluster.enrich(about({ name: 'other', uid: 'uid-other' }))).metadata.at(-1), ['team', 'other'])
  t.end()
})

t.test('names that Kubernetes cannot have are not asked for, nor kept', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team]' })
  const about = { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'web', uid: 'u' }
  for (const more of [{ name: 'n'.repeat(254) }, { uid: 'u'.repeat(129) }, { namespace: 'n'.repeat(254) }]) {
    t.strictSame((await cluster.enrich(eventAbout({ ...about, ...more }))).metadata, [])
  }
  t.equal(cluster.objects.requests.length, 0)
  t.equal(await cluster.metric('eventail_enrich_events_total{job="events",outcome="absent"}'), 3)
  t.end()
})

t.test('a static pod is known to its kubelet by another uid', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [tier], owners: true' })
  cluster.objects.put({
    ...{ resource: 'pods', namespace: 'kube-system', name: 'etcd-a', uid: 'mirror', labels: { tier: 'control-plane' } },
    annotations: { 'kubernetes.io/config.mirror': 'hash' },
    owner: { apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'n' },
  })
  const event = eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'kube-system', name: 'etcd-a', uid: 'hash' })
  t.strictSame((await cluster.enrich(event)).metadata, [
    ['owner_kind', 'Node'],
    ['owner_name', 'a'],
    ['tier', 'control-plane'],
  ])
  t.end()
})

t.test('a chain of owners ends where a kind may not be read, in circles, and nowhere when one is gone', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'owners: true, resources: [pods, replicasets.apps, jobs.batch]' })
  const { objects } = cluster
  const at = { namespace: 'shop' }
  const pod = (name: string, owner?: object): ReturnType<typeof eventAbout> => {
    objects.put({ resource: 'pods', ...at, name, uid: name, ...(owner !== undefined && { owner: owner as never }) })
    return eventAbout({ kind: 'Pod', apiVersion: 'v1', ...at, name, uid: name })
  }
  const owner = async (event: ReturnType<typeof eventAbout>): Promise<unknown> =>
    (await cluster.enrich(event)).metadata.map(([, value]) => value).join(' ')
  objects.put({
    ...{ resource: 'replicasets.apps', ...at, name: 'canary', uid: 'canary' },
    owner: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'ro' },
  })
  const replicas = { apiVersion: 'apps/v1', kind: 'ReplicaSet' }
  t.equal(await owner(pod('a', { ...replicas, name: 'canary', uid: 'canary' })), 'Rollout web')
  t.equal(await owner(pod('b')), 'Pod b', 'its own')
  t.equal(await owner(pod('c', { ...replicas, name: 'gone', uid: 'gone' })), '', 'its ReplicaSet is no end')
  t.equal(await owner(pod('d', { ...replicas, name: 'canary', uid: 'another' })), '', 'another of that name')
  for (const [name, other] of [
    ['ping', 'pong'],
    ['pong', 'ping'],
  ] as const) {
    objects.put({
      ...{ resource: 'jobs.batch', ...at, name, uid: name },
      owner: { apiVersion: 'batch/v1', kind: 'Job', name: other, uid: other },
    })
  }
  t.match(await owner(pod('e', { apiVersion: 'batch/v1', kind: 'Job', name: 'ping', uid: 'ping' })), /^Job p[io]ng$/)
  t.equal(objects.count('get', 'jobs.batch'), 2)
  t.end()
})

t.test('an event waits for so long and no longer, nothing overtakes it, and its account is kept', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], wait: 250ms' })
  const { objects, clock, work, passed } = cluster
  const held: (() => void)[] = []
  const pod = deployedPod(objects, { namespace: 'shop', app: 'web', labels: { team: 'cart' } })
  await cluster.enrich(eventAbout(pod))
  objects.script = ({ name }) =>
    name === 'slow' || name === 'later'
      ? {
          kind: 'serve',
          serve: (_request, response) => {
            const body = JSON.stringify({ metadata: { name, uid: name, labels: { team: 'late' } } })
            held.push(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body))
          },
        }
      : null
  const about = (name: string): object => ({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name, uid: name })
  const slow = cluster.give('slow', eventAbout(about('slow')))
  cluster.give('known', eventAbout(pod))
  cluster.give('known too', eventAbout(pod))
  work.line.behind(0, () => (passed as string[]).push('moved'))
  await eventually(() => held.length === 1)
  t.strictSame([passed.slice(1), work.line.events], [[], 3], 'all wait in their order')
  await clock.advance(198)
  t.equal(work.line.events, 3)
  await clock.advance(2)
  t.strictSame([passed.slice(1), work.line.events], [['slow', 'known', 'known too', 'moved'], 0])
  t.strictSame(slow.of()?.metadata, [], 'it went without')
  t.equal(await cluster.metric(OUTCOME('timeout')), 1)
  held.shift()?.()
  await turns()
  t.strictSame((await cluster.enrich(eventAbout(about('slow')))).metadata, [['team', 'late']], 'for the next one')

  cluster.give('later', eventAbout(about('later')))
  await clock.advance(150)
  cluster.give('behind it', eventAbout(about('later')))
  await eventually(() => held.length === 1)
  held.shift()?.()
  await eventually(() => passed.length === 8)
  t.strictSame(passed.slice(6), ['later', 'behind it'], 'one request for both, which the answer frees')
  t.equal(objects.count('get', 'pods'), 3)
  await work.line.emptied()
  t.end()
})

t.test('what fails while an event waits for another one is asked for again before it leaves', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], wait: 10s' })
  const { objects, clock } = cluster
  const about = (name: string): KubeEvent =>
    eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name, uid: name })
  for (const name of ['slow', 'shaky']) {
    objects.put({ resource: 'pods', namespace: 'shop', name, uid: name, labels: { team: name } })
  }
  let isShaky = true
  objects.script = ({ name }) => {
    if (name === 'slow') return { kind: 'serve', serve: () => undefined }
    return name === 'shaky' && isShaky ? { kind: 'serve', serve: (_, response) => response.writeHead(500).end() } : null
  }
  t.strictSame((await cluster.enrich(about('shaky'))).metadata, [], 'the API server failed')
  isShaky = false
  cluster.give('slow', about('slow'))
  const shaky = cluster.give('shaky', about('shaky'))
  await turns()
  t.equal(shaky.of(), undefined, 'it waits for the one before it')
  await clock.advance(6000)
  await eventually(() => shaky.of() !== undefined)
  t.strictSame(shaky.of()?.metadata, [['team', 'shaky']])
  t.end()
})

t.test('the line is bounded, and wakes the source when there is room', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], wait: 1s' })
  const { objects, clock, work } = cluster
  objects.script = () => ({ kind: 'serve', serve: () => undefined })
  const about = { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'a', uid: 'a' }
  const long = 'm'.repeat(1_000_000)
  const metadata = { uid: 'u', resourceVersion: '1', annotations: { a: long } }
  for (const [object, more] of [
    [about, { message: long }],
    [about, { metadata }],
    [about, { metadata: { ...metadata, annotations: {}, labels: { [long]: '' } } }],
    [{ ...about, fieldPath: long }, {}],
  ] as const) {
    while (work.line.hasRoom()) cluster.give('big', eventAbout(object, more))
    t.ok(work.line.events < 20, 'in bytes')
    const roomy = work.line.room(new AbortController().signal)
    await clock.advance(1000)
    await roomy
    t.equal(work.line.events, 0)
  }
  await clock.advance(500)
  while (work.line.hasRoom()) cluster.give('small', eventAbout(about))
  t.equal(work.line.events, 4096, 'and in number')
  const aborted = new AbortController()
  const given = work.line.room(aborted.signal)
  aborted.abort()
  await given
  await clock.advance(1000)
  t.end()
})

t.test('many unknown objects are listed, and what the list does not have is absent', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], owners: true' })
  const { objects } = cluster
  const pods = Array.from({ length: 1200 }, (_, i) => {
    const name = `p-${String(i).padStart(4, '0')}`
    objects.put({ resource: 'pods', namespace: 'shop', name, uid: name, labels: { team: `t${i % 7}` } })
    return { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name, uid: name }
  })
  const given = pods.slice(0, 300).map((pod) => cluster.give('', eventAbout(pod)))
  const gone = Array.from({ length: 100 }, (_, i) => ({ ...pods[0], name: `gone-${i}`, uid: `gone-${i}` }))
  const absent = gone.map((pod) => cluster.give('', eventAbout(pod)))
  await eventually(() => [...given, ...absent].every(({ of }) => of() !== undefined))
  t.equal(objects.count('list', 'pods'), 3, 'three pages')
  t.ok(objects.count('get') <= 8, 'what was under way before')
  t.strictSame(given[299]?.of()?.metadata[2], ['team', 't5'])
  t.strictSame(absent[99]?.of()?.metadata, [])
  const [first] = objects.requests.filter(({ verb }) => verb === 'list')
  t.match(first?.accept, /^application\/json;as=PartialObjectMetadataList;/)
  t.strictSame([first?.query.get('resourceVersion'), first?.query.get('limit')], ['0', '500'])
  const before = objects.requests.length
  for (const pod of pods.slice(300)) t.equal((await cluster.enrich(eventAbout(pod))).metadata.length, 3)
  t.equal(objects.requests.length, before, 'the others were learned by the way')
  const asked: number[] = []
  for (const passMs of [4999, 1, 5000, 54_999, 1]) {
    await cluster.clock.advance(passMs)
    const already = objects.requests.length
    for (const pod of gone) await cluster.enrich(eventAbout(pod))
    await turns()
    asked.push(objects.requests.length - already)
  }
  t.strictSame(
    asked.map((requests) => requests > 0),
    [false, true, false, false, true],
    'what is absent is looked for again soon, in case the cache was behind, and then once a minute',
  )
  t.end()
})

t.test('while a list is under way it is not begun again: what comes meanwhile is asked for by itself', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team]' })
  const { objects } = cluster
  const pods = Array.from({ length: 60 }, (_, i) => `p-${i}`)
  const about = (name: string): KubeEvent =>
    eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name, uid: name })
  for (const name of pods) objects.put({ resource: 'pods', namespace: 'shop', name, uid: name, labels: { team: name } })
  const held: ServerResponse[] = []
  objects.script = ({ verb }) =>
    verb === 'list' ? { kind: 'serve', serve: (_request, response) => void held.push(response) } : null
  const first = pods.slice(0, 30).map((name) => cluster.give('', about(name)))
  await eventually(() => held.length === 1)
  const later = pods.slice(30).map((name) => cluster.give('', about(name)))
  await eventually(() => objects.count('get') >= 30)
  await turns()
  t.equal(objects.count('list', 'pods'), 1)
  const items = pods.map((name) => ({ metadata: { namespace: 'shop', name, uid: name, labels: { team: name } } }))
  held[0]?.writeHead(200, { 'content-type': 'application/json' })
  held[0]?.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '9' }, items }))
  await eventually(() => [...first, ...later].every(({ of }) => of() !== undefined))
  t.strictSame(later[29]?.of()?.metadata, [['team', 'p-59']])
  t.equal(objects.count('list', 'pods'), 1)
  t.end()
})

t.test('a long list is not read again for a few objects, even when requests are short', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], requests_per_second: 1' })
  const { objects, clock } = cluster
  const about = (name: string): KubeEvent =>
    eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name, uid: name })
  const add = (name: string): void => {
    objects.put({ resource: 'pods', namespace: 'shop', name, uid: name, labels: { team: name } })
  }
  const pods = Array.from({ length: 450 }, (_, i) => `p-${i}`)
  for (const name of pods) add(name)
  const first = pods.slice(0, 40).map((name) => cluster.give('', about(name)))
  await clock.advance(2000)
  await eventually(() => first.every(({ of }) => of() !== undefined) && objects.count('list', 'pods') === 1)
  await turns()
  const few = ['n-0', 'n-1', 'n-2', 'n-3']
  for (const name of few) add(name)
  for (const name of few) cluster.give('', about(name))
  await clock.advance(10_000)
  await eventually(() => objects.count('get', 'pods') >= few.length)
  await turns()
  t.equal(objects.count('list', 'pods'), 1, 'four of 450: one by one')
  const more = Array.from({ length: 8 }, (_, i) => `m-${i}`)
  for (const name of more) add(name)
  for (const name of more) cluster.give('', about(name))
  await clock.advance(3000)
  await eventually(() => objects.count('list', 'pods') === 2, 'eight at once are worth it')
  await turns()
  await clock.advance(600_000)
  await turns()
  const lists = objects.count('list', 'pods')
  const late = ['l-0', 'l-1', 'l-2', 'l-3', 'l-4', 'l-5']
  for (const name of late) add(name)
  for (const name of late) cluster.give('', about(name))
  await clock.advance(3000)
  await eventually(
    () => objects.count('list', 'pods') === lists + 1,
    'it may have become shorter: the size is forgotten',
  )
  t.end()
})

t.test('a list that may not be read, or is too long, is done without', async (t) => {
  for (const refusal of ['forbidden', 'too long'] as const) {
    const cluster = await enrichedCluster(t, { yaml: 'labels: [team], requests_per_second: 100' })
    const { objects, clock } = cluster
    objects.script = ({ verb }) => {
      if (verb !== 'list') return null
      if (refusal === 'forbidden') return statusOf(403, 'Forbidden', 'pods is forbidden: cannot list')
      const serve = (
        _request: unknown,
        response: { writeHead: (code: number, headers: object) => { end: () => void } },
      ): void => {
        response
          .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': String(17 * 1024 * 1024) })
          .end()
      }
      return { kind: 'serve', serve: serve as never }
    }
    const given = Array.from({ length: 40 }, (_, i) => {
      const name = `p-${i}`
      objects.put({ resource: 'pods', namespace: 'shop', name, uid: name, labels: { team: 'cart' } })
      return cluster.give('', eventAbout({ kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name, uid: name }))
    })
    for (let i = 0; i < 40 && given.some(({ of }) => of() === undefined); i += 1) {
      await clock.advance(10)
      await turns(10)
    }
    t.ok(given.filter(({ of }) => of()?.metadata.length === 1).length >= 39, `${refusal}: one by one`)
    t.equal(objects.count('list', 'pods'), refusal === 'forbidden' ? 1 : 2, 'from the cache, then page by page')
  }
  t.end()
})

t.test('a missing permission is one line and a metric, and is noticed when it is there', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team]' })
  const { objects, clock, log } = cluster
  const pod = deployedPod(objects, { namespace: 'shop', app: 'web', labels: { team: 'cart' } })
  objects.script = () => statusOf(403, 'Forbidden', 'pods "web" is forbidden: User "agent" cannot get resource "pods"')
  const missing = 'eventail_enrich_permission_missing{job="events",resource="pods"}'
  for (let i = 0; i < 20; i += 1) t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [])
  t.equal(objects.requests.length, 1, 'not asked for again')
  t.strictSame([await cluster.metric(missing), await cluster.metric(OUTCOME('forbidden'))], [1, 20])
  t.equal(log.filter((line) => line.includes('a permission is missing')).length, 1)
  t.match(
    log.find((line) => line.includes('a permission is missing')),
    /verb=get resource=pods api_group="" namespace=shop/,
  )
  objects.script = () => null
  await clock.advance(300_000)
  t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [['team', 'cart']])
  t.equal(await cluster.metric(missing), 0)
  t.end()
})

t.test(
  'what an API server refuses while it starts is asked for again soon, and what it always refuses, seldom',
  async (t) => {
    const cluster = await enrichedCluster(t, { yaml: 'labels: [team]' })
    const { objects, clock } = cluster
    const pod = deployedPod(objects, { namespace: 'shop', app: 'web', labels: { team: 'cart' } })
    const refuses = (): ReturnType<typeof statusOf> => statusOf(403, 'Forbidden', 'pods "web" is forbidden')
    objects.script = refuses
    const beside = ['a', 'b', 'c'].map((app) => deployedPod(objects, { namespace: 'shop', app, labels: { team: app } }))
    const given = [pod, ...beside].map((one) => cluster.give('', eventAbout(one)))
    await eventually(() => given.every(({ of }) => of() !== undefined))
    t.ok(objects.count('get', 'pods') > 1, 'several are refused at once, and that counts as once')
    await clock.advance(4999)
    t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [])
    objects.script = () => null
    await clock.advance(1)
    t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [['team', 'cart']])
    objects.script = refuses
    const other = deployedPod(objects, { namespace: 'web', app: 'web', labels: { team: 'cart' } })
    const before = objects.requests.length
    for (let minute = 0; minute < 30; minute += 1) {
      await cluster.enrich(eventAbout(other))
      await clock.advance(60_000)
    }
    t.equal(objects.requests.length - before, 9, 'after one minute, two, four, and then every five')
    objects.script = () => null
    t.end()
  },
)

t.test('an API server that fails costs no event, and is left in peace', async (t) => {
  const cluster = await enrichedCluster(t, { yaml: 'labels: [team], requests_per_second: 5' })
  const { objects, clock } = cluster
  const about = (i: number): object => ({
    kind: 'Pod',
    apiVersion: 'v1',
    namespace: `n-${i}`,
    name: 'a',
    uid: `u-${i}`,
  })
  objects.script = () => statusOf(500, 'InternalError')
  t.strictSame((await cluster.enrich(eventAbout(about(0)))).metadata, [])
  t.strictSame((await cluster.enrich(eventAbout(about(0)))).metadata, [])
  t.strictSame([await cluster.metric(OUTCOME('failed')), objects.requests.length], [2, 1])
  for (let i = 1; i < 400; i += 1) cluster.give('', eventAbout(about(i)))
  for (let i = 0; i < 100; i += 1) {
    await clock.advance(100)
    await turns(4)
  }
  t.equal(cluster.work.line.events, 0)
  t.ok(
    objects.requests.length <= 10 + 50 + 1,
    `a burst of ten, and five in each of ten seconds: ${objects.requests.length}`,
  )
  t.ok((await cluster.metric(OUTCOME('busy'))) > 300, 'what has no hope does not wait')
  t.end()
})

t.test('kinds of the configuration that are not built in are discovered once', async (t) => {
  const yaml = 'owners: true, resources: [pods, rollouts.argoproj.io, gadgets.example.com]'
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web', uid: 'ro' }
  const group = (name: string, version: string, resources: readonly object[]): object => ({
    metadata: { name },
    versions: [{ version, resources }],
  })
  const aggregated = {
    kind: 'APIGroupDiscoveryList',
    items: [
      group('argoproj.io', 'v1alpha1', [
        { resource: 'rollouts', responseKind: { kind: 'Rollout' }, scope: 'Namespaced' },
        { resource: 'experiments', responseKind: { kind: 'Experiment' }, scope: 'Namespaced' },
      ]),
    ],
  }
  const plain = {
    '/apis': {
      kind: 'APIGroupList',
      groups: [
        { name: 'argoproj.io', preferredVersion: { version: 'v1alpha1' } },
        { name: 'apps', preferredVersion: { version: 'v1' } },
      ],
    },
    '/apis/argoproj.io/v1alpha1': {
      kind: 'APIResourceList',
      resources: [
        { name: 'rollouts', kind: 'Rollout', namespaced: true },
        { name: 'rollouts/status', kind: 'Rollout', namespaced: true },
      ],
    },
  }
  for (const server of ['aggregated', 'plain'] as const) {
    const objects = new ClusterObjects()
    if (server === 'aggregated') objects.aggregated = aggregated
    else objects.plain = plain
    objects.put({ resource: 'rollouts.argoproj.io', namespace: 'shop', name: 'web', uid: 'ro' })
    const cluster = await enrichedCluster(t, { yaml, objects })
    for (let i = 0; i < 3; i += 1) {
      t.strictSame((await cluster.enrich(eventAbout(rollout))).metadata, [
        ['owner_kind', 'Rollout'],
        ['owner_name', 'web'],
      ])
    }
    t.equal(objects.count('discovery'), server === 'aggregated' ? 1 : 2, server)
    t.equal(objects.count('get'), 1)
    t.match(cluster.log.join(''), /the API server does not have these kinds" .*kinds=gadgets.example.com/)
    const other = eventAbout({ ...rollout, kind: 'Experiment', uid: 'ex' })
    t.strictSame((await cluster.enrich(other)).metadata, [], 'what is not allowed stays unread')
  }
  t.end()
})

t.test('discovery that fails is tried again, and nothing waits for it meanwhile', async (t) => {
  const objects = new ClusterObjects()
  objects.script = ({ verb }) => (verb === 'discovery' ? statusOf(500, 'InternalError', 'ill') : null)
  objects.aggregated = { kind: 'APIGroupDiscoveryList', items: [] }
  const cluster = await enrichedCluster(t, { yaml: 'owners: true, resources: [rollouts.argoproj.io]', objects })
  const event = eventAbout({ apiVersion: 'argoproj.io/v1', kind: 'Rollout', namespace: 'a', name: 'b', uid: 'c' })
  await cluster.enrich(event)
  await cluster.enrich(event)
  t.equal(await cluster.metric(OUTCOME('kind')), 2)
  t.match(cluster.log.join(''), /kinds cannot be discovered, trying again" .*why="500 ill"/)
  objects.script = () => null
  await cluster.clock.advance(1000)
  await eventually(() => objects.count('discovery') === 2)
  await turns()
  await cluster.clock.advance(120_000)
  t.equal(objects.count('discovery'), 2)
  t.end()
})
