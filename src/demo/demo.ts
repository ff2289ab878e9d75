import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { HEARTBEAT_JOB } from '../entry/names.ts'
import { startApiServer, type ApiServer } from './api-server.ts'
import { alertLine, DemoScreen, introduction, type DemoOutput, type Progress } from './demo-screen.ts'
import { accountingLine, complaints, type DemoAccounting, type DemoTruth } from './demo-verdict.ts'
import { EventStore } from './event-store.ts'
import { keepHouse } from './housekeeping.ts'
import { playIncidents } from './incidents.ts'
import { DEFAULT_TENANT, startLokiServer, type LokiServer, type LokiServerOptions } from './loki-server.ts'
import { LokiStore } from './loki-store.ts'
import { loadRecording, type Recording } from './recording.ts'
import { startReplay } from './replay.ts'
import { Ruler, type RulerOptions } from './ruler.ts'
import { shippedRules } from './shipped-rules.ts'

/** The agent, started against the two servers. */
export type DemoAgent = {
  /** Drains and ends it. */
  stop(): Promise<void>
  /** Still answers after `stop`. */
  accounting(): DemoAccounting
}

/** The page with the dashboards. */
export type DemoPage = { readonly url: string; close(): Promise<void> }

export type DemoOptions = {
  /** Null: until the signal aborts. */
  readonly durationMs: number | null
  /** 1 is the recorded pace. */
  readonly speed: number
  readonly clock: Clock
  /** Ctrl-C: ends the demo as its duration does. */
  readonly signal: AbortSignal
  readonly out: DemoOutput
  /** `lokiUrl` is the base, without `/loki/api/v1/push`. Rejects with a message for the user. */
  readonly startAgent: (places: {
    readonly apiServerUrl: string
    readonly token: string
    readonly lokiUrl: string
  }) => Promise<DemoAgent>
  /** Null: 3100 when it is free, else any. */
  readonly lokiPort: number | null
  /** Shows what is in the Loki of this address. Rejects with a message for the user. */
  readonly startPage: (lokiUrl: string) => Promise<DemoPage>
  /** Where the recording lies (`loadRecording`). */
  readonly recordingDirectory?: URL
}

const LOKI_PORT = 3100
/** Where descriptions of alerts lead. */
const GRAFANA_URL = 'http://localhost:3000'
/** How long the end waits until what the API server handed out has arrived. */
const SETTLE_MS = 10_000
const LOOK_EVERY_MS = 50

type Stage = {
  readonly recording: Recording
  readonly events: EventStore
  readonly entries: LokiStore
  readonly apiServer: ApiServer
  readonly ruler: Ruler
  readonly loki: LokiServer
  readonly page: DemoPage
  readonly token: string
}

const startLoki = async (options: LokiServerOptions, port: number | null): Promise<LokiServer> => {
  if (port !== null) return startLokiServer({ ...options, port })
  try {
    return await startLokiServer({ ...options, port: LOKI_PORT })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return startLokiServer(options)
  }
}

const setStage = async (options: DemoOptions, changed: RulerOptions['changed']): Promise<Stage> => {
  const { clock, lokiPort, recordingDirectory } = options
  const recording = await loadRecording(recordingDirectory)
  const events = new EventStore({ clock })
  // Heartbeats are entries of no event, so they have no place in the verdict.
  const entries = new LokiStore({
    clock,
    apart: (labels) => labels.some(([name, value]) => name === 'job' && value === HEARTBEAT_JOB),
  })
  const token = randomBytes(16).toString('hex')
  const ruler = new Ruler({
    sources: shippedRules(),
    tenant: DEFAULT_TENANT,
    entries: entries.source(DEFAULT_TENANT),
    clock,
    facts: { externalLabels: {}, externalUrl: GRAFANA_URL },
    ...(changed !== undefined && { changed }),
  })
  const loki = await startLoki({ store: entries, clock, ruler }, lokiPort)
  const page = await options.startPage(loki.url).catch(async (error: unknown) => {
    await loki.close()
    throw error
  })
  const apiServer = await startApiServer({ store: events, clock, token: () => token })
  return { recording, events, entries, ruler, apiServer, loki, page, token }
}

const truthOf = ({ events, entries }: Stage): DemoTruth => ({
  handedOut: events.read,
  unread: events.unread,
  inLoki: entries.counts.stored,
})

const progressOf = (stage: Stage, agent: DemoAgent, elapsedMs: number): Progress => {
  const { received, queued } = agent.accounting()
  return { elapsedMs, seen: received, inLoki: stage.entries.counts.stored, queued, latest: stage.events.latest }
}

/** Shows progress until the time is over or the signal aborts. */
const play = async (show: () => void, everyMs: number, { clock, durationMs, signal }: DemoOptions): Promise<void> => {
  const endMs = durationMs === null ? Infinity : clock.monotonicMs() + durationMs
  const ended = (): boolean => signal.aborted || clock.monotonicMs() >= endMs
  while (!ended()) {
    await clock.sleep(Math.min(everyMs, endMs - clock.monotonicMs()), signal)
    if (!ended()) show()
  }
}

/** Waits until nothing is on its way any more. */
const settle = async (stage: Stage, agent: DemoAgent, clock: Clock): Promise<void> => {
  const untilMs = clock.monotonicMs() + SETTLE_MS
  const settled = (): boolean => {
    const { received, queued } = agent.accounting()
    return queued === 0 && stage.events.unread === 0 && received >= stage.events.read
  }
  while (!settled() && clock.monotonicMs() < untilMs) await clock.sleep(LOOK_EVERY_MS)
}

const perform = async (stage: Stage, screen: DemoScreen, options: DemoOptions): Promise<0 | 1> => {
  const { clock, speed, durationMs } = options
  const { events: store, recording, apiServer, loki, page, token } = stage
  const curtain = new AbortController()
  const { signal } = curtain
  const replay = startReplay({ store, recording, clock, speed, signal })
  screen.say(
    introduction({
      pageUrl: page.url,
      apiServerUrl: apiServer.url,
      lokiUrl: loki.url,
      storedEvents: store.size,
      recordingMs: recording.durationMs / speed,
      speed,
      durationMs,
    }),
  )
  const scene = { store, clock, speed, signal }
  const cast = [replay, playIncidents(scene), keepHouse(scene), stage.ruler.run(signal)]
  try {
    const agent = await options.startAgent({ apiServerUrl: apiServer.url, token, lokiUrl: loki.url })
    const startedMs = clock.monotonicMs()
    const show = (): void => {
      screen.progress(progressOf(stage, agent, clock.monotonicMs() - startedMs))
    }
    await play(show, screen.everyMs, options)
    curtain.abort()
    await Promise.all(cast)
    await settle(stage, agent, clock)
    show()
    await agent.stop()
    const wrong = complaints(agent.accounting(), truthOf(stage))
    screen.say(wrong.map((text) => `demo: ${text}\n`).join(''))
    screen.say(`${accountingLine(agent.accounting())}\n`)
    return wrong.length === 0 ? 0 : 1
  } finally {
    curtain.abort()
    await Promise.all(cast)
  }
}

/**
 * Runs the agent between an embedded API server, which plays a recording with incidents woven in, and an embedded Loki.
 * Prints where to look, progress, and at the end one line that tells where every event went.
 *
 * @returns 0 only if the accounts of agent, API server and Loki agree and nothing was lost.
 */
export const runDemo = async (options: DemoOptions): Promise<0 | 1> => {
  const screen = new DemoScreen(options.out)
  let stage: Stage
  try {
    stage = await setStage(options, (alert, change) => {
      screen.say(alertLine(alert, change))
    })
  } catch (error) {
    screen.say(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
  try {
    return await perform(stage, screen, options)
  } catch (error) {
    screen.say(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    await stage.page.close()
    await stage.apiServer.close()
    await stage.loki.close()
  }
}
