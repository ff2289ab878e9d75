// Writes docs/images/: the page of the demo in both themes, after the incidents have played for a while. Needs a build and
// Chromium ($CHROMIUM_PATH, or Debian's).
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const root = resolve(import.meta.dirname, '..')
const PLAYED_MS = 150_000
const OVERVIEW = { width: 1440, height: 1560 }
const SHOTS = [
  { file: 'overview-dark.png', colorScheme: 'dark', search: '', viewport: OVERVIEW },
  { file: 'overview-light.png', colorScheme: 'light', search: '', viewport: OVERVIEW },
  {
    file: 'timeline-dark.png',
    colorScheme: 'dark',
    search: '?d=eventail-timeline&var-namespace=checkout',
    viewport: { width: 1440, height: 1100 },
  },
]

const demo = spawn(process.execPath, [join(root, 'dist/eventail.js'), 'demo', '-loki-port=0', '-ui-port=0'])
const url = await new Promise((found, failed) => {
  let said = ''
  demo.stdout.on('data', (chunk) => {
    said += chunk
    const address = /Open\s+(http:\S+)/.exec(said)?.[1]
    if (address !== undefined) found(address)
  })
  demo.on('exit', () => failed(new Error(said)))
})
await pause(PLAYED_MS)
for (const { file, colorScheme, search, viewport } of SHOTS) {
  const profile = mkdtempSync(join(tmpdir(), 'eventail-screenshot-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    colorScheme,
    viewport,
  })
  const page = context.pages()[0] ?? (await context.newPage())
  await page.goto(`${url}/${search}`)
  await page.locator('main[aria-busy="false"]').waitFor({ timeout: 120_000 })
  await page.screenshot({ path: join(root, 'docs/images', file) })
  await context.close()
  rmSync(profile, { recursive: true, force: true })
}
demo.kill('SIGTERM')
