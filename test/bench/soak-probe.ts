// Loaded into the agent's process beside it (node --expose-gc --import): only from inside can it be told what is left
// after garbage collection, and what keeps the process alive. The agent knows nothing of it.

export type Probed = {
  readonly heapBytes: number
  readonly externalBytes: number
  /** Sockets, timers and other things the event loop waits for. */
  readonly handles: number
}

const collect = globalThis.gc
if (collect === undefined) throw new Error('run node with --expose-gc')

process.on('message', () => {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  const probed: Probed = {
    heapBytes: heapUsed,
    externalBytes: external,
    handles: process.getActiveResourcesInfo().length,
  }
  process.send?.(probed)
})
// The listener must not keep the agent alive at its end.
process.channel?.unref()
