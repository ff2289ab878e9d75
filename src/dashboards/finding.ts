/** Something that is wrong with a dashboard. */
export type Finding = {
  /** Name of the rule: where dashboard-linter has the same one, its name. */
  readonly rule: string
  /** Such as `panel 9 "Crash loops", query A`; '': the dashboard as a whole. */
  readonly where: string
  /** What was expected, and what was found. */
  readonly message: string
  /** The query and the offset in it at which it is wrong, when it is about a place in a query. */
  readonly query?: { readonly text: string; readonly at: number }
}
