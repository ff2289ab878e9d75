import type { PageLine } from '../page-query.ts'
import type { Panel } from './dashboard.ts'
import type { LinkContext } from './data-link.ts'
import type { Answered } from './series.ts'
import type { TimeRange } from './time-range.ts'

/** What a panel is drawn from. */
export type PanelContent = {
  readonly answers: readonly Answered[]
  readonly range: TimeRange
  readonly nowMs: number
  readonly links: LinkContext
}

/** A table in words: an alternative to what is drawn. */
export type TextTable = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }

/** Draws the inside of a panel, again and again in the same place. */
export type View = {
  readonly root: HTMLElement
  draw(content: PanelContent): void
  /** Null: what is drawn is text already. */
  readonly table: (() => TextTable) | null
  /** The place has another size, or the theme changed. */
  refit?(): void
  /** Shows lines that came since; only of logs. */
  prepend?(lines: readonly PageLine[]): void
}

/** What a view may do to the page around it. */
export type Around = {
  /** Shows another time range; milliseconds since 1970. */
  readonly zoom: (startMs: number, endMs: number) => void
}

export type ViewMaker = (panel: Panel, around: Around) => View

/** A value under a key of a panel's options, if it is of the kind asked for. */
export const optionText = (options: Readonly<Record<string, unknown>> | undefined, key: string): string => {
  const value = options?.[key]
  return typeof value === 'string' ? value : ''
}

export const optionObject = (
  options: Readonly<Record<string, unknown>> | undefined,
  key: string,
): Readonly<Record<string, unknown>> => {
  const value = options?.[key]
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

export const optionNumber = (
  options: Readonly<Record<string, unknown>> | undefined,
  key: string,
  otherwise: number,
): number => {
  const value = options?.[key]
  return typeof value === 'number' ? value : otherwise
}
