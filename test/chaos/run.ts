import { join } from 'node:path'
import type { Setup } from './agent.ts'
import { isClean, type Verdict } from './verdict.ts'
import { World } from './world.ts'

export type ChaosOptions = {
  readonly setup: Setup
  readonly cycles: number
  readonly seed: number
  readonly rate: number
  readonly stored: number
  /** Each world has a first start of its own. */
  readonly cyclesOfWorld: number
  readonly folder: string
  readonly patienceMs: number
  /** Ends with the first world that is not clean. */
  readonly untilFailure?: boolean
  readonly progress?: (text: string) => void
}

export type ChaosReport = {
  readonly cycles: number
  readonly worlds: number
  readonly verdicts: readonly Verdict[]
  readonly crashes: readonly string[]
  /** Lives by the moment they ended at. */
  readonly ends: Readonly<Record<string, number>>
  /** Pushes by Loki's answer. */
  readonly answers: Readonly<Record<string, number>>
  /** What became of the write-ahead log between lives. */
  readonly deeds: Readonly<Record<string, number>>
  readonly gaps: number
  readonly pages: number
}

/** Whether nothing was lost, nothing doubled, and no agent ended by itself. */
export const passed = ({ verdicts, crashes }: ChaosReport): boolean => crashes.length === 0 && verdicts.every(isClean)

const add = (sums: Record<string, number>, counts: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}

/** Runs the cycles, in worlds that follow each other. */
export const runChaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const { cycles, cyclesOfWorld, seed, folder, progress = () => undefined } = options
  const counts = (): Record<string, number> => ({})
  const sums = { ends: counts(), answers: counts(), deeds: counts(), gaps: 0, pages: 0 }
  const verdicts: Verdict[] = []
  const crashes: string[] = []
  let done = 0
  while (done < cycles) {
    const world = await World.open({
      ...options,
      seed: seed + verdicts.length,
      folder: join(folder, `${verdicts.length}`),
    })
    const last = Math.min(cycles, done + cyclesOfWorld)
    for (; done < last; done += 1) {
      await world.cycle(done)
      progress(`cycle ${done + 1} of ${cycles}`)
    }
    await world.settle()
    verdicts.push(world.verdict())
    crashes.push(...world.crashes)
    add(sums.ends, world.ends)
    add(sums.answers, world.figures.answers)
    add(sums.deeds, world.figures.deeds)
    sums.gaps += world.figures.gaps
    sums.pages += world.figures.pages
    await world.close()
    if (options.untilFailure === true && !verdicts.every(isClean)) break
  }
  return { cycles: done, worlds: verdicts.length, verdicts, crashes, ...sums }
}
