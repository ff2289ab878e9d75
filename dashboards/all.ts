import type { ClassicDashboard } from './classic.ts'
import { agent } from './agent.ts'
import { overview } from './overview.ts'
import { timeline } from './timeline.ts'

/** The dashboards by the names of their files in this folder. */
export const DASHBOARDS: Readonly<Record<string, () => ClassicDashboard>> = {
  'agent.json': agent,
  'overview.json': overview,
  'timeline.json': timeline,
}
