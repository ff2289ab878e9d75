import { promtailFunctions } from '../template/promtail-functions.ts'
import { parseTemplate, type ParsedTemplate } from '../template/template.ts'

/** A template of a stage, with Promtail's functions. */
export const parseStageTemplate = (text: string): ParsedTemplate =>
  parseTemplate(text, { name: 'pipeline_template', functions: promtailFunctions })

const ACTIONS = /\{\{[\s\S]*?\}\}/g
const STRINGS = /"(?:[^"\\]|\\.)*"|`[^`]*`/g
const IMPURE = /(?<![.$\w])(?:now|ago|uuidv4|shuffle|rand(?:Alpha|AlphaNum|Ascii|Numeric|Int|Bytes))\b/

/** The function for which a template gives another text each time; null when there is none. */
export const impureFunction = (text: string): string | null => {
  for (const [action] of text.matchAll(ACTIONS)) {
    const found = IMPURE.exec(action.replaceAll(STRINGS, '""'))
    if (found !== null) return found[0]
  }
  return null
}

/** Said of a template that is not pure. */
export const impureWarning = (name: string): string =>
  `${name} gives another text each time: an event read again after a restart becomes another entry, and is stored twice`
