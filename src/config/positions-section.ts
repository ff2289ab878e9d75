import type { PositionsOptions } from './config.ts'
import { ignored, optional, record, type Decoder, type Section } from './decoder.ts'
import { checkedText, duration, oneOf, text } from './scalars.ts'

const EXPECTED_NAME = 'a Kubernetes name of lower-case letters, digits, - and .'

/** A name such as the API server takes it (RFC 1123 subdomain); '' when absent. */
export const kubernetesName = (absent: string): Decoder<string> =>
  checkedText(
    EXPECTED_NAME,
    (value) =>
      /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(value)
        ? null
        : { code: 'BAD_VALUE', expected: EXPECTED_NAME },
    absent,
  )

const lease = optional(
  record({ name: kubernetesName('eventail'), namespace: kubernetesName('') }, (values) => ({ ...values })),
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
    store: oneOf<PositionsOptions['store'] | ''>(['auto', 'lease', 'file', 'none'], ''),
    filename: text(),
    sync_period: duration(2000, { min: 100, max: 3_600_000 }),
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
