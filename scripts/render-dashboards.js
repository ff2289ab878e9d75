// Writes dashboards/*.json, made of dashboards/*.ts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const folder = await mkdtemp(join(root, 'node_modules', '.dashboards-'))
try {
  await build({
    absWorkingDir: root,
    entryPoints: { all: 'dashboards/all.ts', layout: 'dashboards/layout.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
  })
  const load = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href)
  const { DASHBOARDS } = await load('all')
  const { printed } = await load('layout')
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
    await writeFile(join(root, 'dashboards', file), printed(dashboard()))
  }
} finally {
  await rm(folder, { recursive: true })
}
