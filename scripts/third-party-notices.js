// Writes THIRD-PARTY-NOTICES.txt: the licences of the packages whose code is in the bundle, which is dist/ as it was built.
// --check: only tells whether the file is current.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const NOTICES = join(root, 'THIRD-PARTY-NOTICES.txt')
const LICENCE = /^(?:licen[cs]e|notice|copying)(?:[-.].*)?$/i

/** Folders of packages below node_modules among files. */
const packageFolders = (files) => [
  ...new Set(
    files.flatMap((file) => {
      const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []
      return folder === undefined ? [] : [folder]
    }),
  ),
]

/** What the agent's bundle is made of, by its source maps, which name every file that left something in it. */
const agentSources = () => {
  const folder = join(root, 'dist')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.map'))
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')).sources)
    .map((source) => resolve(folder, source))
}

/** What the page in the browser is made of. */
const pageSources = async () => {
  const options = { absWorkingDir: root, bundle: true, write: false, metafile: true, platform: 'browser', outdir: root }
  const entryPoints = ['src/ui/page/page.ts', 'src/ui/page/page.css']
  const { metafile } = await build({ ...options, format: 'esm', entryPoints, logLevel: 'warning' })
  return Object.keys(metafile.inputs).map((input) => resolve(root, input))
}

const noticeOf = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => LICENCE.test(file))
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
  const text = texts.length > 0 ? texts.join('\n\n') : `Licensed under ${license}; the package holds no licence text.`
  return { title: `${name} ${version} (${license})`, text }
}

const sources = [...agentSources(), ...(await pageSources())]
const folders = packageFolders(sources).filter((folder) => existsSync(join(folder, 'package.json')))
const notices = folders.map(noticeOf).sort((a, b) => (a.title < b.title ? -1 : 1))
const line = '-'.repeat(80)
const head = 'Eventail contains code of these packages, each under its own licence.\n'
const text = `${head}\n${notices.map(({ title, text }) => `${line}\n${title}\n${line}\n\n${text}\n`).join('\n')}`

if (process.argv.includes('--check')) {
  if (!existsSync(NOTICES) || readFileSync(NOTICES, 'utf8') !== text) {
    console.error('THIRD-PARTY-NOTICES.txt is not current: npm run build && npm run notices')
    process.exitCode = 1
  }
} else writeFileSync(NOTICES, text)
