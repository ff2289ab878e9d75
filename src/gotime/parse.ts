export type GoTimeOptions = {
  /** Of texts that name none: an IANA name, `UTC`, `Local` or a fixed offset. `UTC` if not given. */
  readonly zone?: string
}

export type ParsedGoTime =
  | { readonly kind: 'ok'; readonly ns: bigint; readonly hasYear: boolean }
  | { readonly kind: 'error'; readonly why: string }

/** Go's time.ParseInLocation. A layout without a year gives the year 0, and `hasYear` false. */
export const parseGoTime = (layout: string, text: string, _options: GoTimeOptions = {}): ParsedGoTime => ({
  kind: 'error',
  why: `parsing time "${text}" as "${layout}"`,
})
