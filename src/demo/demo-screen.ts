import type { Alert } from '../rules/alert-state.ts'
import type { EventObject } from './event-object.ts'
import type { AlertChange } from './ruler.ts'

/** Where the demo writes. */
export type DemoOutput = {
  readonly write: (text: string) => void
  readonly isTTY: boolean
  /** Width of the terminal. */
  readonly columns?: number
}

export type Places = {
  readonly pageUrl: string
  readonly apiServerUrl: string
  readonly lokiUrl: string
  readonly storedEvents: number
  readonly recordingMs: number
  readonly speed: number
  readonly durationMs: number | null
}

export type Progress = {
  readonly elapsedMs: number
  /** Revisions the agent received. */
  readonly seen: number
  /** Distinct entries in the embedded Loki. */
  readonly inLoki: number
  readonly queued: number
  readonly latest: EventObject | null
}

const CLEAR_LINE = '\r\x1b[2K'

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} min`

/** What is shown before the demo begins. */
export const introduction = (places: Places): string => {
  const { pageUrl, apiServerUrl, lokiUrl, storedEvents, recordingMs, speed, durationMs } = places
  const pace = speed === 1 ? 'at its recorded pace' : `${speed} times as fast`
  const until = durationMs === null ? 'Ctrl-C ends it.' : `It ends after ${durationMs / 1000} s, or with Ctrl-C.`
  return `
  Open   ${pageUrl}

  The dashboards, drawn from what the agent ships just now. ${until}

  Page        ${pageUrl}  dashboards, alerts, live tail, LogQL
  Loki        ${lokiUrl}  in memory; evaluates the shipped alert rules every minute
  API server  ${apiServerUrl}  ${storedEvents} events stored; ${minutes(recordingMs)} of a watch follow, ${pace}

  Grafana: a data source of type Loki with the URL ${lokiUrl} (in a container: --network=host).
  A shell: curl -sG ${lokiUrl}/loki/api/v1/query_range --data-urlencode limit=5 \\
             --data-urlencode 'query={job="kubernetes-events", type="Warning"} |= "BackOff"'

`
}

/** Text on one line of a terminal: it was written by anyone, so control characters do not get through. */
const withoutControl = (text: string): string => text.replace(/\p{C}+/gu, ' ')

/** An alert that began to fire or was resolved, on a line of its own. */
export const alertLine = ({ labels, annotations }: Alert, change: AlertChange): string => {
  const named = new Map(labels.pairs)
  const summary = annotations()['summary'] ?? named.get('alertname') ?? ''
  const severity = (named.get('severity') ?? '').padEnd('critical'.length)
  return `${withoutControl(`alert ${change.padEnd('resolved'.length)}  ${severity}  ${summary}`)}\n`
}

const asOneLine = (event: EventObject): string => {
  const involved = event['involvedObject'] as { kind?: unknown; name?: unknown } | undefined
  const parts = [
    event['type'],
    event['reason'],
    `${String(involved?.kind)}/${String(involved?.name)}`,
    event['message'],
  ]
  return withoutControl(parts.map(String).join(' '))
}

const progressText = ({ elapsedMs, seen, inLoki, queued, latest }: Progress): string => {
  const waiting = queued === 0 ? '' : `, ${queued} on the way`
  const last = latest === null ? '' : `; last: ${asOneLine(latest)}`
  return `${Math.round(elapsedMs / 1000)} s: ${seen} events seen, ${inLoki} in Loki${waiting}${last}`
}

/** Shows progress: one line rewritten on a terminal, a line now and then elsewhere. */
export class DemoScreen {
  readonly #out: DemoOutput
  #drawn = false

  constructor(out: DemoOutput) {
    this.#out = out
  }

  /** How often `progress` is worth calling. */
  get everyMs(): number {
    return this.#out.isTTY ? 500 : 5000
  }

  progress(progress: Progress): void {
    // Some terminals do not know their width and say 0.
    const { columns = 0 } = this.#out
    const width = (columns > 0 ? Math.max(20, columns) : 80) - 1
    const text = progressText(progress)
    this.#out.write(this.#out.isTTY ? `${CLEAR_LINE}${text.slice(0, width).toWellFormed()}` : `${text}\n`)
    this.#drawn = this.#out.isTTY
  }

  /** Text of its own lines, below the progress. */
  say(text: string): void {
    this.#out.write(`${this.#drawn ? '\n' : ''}${text}`)
    this.#drawn = false
  }
}
