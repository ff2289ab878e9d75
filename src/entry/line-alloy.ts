import type { KubeEvent } from '../kube/event.ts'
import { capped } from './bounded-text.ts'
import type { LineParts, LineWriter } from './line.ts'
import { goQuoted } from './quoting.ts'

/** What goes into the message instead of a key of its own, which these lines do not have. */
const withRemark = (parts: LineParts): string =>
  parts.truncatedBytes === 0 ? parts.message : `${parts.message} (${parts.truncatedBytes} bytes cut off)`

/** What `%s` can write and a logfmt reader reads back. Those agents write anything bare, and break the line by it. */
const UNBROKEN = /^[^\s\p{C}"=]+$/u

const field = (key: string, text: string, maxBytes: number): string => {
  if (text === '' || maxBytes === 0) return ''
  const value = capped(text, maxBytes)
  return `${key}=${UNBROKEN.test(value) ? value : goQuoted(value)} `
}

const line = (event: KubeEvent, parts: LineParts): string => {
  const max = parts.fieldBytes
  const { involved } = event
  return (
    field('name', involved.name, max) +
    field('kind', involved.kind, max) +
    field('action', event.action, max) +
    field('objectAPIversion', involved.apiVersion, max) +
    field('objectRV', involved.resourceVersion, max) +
    field('eventRV', event.resourceVersion, Math.max(max, 64)) +
    field('reportinginstance', event.reportingInstance, max) +
    field('reportingcontroller', event.reportingComponent, max) +
    field('sourcecomponent', event.sourceComponent, max) +
    field('sourcehost', event.sourceHost, max) +
    field('reason', event.reason, max) +
    field('type', event.type, max) +
    (event.count === 0 ? '' : `count=${event.count} `) +
    `msg=${goQuoted(withRemark(parts))} `
  )
}

/**
 * The line of Grafana Alloy's `loki.source.kubernetes_events` (log_format logfmt): the same keys, order and quoting, the
 * blank at the end included. A value that Alloy would write bare although it breaks the line is quoted.
 */
export const writeAlloyLine: LineWriter = line

/** The line of Grafana Agent's eventhandler: Alloy's without the blank at the end. */
export const writeAgentLine: LineWriter = (event, parts) => line(event, parts).slice(0, -1)
