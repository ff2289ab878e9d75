import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { startLokiServer } from '../../src/demo/loki-server.ts'
import { LokiStore } from '../../src/demo/loki-store.ts'
import { Ruler } from '../../src/demo/ruler.ts'
import { shippedRules } from '../../src/demo/shipped-rules.ts'
import type { Entry } from '../../src/entry/entry.ts'
import { startUiServer } from '../../src/ui/ui-server.ts'
import { handClock } from '../fixtures/clock.ts'
import { demoEntries } from '../fixtures/demo-entries.ts'

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const FLAGS = [
  ...[
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
]
const MISSING = `needs Chromium at ${CHROMIUM}: apt-get install -y --no-install-recommends chromium, or set CHROMIUM_PATH`
const isThere = existsSync(CHROMIUM)

/** Where the browser has to be there, its absence is a failure and no reason to skip. */
if (!isThere && process.env['EVENTAIL_NEEDS_BROWSER'] !== undefined) t.fail(MISSING)
const withBrowser = isThere ? {} : { skip: MISSING }

const TENANT = 'fake'
const HOUR_MS = 3_600_000

type World = {
  readonly url: string
  readonly page: Page
  readonly context: BrowserContext
  readonly store: LokiStore
  /** Events in the time range that the address asks for. */
  readonly events: readonly Entry[]
  readonly search: string
  /** What the console said, and where requests went that are not this server's. */
  readonly complaints: string[]
  readonly close: () => Promise<void>
}

const CLUSTER = { cluster: 'demo' }

const pushInto = (store: LokiStore, entries: readonly Entry[]): void => {
  for (const { labels, timestampNs, line, metadata } of entries) {
    const text = Object.entries({ ...labels, ...CLUSTER }).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    const answer = store.push(TENANT, [{ labels: `{${text.join(',')}}`, entries: [{ timestampNs, line, metadata }] }])
    if (answer.status !== 204) throw new Error(answer.text)
  }
}

const open = async (folder: string): Promise<World> => {
  const { entries: shipped, endMs } = await demoEntries(4)
  // What is listed may come as a change too; Loki keeps it once.
  const entries = [...new Map(shipped.map((entry) => [`${entry.timestampNs} ${entry.line}`, entry])).values()]
  const clock = handClock(endMs)
  const store = new LokiStore({ clock, limits: { maxChunkAgeMs: 48 * HOUR_MS } })
  const sorted = entries.toSorted((a, b) => Number(a.timestampNs - b.timestampNs))
  pushInto(store, sorted)
  const ruler = new Ruler({
    sources: shippedRules(),
    tenant: TENANT,
    entries: store.source(TENANT),
    clock,
    facts: { externalLabels: {}, externalUrl: 'http://localhost:3000' },
  })
  const curtain = new AbortController()
  const evaluating = ruler.run(curtain.signal)
  for (let second = 0; second < 30; second += 1) await clock.advance(1000)
  const loki = await startLokiServer({ store, clock, ruler })
  const access = { url: new URL(loki.url), tenant: '', authorization: '', secrets: [], userAgent: 'test' }
  const place = { address: '127.0.0.1', port: 0, allowedHosts: [], version: '0', from: '', refresh: '' }
  const server = await startUiServer({ access, clock: systemClock, ...place })
  const url = `http://127.0.0.1:${server.port}`
  const options = { executablePath: CHROMIUM, headless: true, args: FLAGS, viewport: { width: 1440, height: 900 } }
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), { ...options, colorScheme: 'dark' })
  const complaints: string[] = []
  const page = context.pages()[0] ?? (await context.newPage())
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== url) complaints.push(`asked ${request.url()}`)
  })
  const toMs = Math.ceil(endMs / 60_000) * 60_000
  const fromMs = toMs - 2 * HOUR_MS
  const within = ({ timestampNs, labels }: Entry): boolean =>
    labels['job'] === 'kubernetes-events' &&
    timestampNs > BigInt(fromMs) * 1_000_000n &&
    timestampNs <= BigInt(toMs) * 1_000_000n
  return {
    url,
    page,
    context,
    store,
    events: entries.filter(within),
    search: `from=${fromMs}&to=${toMs}&refresh=off`,
    complaints,
    close: async () => {
      await context.close()
      await server.close()
      curtain.abort()
      await evaluating
      await loki.close()
    },
  }
}

const drawn = (page: Page): Locator => page.locator('main[aria-busy="false"]')

const panelNamed = (page: Page, title: string): Locator =>
  page.locator('article').filter({ has: page.getByRole('heading', { level: 3, name: title, exact: true }) })

const statOf = async (page: Page, title: string): Promise<string> =>
  (await panelNamed(page, title).first().locator('.value').textContent()) ?? ''

const reasonOf = ({ metadata }: Entry): string => metadata.find(([name]) => name === 'reason')?.[1] ?? ''
const nameOf = ({ metadata }: Entry): string => metadata.find(([name]) => name === 'name')?.[1] ?? ''

const counts = (texts: readonly string[]): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  for (const text of texts) found.set(text, (found.get(text) ?? 0) + 1)
  return found
}

/** What the panels must show, counted from the events and not from queries. */
const truth = (events: readonly Entry[]): Readonly<Record<string, number>> => {
  const warnings = events.filter(({ labels }) => labels['type'] === 'Warning')
  const count = (test: (entry: Entry) => boolean): number => events.filter(test).length
  return {
    Events: events.length,
    Warnings: warnings.length,
    'Affected objects': new Set(warnings.map((one) => JSON.stringify([one.labels, nameOf(one)]))).size,
    'Affected namespaces': new Set(warnings.map(({ labels }) => labels['namespace'] ?? '')).size,
    'Crash loops': count((one) => reasonOf(one) === 'BackOff' && one.line.includes('restarting failed container')),
    'Killed by probe': count((one) => reasonOf(one) === 'Killing' && one.line.includes('failed liveness probe')),
    Evicted: count((one) => reasonOf(one) === 'Evicted' && one.labels['kind'] === 'Pod'),
    Unschedulable: count(
      (one) => reasonOf(one) === 'FailedScheduling' && !one.line.includes('skip schedule deleting pod'),
    ),
    'OOM kills': count((one) => /^(?:SystemOOM|OOMKilling)$/.test(reasonOf(one))),
  }
}

const rowsOf = (panel: Locator): Promise<readonly string[]> => panel.locator('tbody tr').allInnerTexts()

t.test('the page', withBrowser, async (t) => {
  const world = await open(t.testdir())
  const { page, url, search, events, store, complaints } = world
  t.teardown(world.close)
  page.setDefaultTimeout(30_000)
  await page.goto(`${url}/?${search}`)
  await drawn(page).waitFor()

  await t.test('panels show the counted truth', async (t) => {
    t.equal(await page.title(), 'Kubernetes events / Overview - Eventail')
    for (const [title, count] of Object.entries(truth(events))) t.equal(await statOf(page, title), String(count), title)
    t.equal(await statOf(page, 'Nodes rebooted'), '0', 'none is a number too')
    const reasons = counts(events.map(reasonOf))
    const top = await rowsOf(panelNamed(page, 'Top reasons'))
    t.ok(top.length > 10)
    for (const row of top) {
      const [reason = '', count] = row.split(/\s+/)
      t.equal(Number(count), reasons.get(reason), reason)
    }
    const kinds = counts(events.map(({ labels }) => labels['kind'] ?? ''))
    for (const row of await rowsOf(panelNamed(page, 'Events by kind'))) {
      const [kind = '', count] = row.split(/\s+/)
      t.equal(Number(count), kinds.get(kind), kind)
    }
    const objects = counts(
      events.filter(({ labels }) => labels['type'] === 'Warning').map((one) => `${nameOf(one)} ${reasonOf(one)}`),
    )
    for (const row of await rowsOf(panelNamed(page, 'Top objects'))) {
      const [, , , name = '', reason = '', count] = row.split(/\s+/)
      t.equal(Number(count), objects.get(`${name} ${reason}`), `${name} ${reason}`)
    }
    t.equal(await panelNamed(page, 'Events by type').locator('canvas').count(), 1)
    const legend = await panelNamed(page, 'Events by type').locator('.legend li').allInnerTexts()
    const types = counts(events.map(({ labels }) => labels['type'] ?? ''))
    t.strictSame(
      new Map(legend.map((text) => text.split(/\s+/)).map(([type = '', sum]) => [type, Number(sum)])),
      types,
      'the bars add up',
    )
    t.equal(await page.locator('.error').count(), 0, 'no panel failed')
  })

  await t.test('a chart is a table as well', async (t) => {
    const panel = panelNamed(page, 'Events by type')
    await panel.getByRole('button', { name: 'Events by type as a table' }).click()
    const head = await panel.locator('thead th').allInnerTexts()
    const rows = (await rowsOf(panel)).map((row) => row.split('\t'))
    const column = head.indexOf('Warning')
    t.equal(
      rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0),
      events.filter(({ labels }) => labels['type'] === 'Warning').length,
    )
    await panel.getByRole('button', { name: 'Events by type as a table' }).click()
    t.equal(await panel.locator('canvas').count(), 1)
  })

  await t.test('alerts of the ruler are shown, the gravest first', async (t) => {
    const alerts = panelNamed(page, 'Alerts').locator('li')
    await alerts.first().waitFor()
    const severities = await panelNamed(page, 'Alerts').locator('li.firing b').allInnerTexts()
    t.ok(severities.includes('critical') && severities.includes('warning'))
    const ranks = severities.map((severity) => ['critical', 'warning', 'info'].indexOf(severity))
    t.strictSame(
      ranks,
      ranks.toSorted((a, b) => a - b),
      'critical before warning before info',
    )
    t.match(await alerts.allInnerTexts().then((texts) => texts.join()), /KubeEvent\w+/)
  })

  await t.test('the keyboard reaches everything, and a choice of a variable draws anew', async (t) => {
    await page.goto(`${url}/?${search}`)
    await drawn(page).waitFor()
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the dashboard')
    const seen: string[] = []
    for (let stop = 0; stop < 14; stop += 1) {
      await page.keyboard.press('Tab')
      seen.push(
        await page.evaluate<string>(
          'document.activeElement.innerText || document.activeElement.labels?.[0]?.innerText',
        ),
      )
    }
    const order = [
      'Eventail',
      'Overview',
      'Timeline',
      'LogQL',
      'Theme',
      'Cluster',
      'Namespace',
      'Kind',
      'Type',
      'Reason',
    ]
    t.strictSame(
      order.map((name) => seen.findIndex((text) => text.includes(name))),
      order.map((_, at) => at),
      `the order of the focus is that of reading: ${seen.join(' | ')}`,
    )
    const opener = page.locator('.picker-open').filter({ hasText: 'Namespace' })
    await opener.focus()
    await page.keyboard.press('Enter')
    t.equal(await opener.getAttribute('aria-expanded'), 'true')
    await page.keyboard.press('Escape')
    t.equal(await opener.getAttribute('aria-expanded'), 'false')
    t.match(await page.evaluate('document.activeElement.innerText'), /^Namespace/, 'the focus is back')
    await page.keyboard.press('Enter')
    await page.keyboard.type('checkout')
    await page.getByRole('checkbox', { name: 'checkout' }).waitFor()
    const before = await page.locator('main').getAttribute('data-rounds')
    await page.keyboard.press('Enter')
    await page.locator(`main[aria-busy="false"]:not([data-rounds="${before ?? ''}"])`).waitFor()
    const ours = events.filter(({ labels }) => labels['namespace'] === 'checkout')
    t.ok(ours.length > 0 && ours.length < events.length)
    t.equal(await statOf(page, 'Events'), String(ours.length))
    t.match(page.url(), 'var-namespace=checkout')
    await page.keyboard.press('Escape')
    const lines = panelNamed(page, 'Newest events').locator('.line-head')
    await lines.first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    t.equal(await lines.nth(1).getAttribute('aria-expanded'), 'true')
    t.match(await panelNamed(page, 'Newest events').locator('.details dl').innerText(), /namespace\s+checkout/)
    const landmarks = ['banner', 'main', 'navigation'] as const
    for (const role of landmarks) t.equal(await page.getByRole(role).count(), 1, role)
    const nameless = await page.evaluate<number>(
      "[...document.querySelectorAll('button, input, select, textarea')].filter((one) => !(one.innerText || one.textContent || one.ariaLabel || one.labels?.length)).length",
    )
    t.equal(nameless, 0, 'every control has a name')
  })

  await t.test('a text box narrows lines, and a reload shows the same', async (t) => {
    const before = await page.locator('main').getAttribute('data-rounds')
    await page.getByLabel('Line contains').fill('LIVENESS')
    await page.locator(`main[aria-busy="false"]:not([data-rounds="${before ?? ''}"])`).waitFor()
    const found = events.filter(({ labels, line }) => labels['namespace'] === 'checkout' && /liveness/i.test(line))
    t.equal(await statOf(page, 'Events'), String(found.length))
    await page.reload()
    await drawn(page).waitFor()
    t.equal(await statOf(page, 'Events'), String(found.length))
  })

  await t.test('a tail moves, and a hostile message is text', async (t) => {
    await page.goto(`${url}/?${search}`)
    await drawn(page).waitFor()
    const panel = panelNamed(page, 'Newest events')
    await panel.getByRole('button', { name: 'Live tail of Newest events' }).click()
    const hostile = `<script>window.pwned=1</script><img src=x onerror=window.pwned=1> \u001b[31mred\u001b[0m \u202egnp ${'x'.repeat(10_000)}end`
    const template = events.at(-1)
    if (template === undefined) throw new Error('no events')
    const row = panel.locator('.line').filter({ hasText: 'window.pwned=1' })
    // The tail of Loki begins a moment after the button was pressed.
    for (let nth = 0n; (await row.count()) === 0; nth += 1n) {
      pushInto(store, [{ ...template, timestampNs: template.timestampNs + 1_000_000n + nth, line: hostile }])
      await row
        .first()
        .waitFor({ timeout: 500 })
        .catch(() => undefined)
    }
    t.match(await panel.locator('.line').first().innerText(), 'window.pwned=1', 'the newest one is the first')
    await row.first().getByRole('button').click()
    const text = (await row.first().locator('pre').textContent()) ?? ''
    t.ok(text.startsWith('<script>window.pwned=1</script><img src=x'), 'what it says is shown')
    t.match(text, '\u241b[31mred', 'a control character as its picture')
    t.match(text, '\\u202e', 'a mark of direction as its code')
    t.ok(text.endsWith('xend'), 'all of it')
    t.equal(await row.locator('img, script').count(), 0)
    t.equal(await page.evaluate('window.pwned'), undefined)
    await panel.getByRole('button', { name: 'Live tail of Newest events' }).click()
    t.equal(
      await panel.getByRole('button', { name: 'Live tail of Newest events' }).getAttribute('aria-pressed'),
      'false',
    )
  })

  await t.test('a link of a table leads to the timeline of its object', async (t) => {
    const link = panelNamed(page, 'Top objects').locator('tbody a').first()
    const name = await link.innerText()
    await link.click()
    await page.getByRole('heading', { level: 1, name: 'Kubernetes events / Timeline' }).waitFor({ state: 'attached' })
    await drawn(page).waitFor()
    const own = events.filter((one) => nameOf(one) === name)
    t.equal(await statOf(page, 'Events'), String(own.length), name)
    t.ok((await page.locator('.lanes li').count()) > 0)
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'Kubernetes events / Overview' }).waitFor({ state: 'attached' })
    await drawn(page).waitFor()
  })

  await t.test('a query of one’s own runs, or tells where it is wrong', async (t) => {
    await page.getByRole('link', { name: 'LogQL' }).click()
    const box = page.getByRole('textbox', { name: 'LogQL' })
    await box.fill('sum by (type) (count_over_time({job="kubernetes-events"} | reason==Foo [5m]))')
    await box.press('Control+Enter')
    t.equal(await page.locator('.error mark').innerText(), 'Foo')
    t.match(await page.locator('.error').innerText(), /parse error at line 1, col \d+/)
    t.equal(await box.getAttribute('aria-invalid'), 'true')
    await box.fill('sum by (type) (count_over_time({job="kubernetes-events"} [$__interval]))')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.locator('.explore canvas').waitFor()
    t.equal(await page.locator('.error').count(), 0)
    await box.fill('{job="kubernetes-events"} |= "nothing has this in it"')
    await box.press('Control+Enter')
    await page.getByText('No event in the time range fits the selection.').waitFor()
    t.pass('an empty answer explains itself')
  })

  await t.test('both themes, by the system and by hand', async (t) => {
    const back = (): Promise<string> => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await back()
    await page.emulateMedia({ colorScheme: 'light' })
    const light = await back()
    t.not(dark, light)
    const toggle = page.getByRole('button', { name: /^Theme/ })
    await toggle.click()
    t.equal(await back(), dark, 'dark, whatever the system says')
    await page.reload()
    t.equal(await back(), dark, 'it is remembered')
    await page.getByRole('button', { name: /^Theme/ }).click()
    t.equal(await back(), light)
  })

  t.strictSame(complaints, [], 'the console is quiet, and no request left the origin')
})
