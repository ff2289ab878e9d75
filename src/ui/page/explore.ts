import type { PageResult } from '../page-query.ts'
import { askQueries } from './asking.ts'
import type { Round } from './board.ts'
import type { Panel } from './dashboard.ts'
import { button, element, freshId } from './dom.ts'
import { empty } from './empty.ts'
import { PanelFrame } from './panel-frame.ts'
import { isMetric } from './query-kind.ts'
import { askedExpr } from './variables.ts'
import type { Around } from './view.ts'

const EXAMPLE = '{job="kubernetes-events", type="Warning"} |= "Back-off"'

const EXAMPLES: readonly string[] = [
  EXAMPLE,
  'sum by (namespace, reason) (count_over_time({job="kubernetes-events", type="Warning"} | reason != "" [$__interval]))',
  '{job="kubernetes-events", kind="Node"} | reason =~ "^(NodeNotReady|Rebooted)$"',
]

const panelOf = (expr: string): Panel => ({
  id: 1,
  type: isMetric(expr) ? 'timeseries' : 'logs',
  title: 'Result',
  gridPos: { x: 0, y: 0, w: 24, h: 18 },
  targets: [{ refId: 'A', expr, maxLines: 500 }],
  fieldConfig: { defaults: { unit: 'short' } },
})

/** A box for a query of one's own, and what comes of it. */
export class Explore {
  readonly root: HTMLElement
  readonly #box: HTMLTextAreaElement
  readonly #result = element('div', { class: 'grid' }, empty('Run a query, or choose one of the examples.'))
  readonly #around: Around
  #frame: PanelFrame | null = null
  #expr: string

  /** @param run asked when the query has changed */
  constructor(expr: string, around: Around, run: (expr: string) => void) {
    this.#expr = expr
    this.#around = around
    const id = freshId('query')
    this.#box = element('textarea', { id, rows: 3, spellcheck: 'false', autocomplete: 'off', placeholder: EXAMPLE })
    this.#box.value = expr
    const start = (): void => {
      this.#expr = this.#box.value.trim()
      run(this.#expr)
    }
    this.#box.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      start()
    })
    const examples = EXAMPLES.map((text) =>
      button(
        { class: 'example' },
        () => {
          this.#box.value = text
          start()
        },
        text,
      ),
    )
    this.root = element(
      'section',
      { class: 'explore', 'aria-label': 'LogQL' },
      element('label', { for: id }, 'LogQL'),
      this.#box,
      element(
        'div',
        { class: 'explore-tools' },
        button({ class: 'control primary' }, start, 'Run'),
        element('span', {}, 'Ctrl+Enter runs it.'),
      ),
      element('details', { class: 'examples' }, element('summary', {}, 'Examples'), ...examples),
      this.#result,
    )
  }

  async refresh(round: Round): Promise<void> {
    if (this.#expr === '') return
    const { values, range, nowMs, links } = round
    const panel = panelOf(this.#expr)
    const expr = askedExpr(this.#expr, values, range, false)
    const kind = panel.type === 'logs' ? 'lines' : 'range'
    const draw = (result: PageResult): void => {
      const [target] = panel.targets ?? []
      if (target === undefined || round.stop.aborted) return
      const frame = this.#frameFor(panel)
      frame.draw({ answers: [{ target, expr, result }], range, nowMs, links })
      this.#mark(result, expr)
    }
    await askQueries(
      [{ kind, expr, ...range, limit: 500 }],
      (_, result) => {
        draw(result)
      },
      round,
    )
  }

  refit(): void {
    this.#frame?.refit()
  }

  end(): void {
    this.#frame?.end()
  }

  #frameFor(panel: Panel): PanelFrame {
    const known = this.#frame
    if (known?.panel.type === panel.type && known.panel.targets?.[0]?.expr === this.#expr) return known
    known?.end()
    this.#frame = new PanelFrame(panel, this.#around)
    this.#frame.root.style.setProperty('--y', '1')
    this.#result.replaceChildren(this.#frame.root)
    return this.#frame
  }

  /** The cursor goes to the place of an error, if the query is the one that was asked to the letter. */
  #mark(result: PageResult, expr: string): void {
    const isBad = result.kind === 'error'
    this.#box.setAttribute('aria-invalid', String(isBad))
    if (!isBad || result.span === null || expr !== this.#box.value.trim()) return
    const offset = this.#box.value.indexOf(expr)
    this.#box.setSelectionRange(offset + result.span.from, offset + result.span.to)
  }
}
