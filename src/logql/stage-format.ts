import { lokiFunctions } from '../template/loki-functions.ts'
import { type ParsedTemplate, parseTemplate, type Template } from '../template/template.ts'
import { textMapOf } from '../template/values.ts'
import type { LabelFormat } from './ast.ts'
import type { EntryLabels } from './entry-labels.ts'
import type { Step } from './step.ts'

/** What a template of a query is called in its errors. */
type TemplateName = 'line' | 'label'

/** A template as `line_format` and `label_format` take it: a missing label is empty. */
export const formatTemplate = (name: TemplateName, text: string): ParsedTemplate =>
  parseTemplate(text, { name, functions: lokiFunctions, missingKey: 'zero' })

const compiled = (name: TemplateName, text: string): Template => {
  const outcome = formatTemplate(name, text)
  if (outcome.kind === 'ok') return outcome.template
  throw new Error(`a template went unchecked: ${outcome.why}`)
}

/** The labels that a template reads. */
export const templateFields = (name: TemplateName, text: string): readonly string[] => {
  const outcome = formatTemplate(name, text)
  return outcome.kind === 'ok' ? outcome.template.fields() : []
}

/** @returns null: it failed, and the labels say so */
const rendered = (
  template: Template,
  line: string,
  labels: EntryLabels,
  dot = textMapOf(labels.all()),
): string | null => {
  const outcome = template.render(dot, { line, timestampNs: labels.timestampNs })
  if (outcome.kind === 'ok') return outcome.text.toWellFormed()
  labels.fail('TemplateFormatErr', outcome.why)
  return null
}

/** `| line_format "..."`; an entry whose template fails keeps its line. */
export const lineFormatStep = (text: string): Step => {
  const template = compiled('line', text)
  return (line, labels) => rendered(template, line, labels) ?? line
}

/** `| label_format a=b, c="..."`: templates see the labels as they were before the first template. */
export const labelFormatStep = (formats: readonly LabelFormat[]): Step => {
  const steps = formats.map((format) => ({
    format,
    template: format.kind === 'template' ? compiled('label', format.template) : null,
  }))
  return (line, labels) => {
    let dot: ReturnType<typeof textMapOf> | undefined
    for (const { format, template } of steps) {
      if (format.kind === 'rename') {
        const value = labels.get(format.from)
        if (value === undefined) continue
        labels.set(format.to, value)
        labels.delete(format.from)
      } else if (template !== null) {
        dot ??= textMapOf(labels.all())
        const value = rendered(template, line, labels, dot)
        if (value !== null) labels.set(format.to, value)
      }
    }
    return line
  }
}
