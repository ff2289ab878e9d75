import type { Panel } from './dashboard.ts'
import { button, element, freshId, icon, say, unseen } from './dom.ts'
import { errorIn } from './query-error.ts'
import { startTail } from './tail.ts'
import type { Around, PanelContent, TextTable } from './view.ts'
import { viewOf } from './views.ts'
import { visibleText } from './visible-text.ts'

const wordTable = ({ head, rows }: TextTable): HTMLElement => {
  const cells = (texts: readonly string[], tag: 'th' | 'td'): readonly HTMLElement[] =>
    texts.map((text) => element(tag, tag === 'th' ? { scope: 'col' } : {}, visibleText(text)))
  return element(
    'div',
    { class: 'scroll words', tabindex: 0, role: 'group', 'aria-label': 'The same as a table' },
    element(
      'table',
      { class: 'grid-table' },
      element('thead', {}, element('tr', {}, ...cells(head, 'th'))),
      element('tbody', {}, ...rows.slice(0, 1000).map((row) => element('tr', {}, ...cells(row, 'td')))),
    ),
  )
}

/** A panel with its head: title, description, and what else can be done with it. */
export class PanelFrame {
  readonly panel: Panel
  readonly root: HTMLElement
  readonly #view
  readonly #body: HTMLElement
  #content: PanelContent | null = null
  #words: HTMLElement | null = null
  #endTail: (() => void) | null = null

  constructor(panel: Panel, around: Around) {
    this.panel = panel
    this.#view = viewOf(panel, around)
    const titleId = freshId('title')
    const title = element('h3', { id: titleId, title: panel.title }, panel.title)
    this.#body = element('div', { class: 'panel-body' }, this.#view.root)
    const head = element('div', { class: 'panel-head' }, title, ...this.#tools())
    this.root = element('article', { class: `panel ${panel.type}`, 'aria-labelledby': titleId }, head, this.#body)
    const { x, w, h } = panel.gridPos
    this.root.style.setProperty('--x', String(x + 1))
    this.root.style.setProperty('--w', String(w))
    this.root.style.setProperty('--h', String(h))
  }

  draw(content: PanelContent): void {
    this.#content = content
    const failed = content.answers.find(({ result }) => result.kind === 'error')
    this.root.classList.toggle('failed', failed !== undefined)
    if (failed?.result.kind === 'error') {
      this.#body.replaceChildren(errorIn(failed.expr, failed.result))
      return
    }
    // While it tails, what came since is not taken away by a refresh that knows less.
    if (this.#endTail !== null) return
    if (this.#words === null) this.#show(this.#view.root)
    this.#view.draw(content)
    if (this.#words !== null) this.#showWords()
  }

  refit(): void {
    this.#view.refit?.()
  }

  /** It is taken off the page. */
  end(): void {
    this.#endTail?.()
  }

  #show(inside: HTMLElement): void {
    if (this.#body.firstElementChild !== inside) this.#body.replaceChildren(inside)
  }

  #showWords(): void {
    if (this.#view.table === null) return
    this.#words = wordTable(this.#view.table())
    this.#show(this.#words)
  }

  #tools(): readonly HTMLElement[] {
    const tools = []
    const { description = '', title } = this.panel
    if (description !== '') tools.push(...this.#described(description))
    if (this.#view.table !== null) tools.push(this.#tableTool())
    if (this.#view.prepend !== undefined) tools.push(this.#tailTool(title))
    return tools
  }

  #described(description: string): readonly HTMLElement[] {
    const id = freshId('about')
    const text = element('p', { id, class: 'about', hidden: true }, description)
    const open = button(
      { class: 'tool', 'aria-expanded': 'false', 'aria-controls': id, title: description },
      () => {
        text.hidden = !text.hidden
        open.setAttribute('aria-expanded', String(!text.hidden))
      },
      icon('info'),
      unseen(`What ${this.panel.title} counts`),
    )
    open.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && !text.hidden) open.click()
    })
    return [open, text]
  }

  #tableTool(): HTMLElement {
    const tool = button(
      { class: 'tool', 'aria-pressed': 'false', title: 'Show as a table' },
      () => {
        const isWords = this.#words === null
        tool.setAttribute('aria-pressed', String(isWords))
        if (isWords) this.#showWords()
        else {
          this.#words = null
          this.#show(this.#view.root)
          if (this.#content !== null) this.#view.draw(this.#content)
        }
      },
      icon('table'),
      unseen(`${this.panel.title} as a table`),
    )
    return tool
  }

  #tailTool(title: string): HTMLElement {
    const label = element('span', {}, 'Live')
    const tool = button(
      { class: 'tool live', 'aria-pressed': 'false', title: 'Follow what comes in' },
      () => {
        if (this.#endTail !== null) this.#endTail()
        else this.#tail(tool)
      },
      icon('live'),
      label,
      unseen(` tail of ${title}`),
    )
    return tool
  }

  #tail(tool: HTMLElement): void {
    const expr = this.#content?.answers[0]?.expr
    if (expr === undefined) return
    tool.setAttribute('aria-pressed', 'true')
    say('Live tail on.')
    const stop = startTail(expr, {
      lines: (lines) => {
        this.#view.prepend?.(lines)
      },
      ended: (why) => {
        this.#endTail = null
        tool.setAttribute('aria-pressed', 'false')
        tool.title = why === '' ? 'Follow what comes in' : why
        say(why === '' ? 'Live tail off.' : why)
      },
    })
    this.#endTail = stop
  }
}
