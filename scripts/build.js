// Bundles the program into dist/: one entry, shared chunks, and chunks that are loaded only when a command needs them.
import { cp, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const withBench = process.argv.includes('--bench')

await rm(new URL('../dist', import.meta.url), { recursive: true, force: true })
await build({
  entryPoints: {
    eventail: 'src/main.ts',
    ...(withBench ? { bench: 'test/bench/main.ts', 'bench-world': 'test/bench/world.ts' } : {}),
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  define: { EVENTAIL_VERSION: JSON.stringify(version) },
  // CommonJS dependencies ask for Node's own modules by require().
  banner: {
    js: "import { createRequire as eventailRequire } from 'node:module'; const require = eventailRequire(import.meta.url);",
  },
})

// The demo's recording lies beside the chunks.
await cp(new URL('../src/demo/recording', import.meta.url), new URL('../dist/recording', import.meta.url), {
  recursive: true,
})
