import { type Decoder, documented } from '../config/decoder.ts'
import { report, warn, type Place } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import type { Template } from '../template/template.ts'
import { mapOf, type MapValue } from '../template/values.ts'
import type { StagePlan, WorkEntry } from './stage.ts'
import { impureFunction, impureWarning, parseStageTemplate } from './template-text.ts'
import { textOf } from './text-of.ts'

const template: Decoder<Template | null> = {
  ...strictText(),
  read: (place: Place) => {
    const text = strictText().read(place)
    const impure = impureFunction(text)
    if (impure !== null) warn(place, impureWarning(impure))
    const parsed = parseStageTemplate(text)
    if (parsed.kind === 'ok') return parsed.template
    report(place, 'BAD_VALUE', parsed.why)
    return null
  },
}

/** What a template of a stage sees: the extracted texts by name, `.Value` (the source's) and `.Entry` (the line). */
const dotOf = ({ extracted, line }: WorkEntry, source: string): MapValue => {
  const texts: [string, string][] = []
  for (const [name, value] of extracted) {
    const text = textOf(value)
    if (text === null) continue
    texts.push([name, text])
    if (name === source) texts.push(['Value', text])
  }
  return mapOf([...texts, ['Entry', line]])
}

/** `template`: an extracted value made by a template; an empty one is taken away. A template that fails changes nothing. */
export const templateStage: Decoder<StagePlan> = stageOptions(
  {
    source: documented(strictText(), {
      says: 'Name of the extracted value that is made.',
      example: 'level',
      default: 'required',
    }),
    template: documented(template, {
      says: 'Sees the extracted values, `.Value` and `.Entry`.',
      example: "'{{ .Value | ToLower }}'",
      type: 'template',
      default: 'empty',
    }),
  },
  ({ source, template: made }, section) => {
    if (source === '') section.report('source', 'MISSING_KEY', 'template source value is required')
    return {
      name: 'template',
      build: ({ clock }) => {
        return (entry) => {
          const nowNs = BigInt(Math.floor(clock.now())) * 1_000_000n
          const rendered = made?.render(dotOf(entry, source), { nowNs })
          if (rendered?.kind !== 'ok') return true
          if (rendered.text === '') entry.extracted.delete(source)
          else entry.extracted.set(source, rendered.text)
          return true
        }
      },
    }
  },
)
