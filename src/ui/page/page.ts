import { App, type Listed, type Status } from './app.ts'
import { askJson } from './asking.ts'
import { empty } from './empty.ts'
import { applyStoredTheme } from './theme.ts'

applyStoredTheme()
const main = document.getElementById('main')
if (main === null) throw new Error('the page has no main')

const start = async (): Promise<void> => {
  const [status, listed] = await Promise.all([
    askJson<Status>('/api/status'),
    askJson<readonly Listed[]>('/api/dashboards'),
  ])
  await new App(main, status, listed).show()
}

start().catch((error: unknown) => {
  main.replaceChildren(empty(`The page cannot be shown: ${error instanceof Error ? error.message : String(error)}`))
})
