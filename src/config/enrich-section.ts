import { builtIn } from '../enrich/discovery.ts'
import { type EnrichOptions, wantsObject } from '../enrich/enrich-options.ts'
import { splitName, WORKLOADS } from '../enrich/resource.ts'
import { toBytes } from './bytes.ts'
import { documented, listOf, record, type Wrong } from './decoder.ts'
import { checkedText, duration, flag, integer, size } from './scalars.ts'
import { shellPattern } from './shell-pattern.ts'

const KIB = 1024
/** Loki's `max_structured_metadata_entries_count`, 128, less than what entries have of their own. */
const MAX_NAMES = 100
const EXPECTED_NAME = 'a label or annotation name, or a glob such as app.kubernetes.io/*'

/** Prefix and name of labels.md in the Kubernetes documentation, with room for a glob. */
const namePattern = (value: string): Wrong | null => {
  const isText = /^[\x21-\x7e]{1,320}$/.test(value)
  if (!isText) return { code: 'BAD_VALUE', expected: EXPECTED_NAME }
  const isGlob = /[*?[\\]/.test(value)
  if (isGlob ? shellPattern(toBytes(value))(toBytes(value)) !== 'bad' : /^[A-Za-z0-9./_-]+$/.test(value)) return null
  return { code: 'BAD_VALUE', expected: EXPECTED_NAME }
}

const names = listOf(checkedText(EXPECTED_NAME, namePattern), (name, earlier) =>
  name !== '' && earlier.includes(name) ? `expected each name once, got ${name} again` : null,
)

const EXPECTED_RESOURCE = 'a resource such as pods, deployments.apps or rollouts.argoproj.io'

/** As kubectl and RBAC have it. Of a Secret not even the labels are read. */
const resourceText = (value: string): Wrong | null => {
  const { plural, group } = splitName(value)
  if (plural === 'secrets') {
    return { code: 'UNSUPPORTED', expected: 'a resource other than secrets', hint: 'they are never read' }
  }
  const isName = /^[a-z][a-z0-9-]{0,62}$/.test(plural) && /^(?:[a-z0-9][a-z0-9.-]{0,251}[a-z0-9])?$/.test(group)
  if (!isName || value.endsWith('.')) return { code: 'BAD_VALUE', expected: EXPECTED_RESOURCE }
  if (group !== '' || builtIn([value]).length > 0) return null
  return { code: 'BAD_VALUE', expected: EXPECTED_RESOURCE, hint: 'its API group is missing' }
}

const resources = listOf(checkedText(EXPECTED_RESOURCE, resourceText), (name, earlier) =>
  name !== '' && earlier.includes(name) ? `expected each resource once, got ${name} again` : null,
)

/** `enrich:`; what it is made of is looked up, so each part costs permissions and requests. */
export const enrichSection = record(
  {
    labels: documented(names, {
      says: 'Labels of the involved object.',
      example: '[app.kubernetes.io/*]',
      type: 'list of names or globs',
      default: 'none',
    }),
    annotations: documented(names, {
      says: 'Its annotations.',
      example: '[example.com/runbook]',
      type: 'list of names or globs',
      default: 'none',
    }),
    owners: documented(flag(false), {
      says: "`owner_kind` and `owner_name`: the controller at the end of the chain, a pod's Deployment or CronJob.",
      example: 'true',
    }),
    namespace_labels: documented(names, {
      says: 'Labels of its namespace.',
      example: '[team]',
      type: 'list of names or globs',
      default: 'none',
    }),
    node_labels: documented(names, {
      says: 'Labels of the node that the event is about, or comes from (`source.host`).',
      example: '[topology.kubernetes.io/zone]',
      type: 'list of names or globs',
      default: 'none',
    }),
    resources: documented(resources, {
      says: 'What may be read. Nothing else is ever asked for; `secrets` are refused.',
      example: '[pods, deployments.apps, rollouts.argoproj.io]',
      type: 'list of resources',
      default: 'pods and what runs them',
    }),
    wait: documented(duration(250, { min: 0, max: 10_000 }), {
      says: 'How long an event waits at most. Then it goes without, counted.',
      example: '100ms',
    }),
    max_names: documented(integer(16, { min: 1, max: MAX_NAMES }), {
      says: 'Chosen names on one entry.',
      example: '8',
    }),
    max_value_length: documented(size(256, { min: 16, max: 4 * KIB }), {
      says: 'Longer values are cut.',
      example: '128',
    }),
    cache_size: documented(size(24 * KIB * KIB, { min: 64 * KIB, max: KIB * KIB * KIB }), {
      says: 'Memory of what was looked up.',
      example: '32MB',
    }),
    cache_ttl: documented(duration(600_000, { min: 1000 }), {
      says: 'Then it is looked up again, in the background.',
      example: '5m',
    }),
    requests_per_second: documented(integer(20, { min: 1, max: 1000 }), {
      says: 'Requests to the API server at most; a page of a list is one.',
      example: '10',
    }),
  },
  (values, section): EnrichOptions => {
    const options: EnrichOptions = {
      labels: values.labels,
      annotations: values.annotations,
      owners: values.owners,
      namespaceLabels: values.namespace_labels,
      nodeLabels: values.node_labels,
      resources: values.resources.length > 0 ? values.resources : WORKLOADS,
      waitMs: values.wait,
      maxNames: values.max_names,
      maxValueBytes: values.max_value_length,
      cacheBytes: values.cache_size,
      cacheTtlMs: values.cache_ttl,
      requestsPerSecond: values.requests_per_second,
    }
    if (!wantsObject(options) && options.namespaceLabels.length + options.nodeLabels.length === 0) {
      const expected = 'expected labels, annotations, owners, namespace_labels or node_labels, got none of them'
      section.report('labels', 'MISSING_KEY', expected)
    }
    return wantsObject(options) ? options : { ...options, resources: [] }
  },
)
