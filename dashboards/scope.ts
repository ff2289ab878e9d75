import { DEFAULT_JOB, HEARTBEAT_JOB } from '../src/entry/names.ts'

/** A matcher of a selector, such as `kind="Pod"`. */
export type Matcher = string

const EVENTS: readonly Matcher[] = [`job="${DEFAULT_JOB.logfmt}"`, 'cluster=~"$cluster"']

/** Backquotes, so that quotes and backslashes of what was typed in mean themselves. */
const SEARCH = '|~ `(?i)$search`'
const NAME = '| name=~`^$name.*`'
/** Anchored by ourselves: Loki looks for a part of the text where alternatives begin alike. */
const REASON = '| reason=~"^($reason)$"'

export const selector = (matchers: readonly Matcher[]): string => `{${matchers.join(', ')}}`

const chosen = (...types: readonly Matcher[]): string =>
  [
    selector([...EVENTS, 'namespace=~"$namespace"', 'kind=~"$kind"', 'type=~"$type"', ...types]),
    SEARCH,
    REASON,
    NAME,
  ].join(' ')

/** Everything that the variables leave: index labels first, then the text of the line, then structured metadata. */
export const SELECTED = chosen()
export const SELECTED_WARNINGS = chosen('type="Warning"')
export const SELECTED_OTHERS = chosen('type!="Warning"')

/** Events by which it is told whether any come at all: of the clusters, whatever else is selected. */
export const ALL_EVENTS = selector(EVENTS)

/** The agents' heartbeats. */
export const HEARTBEATS = selector([`job="${HEARTBEAT_JOB}"`, 'cluster=~"$cluster"'])

/** What events mean something, besides the variables. */
export type Filter = {
  readonly matchers: readonly Matcher[]
  /** Line filters, such as `|= "text"`; '': none. */
  readonly lines: string
  /** Label filters, such as `| reason="BackOff"`. */
  readonly labels: string
}

const filtered = (scope: readonly Matcher[], { matchers, lines, labels }: Filter): string =>
  [selector([...EVENTS, ...scope, ...matchers]), lines, SEARCH, labels, NAME].filter((part) => part !== '').join(' ')

/** Events of the selected namespaces that mean this. `kind`, `type` and `reason` are part of the meaning, so not chosen. */
export const meaning = (filter: Filter): string => filtered(['namespace=~"$namespace"'], filter)

/** The same about nodes, which are in no namespace: their events lie in `default`. */
export const nodeMeaning = (filter: Filter): string => filtered([], filter)

/** How many there are. `$__auto` is the whole range of an instant query and the step of a range query. */
export const countOf = (log: string): string => `sum(count_over_time(${log} [$__auto]))`

export const countBy = (labels: string, log: string): string => `sum by (${labels}) (count_over_time(${log} [$__auto]))`
