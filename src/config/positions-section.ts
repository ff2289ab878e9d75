import type { PositionsOptions } from './config.ts'
import { documented, ignored, nameRule, optional, record, type Decoder, type Section } from './decoder.ts'
import { checkedText, duration, oneOf, text } from './scalars.ts'

const EXPECTED_NAME = 'a Kubernetes name of lower-case letters, digits, - and .'

/** A name such as the API server takes it (RFC 1123 subdomain); '' when absent. */
export const kubernetesName = (absent: string): Decoder<string> =>
  checkedText(
    EXPECTED_NAME,
    nameRule('^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$', { code: 'BAD_VALUE', expected: EXPECTED_NAME }),
    absent,
  )

const lease = optional(
  record(
    {
      name: documented(kubernetesName('eventail'), {
        says: "The agent's own Lease. Configuring `lease` chooses the store `lease`.",
        example: 'eventail',
      }),
      namespace: documented(kubernetesName(''), {
        says: 'Where the Lease is.',
        example: 'monitoring',
        default: "the pod's",
      }),
    },
    (values) => ({ ...values }),
  ),
)

type PositionsValues = {
  readonly store: PositionsOptions['store'] | ''
  readonly filename: string
  readonly lease: unknown
}

/** Without `store`, what is configured tells; nothing: the agent decides by where it runs. */
const chosenStore = (values: PositionsValues, section: Section): PositionsOptions['store'] => {
  if (values.store !== '') return values.store
  const withLease = values.lease !== null || section.names('lease')
  if (withLease && values.filename !== '') {
    section.report('lease', 'CONFLICT', 'expected one of filename and lease (or a store that chooses), got both')
  }
  if (withLease) return 'lease'
  return values.filename === '' ? 'auto' : 'file'
}

/** `positions:`. */
export const positionsSection = record(
  {
    store: documented(oneOf<PositionsOptions['store'] | ''>(['auto', 'lease', 'file', 'none'], ''), {
      says: '`auto`: the Lease in a cluster, the file outside. `none`: every start begins as `start` says.',
      example: 'lease',
      default: 'what is configured, else auto',
    }),
    filename: documented(text(), {
      says: "In the working directory. Promtail's default is /var/log/positions.yaml, which a restricted pod cannot write. Naming a file chooses the store `file`.",
      example: '/var/lib/eventail/positions.yaml',
      type: 'path',
      default: 'positions.yaml',
    }),
    sync_period: documented(duration(2000, { min: 100, max: 3_600_000 }), {
      says: 'How often positions are written. A crash repeats at most that much, and Loki drops the repeats. Promtail: 10s.',
      example: '10s',
    }),
    ignore_invalid_yaml: ignored('a positions file that cannot be read is reported and never overwritten'),
    lease,
  },
  (values, section): PositionsOptions => ({
    store: chosenStore(values, section),
    filename: values.filename === '' ? 'positions.yaml' : values.filename,
    syncPeriodMs: values.sync_period,
    lease: values.lease ?? { name: 'eventail', namespace: '' },
  }),
)
