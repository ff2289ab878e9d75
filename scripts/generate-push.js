// Writes src/loki/push.generated.js and .d.ts from src/loki/push.proto. With --stdout, prints the JavaScript instead.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const packageFile = createRequire(import.meta.url).resolve('protobufjs-cli/package.json')
const pbjs = join(dirname(packageFile), 'bin', 'pbjs')

const flags = [
  ...['--target', 'static-module', '--wrap', 'esm', '--es6', '--dependency', 'protobufjs/minimal.js'],
  ...['--root', 'eventail_push', '--force-number', '--lint', ''],
  ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl', '--no-service'],
]
const output = process.argv.includes('--stdout') ? [] : ['--dts', '--out', join('src', 'loki', 'push.generated.js')]

execFileSync(process.execPath, [pbjs, ...flags, ...output, join('src', 'loki', 'push.proto')], {
  cwd: root,
  stdio: 'inherit',
})
