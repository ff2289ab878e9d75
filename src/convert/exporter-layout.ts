import type { Value } from './exporter-file.ts'
import { rewriteTemplate } from './exporter-template.ts'
import type { Report } from './finding.ts'

/** Stages that make a line, and the texts they need of the event. */
export type Layout = { readonly stages: readonly unknown[]; readonly names: readonly string[] }

/** encoding/json's text: what HTML could take for a tag is escaped. */
const goJson = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Builds the template of the whole line; each template inside is a stage of its own before it. */
class LayoutWriter {
  readonly stages: unknown[] = []
  readonly names: string[] = []
  readonly #cluster: string
  readonly #report: Report

  constructor(cluster: string, report: Report) {
    this.#cluster = cluster
    this.#report = report
  }

  /** The template of a value, null: it has none. */
  value(value: Value, path: string): string | null {
    // The exporter does not write what is no text.
    if (value.isOther) return 'null'
    if (value.text !== null) return this.#leaf(value.text, value.line, path)
    if (value.items.length > 0) {
      const items = value.items.map((item, index) => this.value(item, `${path}[${index}]`) ?? 'null')
      return `[${items.join(',')}]`
    }
    return this.map(value, path)
  }

  map(value: Value, path: string): string {
    const members = [...value.keys]
      .sort(([a], [b]) => byBytes(a, b))
      .flatMap(([key, item]) => {
        const text = this.value(item, path === '' ? key : `${path}.${key}`)
        return text === null ? [] : [`${goJson(key)}:${text}`]
      })
    return `{${members.join(',')}}`
  }

  #leaf(template: string, line: number, path: string): string | null {
    if (!template.includes('{{')) return goJson(template)
    const rewritten = rewriteTemplate(template, this.#cluster)
    if (rewritten.kind === 'refused') {
      this.#report({ line, where: `layout: ${path}`, what: rewritten.why, leftOut: true })
      return null
    }
    const source = `layout_${this.stages.length + 1}`
    this.stages.push({ template: { source, template: rewritten.text } })
    this.names.push(...rewritten.names)
    return `{{ toJson (default "" .${source}) }}`
  }
}

/** `layout` of a receiver: a tree whose leaves are templates, printed as JSON with sorted keys. */
export const layoutStages = (layout: Value, cluster: string, report: Report): Layout => {
  if (layout.keys.size === 0) return { stages: [], names: [] }
  const writer = new LayoutWriter(cluster, report)
  const template = writer.map(layout, '')
  const line = { template: { source: 'layout', template } }
  return { stages: [...writer.stages, line, { output: { source: 'layout' } }], names: writer.names }
}
