import { parseDuration } from '../config/go-duration.ts'
import { parsePort } from './ui-flags.ts'

/** How the demonstration runs. */
export type DemoFlags = {
  /** Null: until Ctrl-C. */
  readonly durationMs: number | null
  /** 1 is the recorded pace. */
  readonly speed: number
  /** Null: 3100 when it is free, else any. */
  readonly lokiPort: number | null
  /** Null: 8090 when it is free, else any. */
  readonly uiPort: number | null
}

const MAX_SPEED = 1000

/** The demo's own flags from their texts; a text says which one is wrong, and what was expected. */
export const parseDemoFlags = (given: ReadonlyMap<string, string>): DemoFlags | string => {
  const duration = given.get('duration')
  const durationMs = duration === undefined ? null : parseDuration(duration)
  if (duration !== undefined && (durationMs === null || durationMs <= 0)) {
    return `expected a duration such as 20s for -duration, got ${JSON.stringify(duration)}`
  }
  const speed = Number(given.get('speed') ?? '1')
  if (!(speed > 0 && speed <= MAX_SPEED)) {
    return `expected a number above 0 and at most ${MAX_SPEED} for -speed, got ${JSON.stringify(given.get('speed'))}`
  }
  const port = (name: string): number | null | undefined => {
    const text = given.get(name)
    return text === undefined ? null : (parsePort(text) ?? undefined)
  }
  const [lokiPort, uiPort] = [port('loki-port'), port('ui-port')]
  if (lokiPort === undefined) return `expected a port for -loki-port, got ${JSON.stringify(given.get('loki-port'))}`
  if (uiPort === undefined) return `expected a port for -ui-port, got ${JSON.stringify(given.get('ui-port'))}`
  return { durationMs, speed, lokiPort, uiPort }
}
