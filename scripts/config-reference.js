// Writes the tables of docs/configuration.md and docs/eventail.schema.json from the decoders of the configuration.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const folder = await mkdtemp(join(root, 'node_modules', '.config-reference-'))
try {
  const outfile = join(folder, 'decoders.mjs')
  await build({
    absWorkingDir: root,
    stdin: {
      resolveDir: root,
      contents: `
        export { configSchemaText } from './src/cli/config-schema.ts'
        export { configDecoder } from './src/config/parse-config.ts'
        export { referenceOf } from './src/config/reference.ts'`,
    },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    outfile,
  })
  const { configDecoder, configSchemaText, referenceOf } = await import(outfile)
  const page = join(root, 'docs', 'configuration.md')
  const { document, untold } = referenceOf(await readFile(page, 'utf8'), configDecoder)
  if (untold.length > 0) throw new Error(`docs/configuration.md has no place for ${untold.join(', ')}`)
  await writeFile(page, document)
  await writeFile(join(root, 'docs', 'eventail.schema.json'), configSchemaText())
} finally {
  await rm(folder, { recursive: true })
}
