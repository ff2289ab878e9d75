import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { systemClock } from '../../src/clock.ts'
import { startLokiServer } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import type { Entry } from '../../src/entry/entry.ts'
import { startUiServer } from '../../src/ui/ui-server.ts'
import { demoEntries } from '../fixtures/demo-entries.ts'

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

export type PageMeasurement = {
  readonly entries: number
  readonly panels: number
  /** From the navigation until every panel is drawn, by a server that was just started. */
  readonly firstPaintMs: number
  /** From an automatic refresh until every panel is drawn again, median. */
  readonly refreshMs: number
  readonly mostRefreshMs: number
  /** What this process, Loki and the server of the page in one, worked for the first paint. */
  readonly firstPaintCpuMs: number
  /** The same for one refresh, on average. */
  readonly refreshCpuMs: number
}

const RANGE_MS = 6 * 3_600_000
const PUSH = 1000

/** The demo's entries again and again, evenly over the range, the newest one now. */
const fill = (store: LokiStore, shipped: readonly Entry[], entries: number, nowMs: number): void => {
  const spaceNs = (BigInt(RANGE_MS) * 1_000_000n) / BigInt(entries)
  const startNs = BigInt(nowMs - RANGE_MS) * 1_000_000n
  for (let from = 0; from < entries; from += PUSH) {
    const streams = new Map<string, { labels: string; entries: Omit<Entry, 'labels'>[] }>()
    for (let nth = from; nth < Math.min(entries, from + PUSH); nth += 1) {
      const entry = shipped[nth % shipped.length]
      if (entry === undefined) throw new Error('the demo ships nothing')
      const pairs = Object.entries({ ...entry.labels, cluster: 'bench' })
      const labels = `{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
      const stream = streams.get(labels) ?? { labels, entries: [] }
      streams.set(labels, stream)
      stream.entries.push({ ...entry, timestampNs: startNs + spaceNs * BigInt(nth + 1) })
    }
    const answer = store.push('fake', [...streams.values()])
    if (answer.status !== 204) throw new Error(answer.text)
  }
}

/** Notes when the page is busy and when no more; times since the navigation. */
const WATCH = `addEventListener('DOMContentLoaded', () => {
  window.rounds = []
  const main = document.querySelector('main')
  new MutationObserver(() => {
    const isBusy = main.getAttribute('aria-busy') === 'true'
    if (isBusy) window.began = performance.now()
    else window.rounds.push({ beganMs: window.began, endedMs: performance.now() })
  }).observe(main, { attributeFilter: ['aria-busy'] })
})`

type Round = { readonly beganMs: number; readonly endedMs: number }

const cpuMs = ({ user, system }: NodeJS.CpuUsage): number => Math.round((user + system) / 1000)

const median = (figures: readonly number[]): number => [...figures].sort((a, b) => a - b)[figures.length >> 1] ?? NaN

const measured = async (page: Page, url: string, refreshes: number): Promise<Omit<PageMeasurement, 'entries'>> => {
  await page.addInitScript(WATCH)
  // The browser is warm, the server is not.
  await page.goto(`${url}/icon.svg`)
  const before = process.cpuUsage()
  await page.goto(`${url}/?from=now-6h&refresh=5s`)
  await page.waitForFunction('window.rounds.length > 0', null, { timeout: 300_000 })
  const painted = process.cpuUsage(before)
  await page.waitForFunction(`window.rounds.length > ${refreshes}`, null, { timeout: 300_000 })
  const all = process.cpuUsage(before)
  const [first, ...more] = await page.evaluate<readonly Round[]>('window.rounds')
  const times = more.map(({ beganMs, endedMs }) => Math.round(endedMs - beganMs))
  return {
    panels: await page.locator('article').count(),
    firstPaintMs: Math.round(first?.endedMs ?? NaN),
    refreshMs: median(times),
    mostRefreshMs: Math.max(...times),
    firstPaintCpuMs: cpuMs(painted),
    refreshCpuMs: Math.round((cpuMs(all) - cpuMs(painted)) / times.length),
  }
}

/** Overview over so many entries of six hours in the embedded Loki, in a real browser; null: there is no Chromium. */
export const measurePage = async (entries: number, refreshes: number): Promise<PageMeasurement | null> => {
  if (!existsSync(CHROMIUM)) return null
  const folder = mkdtempSync(join(tmpdir(), 'eventail-page-'))
  const store = new LokiStore({ maxBytes: 2 ** 30 })
  fill(store, (await demoEntries(14)).entries, entries, Math.floor(systemClock.now()))
  const loki = await startLokiServer({ store })
  const access = { url: new URL(loki.url), tenant: '', authorization: '', secrets: [], userAgent: 'bench' }
  const place = { address: '127.0.0.1', port: 0, allowedHosts: [], version: '0', from: '', refresh: '' }
  const server = await startUiServer({ access, clock: systemClock, ...place })
  // What waits for a condition in the page evaluates text, which the page's policy forbids.
  const browser = { executablePath: CHROMIUM, headless: true, args: FLAGS, bypassCSP: true }
  const options = { ...browser, viewport: { width: 1440, height: 900 } }
  const context = await chromium.launchPersistentContext(folder, options)
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    return { entries, ...(await measured(page, `http://127.0.0.1:${server.port}`, refreshes)) }
  } finally {
    await context.close()
    await server.close()
    await loki.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
