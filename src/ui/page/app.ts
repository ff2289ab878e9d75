import { systemClock } from '../../clock.ts'
import { readAddress, writeAddress, type Address } from './address.ts'
import { askJson } from './asking.ts'
import { Board, type Round } from './board.ts'
import type { Dashboard, Variable } from './dashboard.ts'
import { element, say } from './dom.ts'
import { empty } from './empty.ts'
import { Explore } from './explore.ts'
import { head } from './head.ts'
import { parseDuration, timeRange } from './time-range.ts'
import { toolbar, type Toolbar } from './toolbar.ts'
import { optionsOf, valuesOf } from './variables.ts'

/** A dashboard that the server has. */
export type Listed = { readonly uid: string; readonly title: string }

export type Status = {
  readonly loki: string
  readonly version: string
  readonly from: string
  readonly refresh: string
}

type Scene = Pick<Board, 'root' | 'refresh' | 'refit' | 'end'>

const WAITS_MS = 1000

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The page: one dashboard or the box for queries, what is chosen, and the loop that refreshes it. */
export class App {
  readonly #status: Status
  readonly #listed: readonly Listed[]
  readonly #main: HTMLElement
  #address: Address
  #dashboard: Dashboard | null = null
  #toolbar: Toolbar | null = null
  #scene: Scene | null = null
  #options = new Map<string, readonly string[]>()
  /** Ends the round that is on its way. */
  #round = new AbortController()
  /** Ends the wait for the next one. */
  #wait = new AbortController()
  #rounds = 0

  constructor(main: HTMLElement, status: Status, listed: readonly Listed[]) {
    this.#main = main
    this.#status = status
    this.#listed = listed
    this.#address = readAddress(location.search)
    addEventListener('popstate', () => {
      this.#address = readAddress(location.search)
      void this.show()
    })
    document.addEventListener('click', (event) => {
      this.#follow(event)
    })
    new ResizeObserver(() => this.#scene?.refit()).observe(main)
  }

  /** Builds what the address asks for, and draws it. */
  async show(): Promise<void> {
    this.#round.abort()
    this.#scene?.end()
    this.#scene = null
    const { expr } = this.#address
    const [first] = this.#listed
    const uid = this.#address.dashboard === '' ? (first?.uid ?? '') : this.#address.dashboard
    try {
      this.#dashboard = await askJson<Dashboard>(`/api/dashboards/${encodeURIComponent(uid)}`)
    } catch (error) {
      this.#main.replaceChildren(empty(`There is no such dashboard: ${textOf(error)}`))
      return
    }
    const dashboard = this.#dashboard
    const around = {
      zoom: (startMs: number, endMs: number): void => {
        this.#go({ from: String(Math.floor(startMs)), to: String(Math.ceil(endMs)) })
      },
    }
    const again = (): void => void this.refresh()
    const scene: Scene =
      expr === null
        ? new Board(dashboard, around, again)
        : new Explore(expr, around, (asked) => {
            this.#change({ expr: asked })
            again()
          })
    this.#scene = scene
    const title = expr === null ? dashboard.title : 'LogQL'
    document.title = `${title} - Eventail`
    this.#build(title, scene, expr === null ? dashboard.templating.list : [])
    await this.refresh()
  }

  /** Draws everything anew; `fresh`: without what the server remembers. */
  async refresh(fresh = false): Promise<void> {
    this.#round.abort()
    this.#wait.abort()
    const own = new AbortController()
    this.#round = own
    const { from, to } = this.#times()
    const nowMs = systemClock.now()
    const range = timeRange(from, to, nowMs)
    const variables = this.#dashboard?.templating.list ?? []
    const values = valuesOf(variables, this.#address.chosen, this.#options)
    const links = { values, from, to, dashboards: this.#listed.map(({ uid }) => uid) }
    const round: Round = { values, range, nowMs, links, fresh, stop: own.signal }
    this.#main.setAttribute('aria-busy', 'true')
    await Promise.all([this.#scene?.refresh(round), this.#offer(variables, round)])
    if (own.signal.aborted) return
    this.#rounds += 1
    this.#main.setAttribute('aria-busy', 'false')
    this.#main.dataset['rounds'] = String(this.#rounds)
    void this.#again()
  }

  refit(): void {
    this.#scene?.refit()
  }

  #times(): { readonly from: string; readonly to: string } {
    const { from, to } = this.#address
    const { time } = this.#dashboard ?? {}
    if (from !== '') return { from, to: to || 'now' }
    return this.#status.from === '' ? (time ?? { from: 'now-1h', to: 'now' }) : { from: this.#status.from, to: 'now' }
  }

  #every(): string {
    const { refresh } = this.#address
    if (refresh !== '') return refresh === 'off' ? '' : refresh
    const own = this.#dashboard?.refresh
    return this.#status.refresh === '' && typeof own === 'string' ? own : this.#status.refresh
  }

  async #again(): Promise<void> {
    const everyMs = parseDuration(this.#every())
    if (everyMs === null) return
    const own = new AbortController()
    this.#wait = own
    await systemClock.sleep(everyMs, own.signal)
    // Nobody looks.
    while (document.hidden && !own.signal.aborted) await systemClock.sleep(WAITS_MS, own.signal)
    if (!own.signal.aborted) await this.refresh()
  }

  /** Fills the pickers, one after the other where one depends on another by its values. */
  async #offer(variables: readonly Variable[], { values, range, stop }: Round): Promise<void> {
    const found = variables.map(async (variable) => {
      const picker = this.#toolbar?.pickers.get(variable.name)
      if (picker === undefined) return
      try {
        const options = await optionsOf(variable, values, range)
        if (stop.aborted) return
        this.#options.set(variable.name, options)
        picker.offer(options)
      } catch (error) {
        if (!stop.aborted) picker.offer([], textOf(error))
      }
    })
    await Promise.all(found)
  }

  #build(title: string, scene: Scene, variables: readonly Variable[]): void {
    const { from, to } = this.#times()
    const state = { from, to, refresh: this.#every() || 'off', chosen: this.#address.chosen }
    const bar = toolbar(variables, state, {
      ranged: (range) => {
        this.#go({ from: range, to: 'now' })
      },
      everied: (refresh) => {
        this.#change({ refresh })
        void this.refresh()
      },
      refreshed: () => {
        void this.refresh(true)
        say('Refreshed.')
      },
      chose: (name, values) => {
        this.#change({
          chosen: new Map<string, readonly string[]>([...this.#address.chosen, [name, values]]),
        })
        void this.refresh()
      },
    })
    this.#toolbar = bar
    this.#main.replaceChildren(element('h1', { class: 'unseen' }, title), bar.root, scene.root)
    head({
      status: this.#status,
      listed: this.#listed,
      address: { ...this.#address, dashboard: this.#dashboard?.uid ?? '' },
      repainted: () => {
        this.refit()
      },
    })
  }

  /** Another address that shows the same place. */
  #change(change: Partial<Address>): void {
    this.#address = { ...this.#address, ...change }
    history.replaceState(null, '', writeAddress(this.#address))
  }

  /** Another place. */
  #go(change: Partial<Address>): void {
    this.#address = { ...this.#address, ...change }
    history.pushState(null, '', writeAddress(this.#address))
    void this.show()
  }

  /** Links between dashboards stay within the page. */
  #follow(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (
      link === null ||
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey
    )
      return
    const url = new URL(link.href)
    if (url.origin !== location.origin || url.pathname !== '/' || url.hash !== '') return
    event.preventDefault()
    history.pushState(null, '', url)
    this.#address = readAddress(url.search)
    void this.show().then(() => {
      this.#main.focus({ preventScroll: true })
      scrollTo(0, 0)
    })
  }
}
