import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { request } from 'undici'
import { systemClock } from '../../src/clock.ts'
import { ui } from '../../src/cli/ui.ts'
import type { UiFlags } from '../../src/cli/ui-flags.ts'
import { serve } from '../fixtures/http-server.ts'

const flags = (loki: string, more: Partial<UiFlags> = {}): UiFlags => ({
  url: new URL(loki),
  tenant: '',
  user: '',
  passwordFile: '',
  bearerTokenFile: '',
  listenAddress: '127.0.0.1',
  listenPort: 0,
  allowedHosts: [],
  ...more,
})

t.test('serves the page with the credentials it was given, until it is stopped', async (t) => {
  const seen: (string | undefined)[] = []
  const loki = await serve(null, (incoming, response) => {
    seen.push(incoming.headers.authorization)
    response.end('{"data":{"alerts":[]}}')
  })
  const passwordFile = join(t.testdir(), 'password')
  writeFileSync(passwordFile, 'hunter2\n')
  const stop = new AbortController()
  let said = ''
  let opened = (): void => undefined
  const open = new Promise<void>((resolve) => {
    opened = resolve
  })
  const out = (text: string): void => {
    said += text
    opened()
  }
  const output = { out, err: out }
  const surroundings = { clock: systemClock, output, stop: stop.signal }
  const ended = ui(flags(loki.url.replace('//', '//sre:ignored@'), { user: 'sre', passwordFile }), surroundings)
  await open
  const address = /^Open (http:\/\/127\.0\.0\.1:\d+)\n/.exec(said)?.[1] ?? ''
  t.notMatch(said, /hunter2|ignored/)
  t.equal((await request(`${address}/api/alerts`)).statusCode, 200)
  t.strictSame(seen, [`Basic ${Buffer.from('sre:hunter2').toString('base64')}`])

  const port = Number(new URL(address).port)
  let complaint = ''
  const err = (text: string): void => {
    complaint += text
  }
  const other = { clock: systemClock, output: { out: err, err }, stop: stop.signal }
  t.equal(await ui(flags(loki.url, { listenPort: port }), other), 1)
  t.match(complaint, 'EADDRINUSE')
  t.equal(await ui(flags(loki.url, { bearerTokenFile: '/nowhere/token' }), other), 2)
  t.match(complaint, 'the credentials cannot be read')
  stop.abort()
  t.equal(await ended, 0)
  await loki.close()
})
