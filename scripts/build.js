// Bundles the program into dist/: one entry, shared chunks, and chunks that are loaded only when a command needs them.
// --bench, --chaos and --soak: the benchmark, the chaos harness, the soak as well. --out=<folder>: instead of dist/.
import { cp, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { MUTANTS, mutate } from './mutants.js'

const root = resolve(import.meta.dirname, '..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const { values: asked } = parseArgs({
  options: {
    bench: { type: 'boolean', default: false },
    chaos: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'dist') },
  },
})

const bundle = (entryPoints, options = {}) =>
  build({
    absWorkingDir: root,
    entryPoints,
    outdir: resolve(asked.out),
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
    // Asked for by `debug`, which does without when it is not there: nobody reads its colours. The other one drives a
    // browser, in the benchmark alone.
    external: ['supports-color', 'playwright-core'],
    // A dependency of a dependency asks for Node's own, which Node 24 warns of.
    alias: { punycode: 'punycode/punycode.js' },
    // CommonJS dependencies ask for Node's own modules by require().
    banner: {
      js: "import { createRequire as eventailRequire } from 'node:module'; const require = eventailRequire(import.meta.url);",
    },
    ...options,
  })

await rm(asked.out, { recursive: true, force: true })
await bundle({
  eventail: 'src/main.ts',
  ...(asked.bench && {
    bench: 'test/bench/main.ts',
    'bench-world': 'test/bench/world.ts',
    'bench-enrich-world': 'test/bench/enrich-world.ts',
  }),
  ...(asked.chaos && { chaos: 'test/chaos/main.ts' }),
  ...(asked.soak && {
    soak: 'test/bench/soak.ts',
    'soak-world': 'test/bench/soak-world.ts',
    'soak-probe': 'test/bench/soak-probe.ts',
  }),
})
// The page of `demo` and `ui`, for browsers.
await build({
  absWorkingDir: root,
  entryPoints: { page: 'src/ui/page/page.ts', 'page-style': 'src/ui/page/page.css' },
  outdir: resolve(asked.out, 'page'),
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  legalComments: 'inline',
  logLevel: 'warning',
})
for (const file of ['index.html', 'icon.svg']) {
  await cp(join(root, 'src/ui/page', file), join(asked.out, 'page', file))
}

if (asked.chaos) {
  for (const name of Object.keys(MUTANTS)) {
    await bundle({ [`chaos-mutant-${name}`]: 'src/main.ts' }, { plugins: [mutate(root, name)] })
  }
}

// The demo's recording, the rules that it evaluates and the dashboards that the page draws lie beside the chunks.
await cp(join(root, 'src/demo/recording'), join(asked.out, 'recording'), { recursive: true })
await cp(join(root, 'rules'), join(asked.out, 'rules'), {
  recursive: true,
  filter: (source) => source !== join(root, 'rules/tests'),
})
await cp(join(root, 'dashboards'), join(asked.out, 'dashboards'), {
  recursive: true,
  filter: (source) => !source.endsWith('.ts'),
})
