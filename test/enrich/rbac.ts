import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { rbac } from '../../src/cli/rbac.ts'

const root = resolve(import.meta.dirname, '../..')

type Printed = { readonly kind: string; readonly metadata: { readonly namespace?: string }; readonly rules?: unknown }

const printed = (file: string, namespace = ''): { code: number; out: string; err: string; objects: Printed[] } => {
  const texts = { out: '', err: '' }
  const output = {
    out: (text: string): void => void (texts.out += text),
    err: (text: string): void => void (texts.err += text),
  }
  const load = { files: file, expandEnv: false, overlay: {} }
  const code = rbac({ load, namespace, serviceAccount: 'eventail' }, {}, output)
  const documents = parseAllDocuments(texts.out)
  const objects = 'empty' in documents ? [] : documents.map((one) => one.toJS() as Printed)
  return { code, ...texts, objects }
}

const config = (source: string): string =>
  `clients: [{url: http://l/loki/api/v1/push}]\nscrape_configs: [{job_name: a, kubernetes_events: {${source}}}]\n`

t.test('exactly the rules that a configuration needs are printed', (t) => {
  const folder = t.testdir({
    'all.yaml': config(
      'enrich: {owners: true, resources: [pods, nodes, replicasets.apps, rollouts.argoproj.io], namespace_labels: [a], node_labels: [b]}',
    ),
    'named.yaml': config(
      'namespaces: [shop, web], enrich: {labels: [a], resources: [pods, nodes, jobs.batch], namespace_labels: [a]}',
    ),
    'nodes.yaml': config('enrich: {node_labels: [zone]}'),
    'none.yaml': config(''),
    'bad.yaml': config('enrich: {owners: true, resources: [secrets]}'),
  })
  const rules = (file: string): unknown =>
    printed(join(folder, file))
      .objects.filter(({ kind }) => kind.endsWith('Role'))
      .map(({ kind, metadata, rules: given }) => [`${kind} ${metadata.namespace ?? ''}`.trim(), given])
  const rule = (group: string, resources: string[], ...verbs: string[]): object => ({
    apiGroups: [group],
    resources,
    verbs,
  })
  t.strictSame(rules('all.yaml'), [
    [
      'ClusterRole',
      [
        rule('', ['pods', 'nodes'], 'get', 'list'),
        rule('apps', ['replicasets'], 'get', 'list'),
        rule('argoproj.io', ['rollouts'], 'get', 'list'),
        rule('', ['namespaces'], 'list', 'watch'),
        rule('', ['nodes'], 'list', 'watch'),
      ],
    ],
  ])
  const within = [
    rule('', ['pods'], 'get', 'list'),
    rule('batch', ['jobs'], 'get', 'list'),
    rule('', ['namespaces'], 'get'),
  ]
  t.strictSame(rules('named.yaml'), [
    ['ClusterRole', [rule('', ['nodes'], 'get', 'list')]],
    ['Role shop', within],
    ['Role web', within],
  ])
  t.strictSame(rules('nodes.yaml'), [['ClusterRole', [rule('', ['nodes'], 'list', 'watch')]]])
  t.match(printed(join(folder, 'nodes.yaml'), 'monitoring').out, 'namespace: monitoring')
  t.match(printed(join(folder, 'none.yaml')), { code: 0, out: '', err: /no permission is needed beyond events/ })
  t.match(printed(join(folder, 'bad.yaml')), { code: 2, out: '', err: /a resource other than secrets/ })
  t.end()
})

t.test('the component of deploy/ is what is printed for its own example', (t) => {
  const component = join(root, 'deploy/kustomize/components/enrich')
  const written = parseAllDocuments(readFileSync(join(component, 'access.yaml'), 'utf8'))
  t.strictSame(
    'empty' in written ? [] : written.map((one): unknown => one.toJS()),
    printed(join(component, 'example.yaml')).objects,
  )
  t.match(readFileSync(join(component, 'kustomization.yaml'), 'utf8'), 'access.yaml')
  t.end()
})
