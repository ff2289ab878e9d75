import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the page, as it is sent. */
export type PageFile = { readonly contentType: string; readonly body: Buffer }

/** A dashboard in Grafana's classic model. */
export type ShippedDashboard = { readonly uid: string; readonly title: string; readonly text: string }

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The folder of a file: a bundle has it beside itself; without one it is where a build, or the repository, has it. */
const folderOf = (file: string, places: readonly string[]): string => {
  const folders = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  const found = folders.find((folder) => existsSync(join(folder, file)))
  if (found === undefined) throw new Error(`${file} is missing: build the program`)
  return found
}

/** The files of the page by their path, such as `/page.js`. Throws when they were not built. */
export const pageFiles = (): ReadonlyMap<string, PageFile> => {
  const folder = folderOf('page.js', ['page/', '../../dist/page/'])
  const files = readdirSync(folder).flatMap((name): [string, PageFile][] => {
    const contentType = TYPES[extname(name)]
    return contentType === undefined ? [] : [[`/${name}`, { contentType, body: readFileSync(join(folder, name)) }]]
  })
  const index = files.find(([name]) => name === '/index.html')
  if (index === undefined) throw new Error('the page is missing: build the program')
  return new Map([...files, ['/', index[1]]])
}

type Dashboard = {
  readonly uid: string
  readonly title: string
  readonly templating: { readonly list: readonly { readonly type: string; readonly query: unknown }[] }
}

/** Only the dashboards of events can be drawn: this knows no other data source than Loki. */
const asksLoki = ({ templating }: Dashboard): boolean =>
  templating.list.some(({ type, query }) => type === 'datasource' && query === 'loki') &&
  !templating.list.some(({ type, query }) => type === 'datasource' && query !== 'loki')

/** The dashboards that the project ships and the page can draw, Overview first. */
export const shippedDashboards = (): readonly ShippedDashboard[] => {
  const folder = folderOf('overview.json', ['dashboards/', '../../dashboards/'])
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .map((text) => ({ text, dashboard: JSON.parse(text) as Dashboard }))
    .filter(({ dashboard }) => asksLoki(dashboard))
    .map(({ text, dashboard: { uid, title } }) => ({ uid, title, text }))
    .sort((a, b) => (a.title < b.title ? -1 : 1))
}
