/** Where a command writes: data to `out`, everything else to `err`. */
export type Output = { out: (text: string) => void; err: (text: string) => void }

/** How a command ends: done, failed, or not understood (usage, configuration). */
export type ExitCode = 0 | 1 | 2
