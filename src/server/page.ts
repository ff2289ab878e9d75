/** What a page answers, before method, prefix and connection are looked at. */
export type Page = {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for HTML content and quoted attributes. */
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '')

export const textPage = (status: number, body: string): Page => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
})

export const jsonPage = (value: unknown): Page => ({
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value, null, 2)}\n`,
})

const STYLE = `
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1b1f24; background: #fff }
nav a { margin-right: 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #d0d7de; vertical-align: top }
pre { background: #f6f8fa; padding: 1rem; overflow: auto }
.bad { color: #a40e26 }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117 }
  a { color: #6cb6ff } th, td { border-color: #30363d } pre { background: #161b22 } .bad { color: #ff7b72 }
}`

/** The addresses in the head of every HTML page, below the path prefix. */
const NAVIGATION = ['targets', 'service-discovery', 'config', 'metrics', 'ready']

/** A whole page; `content` is HTML. */
export const htmlPage = (title: string, prefix: string, content: string): Page => ({
  status: 200,
  contentType: 'text/html; charset=utf-8',
  body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)} - Eventail</title><style>${STYLE}</style></head>
<body>
<nav>${NAVIGATION.map((name) => `<a href="${escapeHtml(prefix)}/${name}">${name}</a>`).join('')}</nav>
<h1>${escapeHtml(title)}</h1>
${content}
</body>
</html>
`,
})

/** A table whose cells are text. */
export const htmlTable = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const row = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const body = rows.map((cells) => row(cells, 'td')).join('\n')
  return `<table>\n<thead>${row(head, 'th')}</thead>\n<tbody>\n${body}\n</tbody>\n</table>`
}
