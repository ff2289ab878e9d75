import { join } from 'node:path'
import type { ApiServer } from '../../src/demo/api-server.ts'
import type { AgentProcess } from '../fixtures/agent-process.ts'
import { AgentHome, type Setup, mayEnrichAnew } from './agent.ts'
import { startChaosApi } from './api.ts'
import { Churn } from './churn.ts'
import { Dice } from './dice.ts'
import { createLease, cursorInFile, cursorInLease, positionOf, spooledIn } from './durable.ts'
import { type Fate, type LifePlan, planLife } from './fate.ts'
import { History } from './history.ts'
import { Life } from './lives.ts'
import { type ChaosLoki, startChaosLoki } from './loki.ts'
import { Stage } from './stage.ts'
import { judge, type Verdict } from './verdict.ts'
import { WalFate } from './wal-fate.ts'

export type WorldOptions = {
  readonly setup: Setup
  readonly seed: number
  /** Changes of events in a second. */
  readonly rate: number
  /** Events that are there before the first start. */
  readonly stored: number
  /** For the agent; made if need be. */
  readonly folder: string
  /** At the end, where something is missing: so long nothing is asked or sent before it is given up. */
  readonly patienceMs: number
}

type Parts = {
  readonly stage: Stage
  readonly history: History
  readonly churn: Churn
  readonly api: ApiServer
  readonly loki: ChaosLoki
  readonly home: AgentHome
  readonly walFate: WalFate
}

const TTL_CHANGES = 2000
const KEPT_CHANGES = 800
const CHANGE_EVERY_MS = 20
/** Changes of one life at most: on a slow machine a life is long. */
const CHANGES_OF_LIFE = 150
/** Where Loki lacks more, events change more slowly: most must be there to be read, however slow the machine is. */
const MOST_AHEAD = 500
const PAGE_ITEMS = 40
/** A life goes on until so many pushes were answered, if that is within four times its length. */
const FRUITFUL_PUSHES = 12
/** A life without a watch ends after this. */
const LONGEST_START_MS = 10_000
/** At the end: so long nothing is asked or sent, and the agent has nothing more to give. */
const QUIET_MS = 400

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** An agent that is killed again and again, between an API server and a Loki that know what they gave and got. */
export class World {
  readonly #o: WorldOptions
  readonly #parts: Parts
  #changing: NodeJS.Timeout | null = null
  #changesLeft = 0
  /** Agents that ended without being killed, or not as they should. */
  readonly crashes: string[] = []
  /** Lives by the moment they ended at. */
  readonly ends: Record<string, number> = {}

  private constructor(options: WorldOptions, parts: Parts) {
    this.#o = options
    this.#parts = parts
  }

  static async open(options: WorldOptions): Promise<World> {
    const history = new History()
    const stage = new Stage()
    const churn = new Churn({
      dice: new Dice(options.seed, -1),
      history,
      ttlChanges: TTL_CHANGES,
      keptChanges: KEPT_CHANGES,
    })
    for (let i = 0; i < options.stored; i += 1) churn.change()
    const api = await startChaosApi({
      churn,
      pageItems: PAGE_ITEMS,
      life: () => stage.life,
      fault: () => stage.fault(),
      on: (moment) => {
        stage.hear(moment)
      },
    })
    const loki = await startChaosLoki({
      mayEnrichAnew: mayEnrichAnew(options.setup),
      course: () => stage.course(),
      on: (moment) => {
        stage.hear(moment)
      },
    })
    if (options.setup.checkpoint === 'lease') await createLease(api.url)
    const home = new AgentHome(options.folder, options.setup, { apiUrl: api.url, lokiUrl: loki.url })
    const walFate = new WalFate(home.walFolder, join(options.folder, 'copies'), options.seed)
    return new World(options, { stage, history, churn, api, loki, home, walFate })
  }

  /** What the API server did, and Loki answered. */
  get figures(): {
    readonly gaps: number
    readonly pages: number
    readonly answers: Readonly<Record<string, number>>
    readonly deeds: Readonly<Record<string, number>>
  } {
    const { lives } = this.#parts.stage
    const sum = (count: (life: Life) => number): number => lives.reduce((total, life) => total + count(life), 0)
    return {
      gaps: sum(({ gaps }) => gaps.length),
      pages: sum(({ pages }) => pages.length),
      answers: this.#parts.loki.answers,
      deeds: this.#parts.walFate.deeds,
    }
  }

  verdict(): Verdict {
    const { history, loki, stage } = this.#parts
    return judge({ history, deposits: loki.deposits, lives: stage.lives })
  }

  /** One life, planned by the seed and this number, from the agent's absence before it to its SIGKILL. */
  async cycle(n: number): Promise<void> {
    const dice = new Dice(this.#o.seed, n)
    const plan = planLife(dice)
    this.#beAway(plan)
    const { wal, keepsWal } = this.#o.setup
    const lives = this.#parts.stage.lives.length
    if (wal && keepsWal === true) this.#parts.walFate.untouched(lives)
    else if (wal) this.#parts.walFate.befall(n, lives)
    const agent = await this.#start(plan, dice)
    this.#changesLeft = CHANGES_OF_LIFE
    if (this.#changing === null) this.#change(dice)
    const illness = plan.apiIsIll ? this.#makeIll(dice) : null
    const end = await this.#untilEnd(agent, plan.fate)
    clearTimeout(illness ?? undefined)
    this.ends[end] = (this.ends[end] ?? 0) + 1
  }

  /** A last life in which nothing fails, until all has arrived or nothing moves any more; ended by SIGTERM. */
  async settle(): Promise<void> {
    const { stage, loki, walFate } = this.#parts
    this.#stopChanging()
    walFate.untouched(stage.lives.length)
    const agent = await this.#start(null, new Dice(this.#o.seed, -2))
    const seen = { watching: false, over: false, pushes: 0, pages: 0, atMs: performance.now() }
    stage.listen((moment) => {
      seen.watching ||= moment === 'watch'
    })
    void agent.ended.then(() => {
      seen.over = true
    })
    const hasMoved = (): boolean => seen.pushes !== loki.pushes() || seen.pages !== this.figures.pages
    while (!seen.over) {
      await pause(50)
      if (!seen.watching || hasMoved()) {
        Object.assign(seen, { pushes: loki.pushes(), pages: this.figures.pages, atMs: performance.now() })
        continue
      }
      const quietMs = performance.now() - seen.atMs
      if (quietMs > this.#o.patienceMs || (quietMs > QUIET_MS && this.verdict().lost.length === 0)) break
    }
    agent.signal('SIGTERM')
    const code = await agent.ended
    if (code !== 0) this.crashes.push(`SIGTERM ended it with ${String(code)}: ${agent.stderr().slice(-2000)}`)
  }

  async close(): Promise<void> {
    this.#stopChanging()
    await this.#parts.api.close()
    await this.#parts.loki.close()
  }

  #beAway({ absence }: LifePlan): void {
    const { churn } = this.#parts
    for (let i = 0; i < absence.changes; i += 1) churn.change()
    if (absence.expires) churn.expireMany()
    if (absence.compacts) churn.compact()
  }

  async #start(plan: LifePlan | null, dice: Dice): Promise<AgentProcess> {
    const { stage, home, api, walFate } = this.#parts
    const { checkpoint, wal } = this.#o.setup
    const saved = checkpoint === 'file' ? await cursorInFile(home.positionsFile) : await cursorInLease(api.url)
    const position = wal ? await spooledIn(home.walFolder, saved) : null
    const spooled = position === null ? null : { position, after: walFate.after }
    stage.begin(new Life(positionOf(saved), spooled), plan, dice)
    return home.start()
  }

  /** Changes go on, whoever watches. */
  #change(dice: Dice): void {
    const { churn, history, loki } = this.#parts
    const { rate } = this.#o
    let madeMs = performance.now()
    const turn = (): void => {
      const nowMs = performance.now()
      const isFarAhead = history.countAhead((id) => loki.deposits.has(id)) > MOST_AHEAD
      for (; madeMs < nowMs && this.#changesLeft > 0; madeMs += (isFarAhead ? 5000 : 1000) / rate) {
        churn.change()
        this.#changesLeft -= 1
      }
      madeMs = Math.max(madeMs, nowMs)
      if (dice.chance(0.001)) churn.expireMany()
      if (dice.chance(0.001)) churn.compact()
    }
    this.#changing = setInterval(turn, CHANGE_EVERY_MS)
  }

  #stopChanging(): void {
    clearInterval(this.#changing ?? undefined)
    this.#changing = null
  }

  #makeIll(dice: Dice): NodeJS.Timeout {
    const { api } = this.#parts
    const how = dice.chance(0.5) ? api.endWatches : api.resetConnections
    return setTimeout(how, dice.whole(200, 1500))
  }

  /** Kills it when its time has come. @returns the name of that moment. */
  async #untilEnd(agent: AgentProcess, fate: Fate): Promise<string> {
    const { stage, home } = this.#parts
    const timers: NodeJS.Timeout[] = []
    let end = ''
    let seen = 0
    const kill = (why: string): void => {
      if (end !== '') return
      end = why
      agent.signal('SIGKILL')
    }
    const killAfter = (ms: number, why: string): void => {
      if (ms === 0) kill(why)
      else timers.push(setTimeout(kill, ms, why))
    }
    let [answered, spans] = [0, 0]
    const endSpan = (): void => {
      spans += 1
      if (answered >= FRUITFUL_PUSHES || spans === 4) kill('longest')
      else timers.push(setTimeout(endSpan, fate.longestMs))
    }
    stage.listen((moment) => {
      if (moment === 'watch') timers.push(setTimeout(endSpan, fate.longestMs))
      if (moment === 'answered') answered += 1
      if (moment !== fate.at) return
      seen += 1
      if (seen === fate.nth) killAfter(fate.afterMs, fate.at)
    })
    const quiet = home.onSave(() => {
      stage.hear('saved')
    })
    stage.hear('started')
    killAfter(LONGEST_START_MS, 'never watched')
    const code = await agent.ended
    quiet()
    for (const timer of timers) clearTimeout(timer)
    stage.listen(() => undefined)
    // A loaded machine may keep it from renewing its Lease; then it has to end.
    if (end === '' && code === 1 && agent.stderr().includes('leadership lost')) return 'stood down'
    if (end === '') this.crashes.push(`it ended by itself with ${String(code)}: ${agent.stderr().slice(-2000)}`)
    return end === '' ? 'crash' : end
  }
}
