// Writes what lies in deploy/ and is made from something else: rules and dashboards as objects, install.yaml.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['deploy/render/main.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  write: false,
})
const [bundle] = outputFiles
const { status } = spawnSync(process.execPath, ['-'], { cwd: root, input: bundle.text, stdio: ['pipe', 2, 2] })
process.exitCode = status ?? 1
