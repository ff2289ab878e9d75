import type { Stage, WorkEntry } from './stage.ts'

/** A pipeline, or one inside a `match`: labels are taken into the extracted values, then stage after stage runs. */
export const runStages = (stages: readonly Stage[], entry: WorkEntry): boolean => {
  for (const [name, value] of entry.labels) entry.extracted.set(name, value)
  return stages.every((stage) => stage(entry))
}
