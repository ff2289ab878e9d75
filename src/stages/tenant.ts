import { type Decoder, documented, optional } from '../config/decoder.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import { pure, type StagePlan, type WorkEntry } from './stage.ts'
import { textOf } from './text-of.ts'

/** The label that chooses the tenant; it is not sent. */
export const TENANT_LABEL = '__tenant_id__'

const name = optional(strictText())

const ONE_OF = 'label, source and value are mutually exclusive: you should set source, value or label but not all'

/** `tenant`: chooses the tenant by a constant, an extracted value or a label; an empty value changes nothing. */
export const tenantStage: Decoder<StagePlan> = stageOptions(
  {
    label: documented(name, { says: 'Label whose value is the tenant. One of the three.', example: 'team' }),
    source: documented(name, { says: 'Name of the extracted value that is the tenant.', example: 'tenant' }),
    value: documented(name, { says: 'The tenant itself.', example: 'prod' }),
  },
  (values, section) => {
    const given = Object.entries(values).filter(([, value]) => value !== null && value !== '')
    const [first, second] = given
    if (first === undefined) {
      section.report('value', 'MISSING_KEY', 'label, source or value config are required')
    } else if (second !== undefined) section.reportKey(second[0], 'CONFLICT', ONE_OF)
    const { label, source, value } = values
    const tenantOf = ({ labels, extracted }: WorkEntry): string | null | undefined => {
      if (value !== null && value !== '') return value
      return source !== null && source !== '' ? textOf(extracted.get(source)) : labels.get(label ?? '')
    }
    return pure('tenant', (entry) => {
      const tenant = tenantOf(entry) ?? ''
      if (tenant !== '') entry.labels.set(TENANT_LABEL, tenant)
      return true
    })
  },
)
