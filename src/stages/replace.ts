import { type Decoder, documented } from '../config/decoder.ts'
import { warn, type Place } from '../config/place.ts'
import { stageOptions } from '../config/stage-options.ts'
import { strictText } from '../config/stage-scalars.ts'
import type { GoRegExp } from '../regexp/go-regexp.ts'
import type { Template } from '../template/template.ts'
import { textMapOf, type TemplateValue } from '../template/values.ts'
import { compiled, optionalSource, regExpText } from './options.ts'
import type { Stage, StagePlan, WorkEntry } from './stage.ts'
import { impureFunction, impureWarning, parseStageTemplate } from './template-text.ts'
import { sourceText, textOf } from './text-of.ts'

const template: Decoder<Template | null> = {
  ...strictText(),
  read: (place: Place) => {
    const text = strictText().read(place)
    const impure = impureFunction(text)
    if (impure !== null) warn(place, impureWarning(impure))
    const parsed = parseStageTemplate(text)
    if (parsed.kind === 'ok') return parsed.template
    warn(place, `this stage does nothing, because its template cannot be read: ${parsed.why}`)
    return null
  },
}

/** What a captured text becomes; null: the template failed. */
type Render = (captured: string) => string | null

type Replaced = {
  readonly text: string
  /** What each captured text became. */
  readonly byCaptured: ReadonlyMap<string, string>
  /** The captures of the first match, '' for a group without a part in it. */
  readonly first: readonly string[]
}

/** Replaces what the groups of every match have captured; null when nothing matches, or a template failed. */
const replaceGroups = (regexp: GoRegExp, input: string, render: Render): Replaced | null => {
  const byCaptured = new Map<string, string>()
  let [text, end] = ['', 0]
  let first: readonly string[] | null = null
  for (const matcher of regexp.matches(input)) {
    const groups = regexp.names.map((_, index) => matcher.group(index + 1))
    first ??= groups.map((group) => group ?? '')
    for (const [index, captured] of groups.entries()) {
      if (captured === null) continue
      const becomes = render(captured)
      if (becomes === null) return null
      const start = matcher.start(index + 1)
      // A group inside one that was replaced is gone.
      if (end <= start) {
        text += input.slice(end, start) + becomes
        end = matcher.end(index + 1)
      }
      byCaptured.set(captured, becomes)
    }
  }
  return first === null ? null : { text: text + input.slice(end), byCaptured, first }
}

const dotWith = (entry: WorkEntry): ((captured: string) => TemplateValue) => {
  const texts = [...entry.extracted].flatMap(([name, value]) => {
    const text = textOf(value)
    return text === null ? [] : [[name, text] as const]
  })
  return (captured) => textMapOf([...texts, ['Value', captured]])
}

const replaceIn = (entry: WorkEntry, source: string | null, regexp: GoRegExp, render: Render): void => {
  const input = sourceText(entry, source)
  const replaced = input === null ? null : replaceGroups(regexp, input, render)
  if (replaced === null) return
  if (source === null) entry.line = replaced.text
  else entry.extracted.set(source, replaced.text)
  for (const [index, name] of regexp.names.entries()) {
    const value = replaced.byCaptured.get(replaced.first[index] ?? '')
    if (name !== '' && value !== undefined) entry.extracted.set(name, value)
  }
}

/** `replace`: what the groups of a pattern capture, everywhere in the line or an extracted text, is made anew. */
export const replaceStage: Decoder<StagePlan> = stageOptions(
  {
    expression: documented(regExpText, {
      says: 'What its groups capture is replaced.',
      example: 'token=(\\S+)',
      type: 'RE2',
      default: 'required',
    }),
    source: optionalSource,
    replace: documented(template, {
      says: 'What it becomes; `.Value` is what was captured.',
      example: '"***"',
      type: 'template',
      default: 'nothing',
    }),
  },
  ({ expression, source, replace }, section) => {
    if (expression === '') section.report('expression', 'MISSING_KEY', 'expression is required')
    return {
      name: 'replace',
      build: ({ clock }): Stage => {
        const regexp = compiled(expression)
        return (entry) => {
          if (replace === null) return true
          const dot = dotWith(entry)
          const nowNs = BigInt(Math.floor(clock.now())) * 1_000_000n
          replaceIn(entry, source, regexp, (captured) => {
            const rendered = replace.render(dot(captured), { nowNs })
            return rendered.kind === 'ok' ? rendered.text : null
          })
          return true
        }
      },
    }
  },
)
