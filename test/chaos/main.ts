import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runChaos, passed } from './run.ts'
import { asTable, excusesOf, faultsOf } from './table.ts'

// Kills the agent again and again, and counts what arrived in Loki. Exit status 0: nothing lost, nothing doubled.

const { values: flags } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    rate: { type: 'string', default: '150' },
    stored: { type: 'string', default: '1500' },
    wal: { type: 'boolean', default: false },
    lease: { type: 'boolean', default: false },
    elect: { type: 'boolean', default: false },
    enrich: { type: 'boolean', default: false },
    'keep-wal': { type: 'boolean', default: false },
    mutant: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
  },
})

const [cycles, seed, rate, stored] = [flags.cycles, flags.seed, flags.rate, flags.stored].map(Number)
if (![cycles, seed, rate, stored].every((n) => Number.isSafeInteger(n) && Number(n) >= 0)) {
  console.error('--cycles, --seed, --rate and --stored are whole numbers')
  process.exit(2)
}

const bundle = flags.mutant === '' ? 'eventail.js' : `chaos-mutant-${flags.mutant}.js`
const setup = {
  checkpoint: flags.lease || flags.elect ? 'lease' : 'file',
  elects: flags.elect,
  wal: flags.wal,
  enriches: flags.enrich,
  keepsWal: flags['keep-wal'],
  entry: join(import.meta.dirname, bundle),
} as const
const folder = mkdtempSync(join(tmpdir(), 'eventail-chaos-'))
const begunMs = performance.now()
const report = await runChaos({
  setup,
  cycles: cycles ?? 0,
  seed: seed ?? 0,
  rate: rate ?? 0,
  stored: stored ?? 0,
  cyclesOfWorld: 50,
  folder,
  patienceMs: 4000,
  ...(process.stderr.isTTY && { progress: (text: string) => process.stderr.write(`\r${text}`) }),
})
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')

const place = `${setup.checkpoint === 'lease' ? 'Lease' : 'file'}${flags.elect ? ' of an elected leader' : ''}`
const where = `checkpoint in a ${place}, ${flags.wal ? 'with' : 'without'} a write-ahead log${flags.enrich ? ', enriching' : ''}`
const machine = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`
console.log(`chaos: seed ${flags.seed}, ${where}${flags.mutant === '' ? '' : `, mutant ${flags.mutant}`}`)
console.log(`  ${machine}, ${Math.round((performance.now() - begunMs) / 1000)} s`)
console.log(asTable(report))
for (const fault of faultsOf(report)) console.log(fault)
if (flags.verbose) for (const excuse of excusesOf(report)) console.log(excuse)
if (passed(report)) rmSync(folder, { recursive: true })
else console.log(`what the agent left: ${folder}`)
process.exitCode = passed(report) ? 0 : 1
