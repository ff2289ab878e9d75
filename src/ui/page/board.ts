import type { PageQuery, PageResult } from '../page-query.ts'
import { askQueries } from './asking.ts'
import { rowsOf, type Dashboard, type Panel, type Row, type Target } from './dashboard.ts'
import type { LinkContext } from './data-link.ts'
import { element, freshId } from './dom.ts'
import { PanelFrame } from './panel-frame.ts'
import { isMetric } from './query-kind.ts'
import type { Answered } from './series.ts'
import type { TimeRange } from './time-range.ts'
import { askedExpr, type Values } from './variables.ts'
import type { Around } from './view.ts'

/** One refresh: of what time, with which values. */
export type Round = {
  readonly values: Values
  readonly range: TimeRange
  readonly nowMs: number
  readonly links: LinkContext
  /** Nothing that the server remembers. */
  readonly fresh: boolean
  readonly stop: AbortSignal
}

type Question = Omit<PageQuery, 'id'>

const kindOf = (panel: Panel, { expr = '', queryType, instant }: Target): PageQuery['kind'] => {
  if (panel.type === 'logs' || !isMetric(expr)) return 'lines'
  return queryType === 'instant' || instant === true ? 'instant' : 'range'
}

const questionOf = (panel: Panel, target: Target, { values, range }: Round): Question => {
  const kind = kindOf(panel, target)
  const expr = askedExpr(target.expr ?? '', values, range, kind === 'instant')
  return { kind, expr, ...range, limit: target.maxLines ?? 100 }
}

const targetsOf = ({ targets = [] }: Panel): readonly Target[] =>
  targets.filter(({ expr = '', hide = false }) => expr !== '' && !hide)

type Asked = { readonly frame: PanelFrame; readonly target: Target; readonly question: Question }

/** A dashboard on the page: its panels in their rows. */
export class Board {
  readonly root: HTMLElement
  readonly #frames: PanelFrame[] = []
  /** Panels of rows that are closed are not asked for. */
  readonly #closed = new Set<PanelFrame>()
  readonly #opened: () => void

  /** @param opened a row was opened: its panels want to be drawn */
  constructor(dashboard: Dashboard, around: Around, opened: () => void) {
    this.#opened = opened
    this.root = element('div', { class: 'board' }, ...rowsOf(dashboard).map((row) => this.#row(row, around)))
  }

  /** Asks for everything that is open, and draws each panel as soon as all of its answers are there. */
  async refresh(round: Round): Promise<void> {
    const frames = this.#frames.filter((frame) => !this.#closed.has(frame))
    const asked = frames.flatMap((frame) =>
      targetsOf(frame.panel).map((target): Asked => ({
        frame,
        target,
        question: questionOf(frame.panel, target, round),
      })),
    )
    const answers = new Map<Asked, PageResult>()
    const draw = (frame: PanelFrame): void => {
      const own = asked.filter((one) => one.frame === frame)
      const answered = own.flatMap((one): Answered[] => {
        const result = answers.get(one)
        return result === undefined ? [] : [{ target: one.target, expr: one.question.expr, result }]
      })
      const { range, nowMs, links } = round
      if (answered.length === own.length) frame.draw({ answers: answered, range, nowMs, links })
    }
    for (const frame of frames) if (targetsOf(frame.panel).length === 0) draw(frame)
    const take = (at: number, result: PageResult): void => {
      const one = asked[at]
      if (one === undefined || round.stop.aborted) return
      answers.set(one, result)
      draw(one.frame)
    }
    await askQueries(
      asked.map(({ question }) => question),
      take,
      round,
    )
  }

  refit(): void {
    for (const frame of this.#frames) frame.refit()
  }

  /** It is taken off the page. */
  end(): void {
    for (const frame of this.#frames) frame.end()
  }

  #row({ title, isCollapsed, panels }: Row, around: Around): HTMLElement {
    const frames = panels.map((panel) => new PanelFrame(panel, around))
    this.#frames.push(...frames)
    // Rows of the grid count from the top of their section.
    const top = Math.min(...panels.map(({ gridPos }) => gridPos.y))
    for (const { root, panel } of frames) root.style.setProperty('--y', String(panel.gridPos.y - top + 1))
    const grid = element('div', { class: 'grid' }, ...frames.map(({ root }) => root))
    if (title === '') return element('section', { 'aria-label': 'Panels' }, grid)
    const id = freshId('row')
    const heading = element('summary', {}, element('h2', { id }, title))
    const details = element('details', { class: 'row', open: !isCollapsed }, heading, grid)
    const note = (): void => {
      for (const frame of frames) {
        if (details.open) this.#closed.delete(frame)
        else this.#closed.add(frame)
      }
    }
    note()
    details.addEventListener('toggle', () => {
      const wasClosed = frames.some((frame) => this.#closed.has(frame))
      note()
      if (details.open && wasClosed) this.#opened()
    })
    return element('section', { 'aria-labelledby': id }, details)
  }
}
