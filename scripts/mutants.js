// Programs with one mistake each, built from the real source, for the chaos harness: it must find them out.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** By name, the lines that are replaced. Each must be there exactly once. */
export const MUTANTS = {
  // The position moves when an entry is handed on, not when Loki took it.
  'early-checkpoint': [
    {
      file: 'src/kube/frontier.ts',
      from: '    this.#tail += 1\n',
      to: '    this.#tail += 1\n    this.#position = position\n',
    },
  ],
  // A restart takes what is dated after the checkpoint was written, instead of what follows its revision.
  'timestamp-checkpoint': [
    {
      file: 'src/kube/kube-source.ts',
      from: '      start: source.start,\n',
      to: `      start:
        saved === undefined
          ? source.start
          : { kind: 'since', durationMs: clock.now() - (saved.lastCurrentMs ?? clock.now()) },
`,
    },
    {
      file: 'src/kube/kube-source.ts',
      from: 'resume: saved === undefined ? null : positionOf(saved),',
      to: 'resume: null,',
    },
  ],
  // An entry that is not a function of the revision alone.
  'now-in-entry': [
    {
      file: 'src/entry/convert.ts',
      from: '    const { timestampNs, skewed } = eventTime(event)\n',
      to: '    const { skewed } = eventTime(event)\n    const timestampNs = BigInt(Date.now()) * 1_000_000n\n',
    },
  ],
  // The write-ahead log tells where to go on, and what waits in it is forgotten.
  'forgotten-log': [
    {
      file: 'src/wal/recovery.ts',
      from: '    cursors: new Map(clients.map((client) => [client.name, cursorOf(client)])),\n',
      to: '    cursors: new Map(clients.map((client) => [client.name, Math.max(cursorOf(client), 2 ** 52)])),\n',
    },
  ],
  // An informer's habit: after a 410, list, and watch from where the last page was.
  'list-then-watch': [
    {
      file: 'src/kube/scope.ts',
      from: "    if (!sink.hasRoom()) return { to: 'paused' }\n",
      to: `    if (!sink.hasRoom()) return { to: 'paused' }
    while (this.#track.owedIntervals > 0 && !signal.aborted) await clock.sleep(1, signal)
`,
    },
    {
      file: 'src/kube/owed.ts',
      from: '    if (active === null || page.continueToken === null) return { ...position, active: null }\n',
      to: `    if (active === null) return position
    if (page.continueToken === null) return { ...position, watched: page.resourceVersion, active: null }
`,
    },
    {
      file: 'src/kube/owed.ts',
      from: "  { after: '0', upTo: newest, notBeforeMs },\n",
      to: "  { after: '0', upTo: '9'.repeat(39), notBeforeMs },\n",
    },
    {
      file: 'src/kube/owed.ts',
      from: 'oweAlso(position.pending, { after: position.watched, upTo: newest, notBeforeMs: null }),',
      to: "oweAlso(position.pending, { after: position.watched, upTo: '9'.repeat(39), notBeforeMs: null }),",
    },
  ],
}

const replaceOnce = (text, { file, from, to }) => {
  if (text.split(from).length !== 2) throw new Error(`${file} has ${text.split(from).length - 1} times: ${from}`)
  return text.replace(from, () => to)
}

/** An esbuild plugin that makes the mistakes of one mutant; it fails where a line to replace is not there. */
export const mutate = (root, name) => ({
  name: `mutant-${name}`,
  setup(build) {
    const left = new Set(MUTANTS[name].map(({ file }) => file))
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const mistakes = MUTANTS[name].filter(({ file }) => path === join(root, file))
      if (mistakes.length === 0) return null
      left.delete(mistakes[0].file)
      return { contents: mistakes.reduce(replaceOnce, await readFile(path, 'utf8')), loader: 'ts' }
    })
    build.onEnd(() => {
      if (left.size > 0) throw new Error(`mutant ${name}: ${[...left].join(', ')} is not part of the program`)
    })
  },
})
