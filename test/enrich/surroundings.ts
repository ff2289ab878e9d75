import fc from 'fast-check'
import t from 'tap'
import { createChoice } from '../../src/enrich/choice.ts'
import { compose } from '../../src/enrich/compose.ts'
import { Memory } from '../../src/enrich/memory.ts'
import { ClusterObjects, statusOf } from '../fixtures/cluster-objects.ts'
import { enrichedCluster, enrichOptions, eventAbout } from '../fixtures/enriched-cluster.ts'
import { eventually, turns } from '../fixtures/watched-cluster.ts'

const pod = { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'a', uid: 'a' }
const yaml = 'namespace_labels: [team], node_labels: [topology.kubernetes.io/zone]'
const ZONE = 'topology.kubernetes.io/zone'

const withSurroundings = (): ClusterObjects => {
  const objects = new ClusterObjects()
  objects.put({ resource: 'namespaces', name: 'shop', uid: 'ns', labels: { team: 'cart', other: 'x' } })
  objects.put({ resource: 'nodes', name: 'node-a', uid: 'no', labels: { [ZONE]: 'eu-1a' } })
  return objects
}

t.test('labels of namespaces and nodes come by one list and a watch, and follow what changes', async (t) => {
  const objects = withSurroundings()
  const cluster = await enrichedCluster(t, { yaml, objects })
  const { clock } = cluster
  const metadata = async (event = eventAbout(pod)): Promise<unknown> => (await cluster.enrich(event)).metadata
  t.strictSame(await metadata(), [
    ['team', 'cart'],
    ['topology_kubernetes_io_zone', 'eu-1a'],
  ])
  t.match(Object.fromEntries((await cluster.enrich(eventAbout(pod))).meta()), {
    __meta_kubernetes_namespace_label_team: 'cart',
    __meta_kubernetes_node_label_topology_kubernetes_io_zone: 'eu-1a',
    __meta_kubernetes_node_name: 'node-a',
  })
  await eventually(() => objects.watches === 2)
  objects.put({ resource: 'namespaces', name: 'shop', uid: 'ns', labels: { team: 'basket' } })
  objects.remove({ resource: 'nodes', name: 'node-a' })
  await turns(20)
  t.strictSame(await metadata(), [['team', 'basket']])
  t.strictSame(
    await metadata(eventAbout({ kind: 'Node', apiVersion: 'v1', name: 'node-b', uid: 'node-b' }, { source: {} })),
    [],
    'of an object in no namespace, only the node; this one is not known',
  )
  t.strictSame(
    await metadata(eventAbout({ kind: 'Namespace', apiVersion: 'v1', name: 'shop', uid: 'ns' }, { source: {} })),
    [['team', 'basket']],
  )
  t.strictSame([objects.count('list'), objects.count('get')], [2, 0])

  // A clean end goes on where it was; 410 lists anew.
  objects.toWatches('nodes', (response) => response.end())
  await eventually(() => objects.count('watch', 'nodes') === 1 && objects.watches === 1)
  await clock.advance(10)
  await eventually(() => objects.count('watch', 'nodes') === 2)
  t.equal(objects.count('list'), 2)
  objects.put({ resource: 'nodes', name: 'node-a', uid: 'no2', labels: { [ZONE]: 'eu-1b' } })
  const bookmark = `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '900' } } })}\n`
  objects.toWatches('nodes', (response) => response.write(bookmark))
  await turns(20)
  const gone = `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`
  objects.toWatches('nodes', (response) => response.write(gone))
  await eventually(() => objects.count('list', 'nodes') === 2)
  await turns(20)
  t.strictSame(await metadata(), [
    ['team', 'basket'],
    ['topology_kubernetes_io_zone', 'eu-1b'],
  ])
  t.end()
})

t.test('without the permission for nodes the rest is told, by one line in the log', async (t) => {
  const objects = withSurroundings()
  objects.script = ({ resource }) => (resource === 'nodes' ? statusOf(403, 'Forbidden', 'cannot list nodes') : null)
  const cluster = await enrichedCluster(t, { yaml, objects })
  for (let i = 0; i < 5; i += 1) {
    t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [['team', 'cart']])
    await cluster.clock.advance(30_000)
    await turns(20)
  }
  t.equal(cluster.log.filter((line) => line.includes('a permission is missing')).length, 1)
  t.equal(await cluster.metric('eventail_enrich_permission_missing{job="events",resource="nodes"}'), 1)
  objects.script = () => null
  await cluster.clock.advance(60_000)
  await eventually(() => objects.count('watch', 'nodes') === 1)
  t.equal((await cluster.enrich(eventAbout(pod))).metadata.length, 2)
  t.equal(await cluster.metric('eventail_enrich_permission_missing{job="events",resource="nodes"}'), 0)
  t.end()
})

t.test('lists and watches that fail are tried again, slower and slower', async (t) => {
  const objects = withSurroundings()
  objects.script = ({ verb, resource }) =>
    resource === 'nodes' && verb === 'list' ? { kind: 'answer', status: 200, body: '{"kind":"Other"}' } : null
  const cluster = await enrichedCluster(t, { yaml, objects })
  t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [['team', 'cart']])
  for (let i = 0; i < 60; i += 1) {
    await cluster.clock.advance(1000)
    await turns(4)
  }
  t.ok(objects.count('list', 'nodes') <= 8, String(objects.count('list', 'nodes')))
  t.match(cluster.log.join(''), /labels cannot be read, trying again" .*resource=nodes/)
  objects.script = ({ verb, resource }) =>
    resource === 'nodes' && verb === 'watch' ? statusOf(500, 'InternalError') : null
  await cluster.clock.advance(60_000)
  await eventually(() => objects.count('watch', 'nodes') > 0)
  t.equal((await cluster.enrich(eventAbout(pod))).metadata.length, 2, 'the list is there')
  objects.script = () => null
  await cluster.clock.advance(60_000)
  await eventually(() => objects.watches === 2)
  objects.toWatches('nodes', (response) => response.destroy())
  await eventually(() => objects.watches === 1)
  await turns(10)
  await cluster.clock.advance(60_000)
  await eventually(() => objects.watches === 2)
  objects.toWatches('nodes', (response) => response.write('no JSON\n'))
  await eventually(() => objects.watches === 1)
  t.end()
})

t.test('of named namespaces each is asked for by itself: a Role gives no more', async (t) => {
  const objects = withSurroundings()
  const namespaces = { kind: 'only', names: ['shop', 'web'] } as const
  const cluster = await enrichedCluster(t, { yaml: 'namespace_labels: [team]', objects, namespaces })
  for (let i = 0; i < 3; i += 1) t.strictSame((await cluster.enrich(eventAbout(pod))).metadata, [['team', 'cart']])
  t.strictSame([objects.count('get', 'namespaces'), objects.count('list'), objects.count('watch')], [1, 0, 0])
  t.end()
})

t.test('names and values are what Loki takes, few, and short', (t) => {
  const options = enrichOptions('labels: ["*"], max_names: 4, max_value_length: 16')
  const label = fc.oneof(
    fc.string(),
    fc.constantFrom('__proto__', 'a.b', 'a/b', 'name', '___', '1', 'constructor', '😀'),
  )
  fc.assert(
    fc.property(fc.dictionary(label, fc.oneof(fc.string(), fc.string({ minLength: 100 }))), (labels) => {
      const chosen = createChoice(options.labels, options)(labels)
      const names = chosen.map(([name]) => name)
      if (new Set(names).size !== names.length || names.length > 4) return false
      return chosen.every(
        ([name, value]) =>
          /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) &&
          /[a-zA-Z0-9]/.test(name) &&
          value !== '' &&
          Buffer.byteLength(value) <= 16,
      )
    }),
  )
  const choose = createChoice(['*'], { maxNames: 9, maxValueBytes: 99 })
  t.strictSame(choose({ 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'b' }), [['a', 'b', 'a']])
  const exactly = createChoice(['kubectl.kubernetes.io/last-applied-configuration'], { maxNames: 9, maxValueBytes: 99 })
  t.equal(exactly({ 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'b' }).length, 1, 'by its full name')
  t.strictSame([choose(null), choose('x'), choose({ a: 5, kind: 'k' })], [[], [], [['object_kind', 'k', 'kind']]])
  t.end()
})

t.test('of one name the nearest wins: object, annotation, namespace, node', (t) => {
  const of = (...pairs: [string, string][]): readonly [string, string, string][] =>
    pairs.map(([name, value]) => [name, value, name])
  const parts = { controller: null, top: { kind: 'Job', name: 'j' }, nodeName: '' }
  const found = {
    ...parts,
    labels: of(['team', 'object']),
    annotations: of(['team', 'annotation'], ['pager', 'annotation']),
    namespaceLabels: of(['team', 'namespace'], ['cost', 'namespace']),
    nodeLabels: of(['cost', 'node'], ['zone', 'node']),
  }
  t.strictSame(compose(found, 16)?.metadata, [
    ['owner_kind', 'Job'],
    ['owner_name', 'j'],
    ['team', 'object'],
    ['pager', 'annotation'],
    ['cost', 'namespace'],
    ['zone', 'node'],
  ])
  t.equal(compose(found, 2)?.metadata.length, 4, 'bounded; the owner is not counted')
  t.equal(compose({ ...parts, top: null, labels: [], annotations: [], namespaceLabels: [], nodeLabels: [] }, 9), null)
  t.end()
})

t.test('memory is bounded in bytes; the longest unused goes first, and what nobody asked for takes no place', (t) => {
  const memory = new Memory(100_000)
  const known = (text: string): Parameters<Memory['put']>[1] => ({
    facts: { controller: null, labels: [['a', text, 'a']], annotations: [] },
    staleMs: 1e6,
    endMs: 1e9,
  })
  for (let i = 0; i < 50; i += 1) memory.put(`k${i}`, known('v'.repeat(1000)), i)
  t.ok(memory.sizeBytes < 100_000)
  t.equal(memory.size, 50)
  t.not(memory.get('k0', 10_000), null)
  for (let i = 0; i < 1000; i += 1) memory.putSpare(`s${i}`, known('v'.repeat(1000)), 10_000)
  t.ok(memory.sizeBytes <= 100_000 && memory.size < 80)
  t.not(memory.get('k1', 10_000), null, 'spare ones push nothing out')
  for (let i = 0; i < 20; i += 1) memory.put(`n${i}`, known('v'.repeat(1000)), 10_000)
  t.ok(memory.sizeBytes <= 100_000)
  t.equal(memory.get('k2', 10_000), null, 'the longest unused')
  t.not(memory.get('k0', 10_000), null, 'used since')
  memory.put('k0', { facts: null, staleMs: 0, endMs: 20_000 }, 10_000)
  t.match(memory.get('k0', 19_999), { facts: null })
  t.equal(memory.get('k0', 20_000), null, 'its time is over')
  t.end()
})
