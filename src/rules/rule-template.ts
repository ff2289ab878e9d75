import { alertFunctions } from '../template/alert-functions.ts'
import { parseTemplate, type Template } from '../template/template.ts'
import { textMapOf, type StructValue, type TemplateValue } from '../template/values.ts'

/** What Loki puts before each template of a rule when it checks it (pkg/ruler/compat.go, `testTemplateParsing`). */
const DEFINITIONS = '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$value := .Value}}'

/** `at`: how far into the text. */
export type ParsedRuleTemplate =
  | { readonly kind: 'ok'; readonly template: Template }
  | { readonly kind: 'error'; readonly why: string; readonly at: number }

/** Parses a label or an annotation of a rule. */
export const parseRuleTemplate = (text: string, name: string): ParsedRuleTemplate => {
  const parsed = parseTemplate(DEFINITIONS + text, { name, functions: alertFunctions, missingKey: 'zero' })
  if (parsed.kind === 'ok') return parsed
  const before = text.split('\n').slice(0, parsed.line - 1)
  const start = before.reduce((length, line) => length + line.length + 1, 0)
  const column = parsed.column - 1 - (parsed.line === 1 ? DEFINITIONS.length : 0)
  return { kind: 'error', why: parsed.why, at: Math.max(0, start + column) }
}

/** What a template of a rule sees of a sample. */
export type TemplateFacts = {
  readonly labels: Iterable<readonly [name: string, value: string]>
  readonly externalLabels: Readonly<Record<string, string>>
  readonly externalUrl: string
  readonly value: number
}

/** The dot of a rule's template (Prometheus' template.AlertTemplateData). */
export const templateDot = ({ labels, externalLabels, externalUrl, value }: TemplateFacts): StructValue => ({
  kind: 'struct',
  type: 'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
  fields: new Map<string, TemplateValue>([
    ['Labels', textMapOf(labels)],
    ['ExternalLabels', textMapOf(Object.entries(externalLabels))],
    ['ExternalURL', externalUrl],
    ['Value', value],
  ]),
  text: null,
})
