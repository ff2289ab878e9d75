import { RE2JS, RE2JSException, type Matcher } from 're2js'

/** A match: the text of each group, [0] the whole; null for a group that took no part. */
export type Groups = readonly (string | null)[]

/** One match and where it lies in the text, in UTF-16 units. */
export type Match = { readonly groups: Groups; readonly matcher: Matcher }

/**
 * A regular expression as Go's package regexp has it (RE2 syntax, leftmost-first), which takes time linear in the text,
 * whatever the pattern.
 */
export type GoRegExp = {
  readonly source: string
  /** Names of the groups from 1 on, in the order of their opening; '' for a group without a name. */
  readonly names: readonly string[]
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean
  /** The first match, or null. */
  find(text: string): Groups | null
  /** Whatever matches, from left to right, as Go's ReplaceAll goes over a text: no empty match right after another. */
  matches(text: string): Generator<Matcher>
}

export type CompiledRegExp =
  { readonly kind: 'ok'; readonly regexp: GoRegExp } | { readonly kind: 'error'; readonly why: string }

/** An escape, quoted text, a class, or the beginning of a group: what has to be told apart to find the named groups. */
const PIECE =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]|\((?!\?)|\(\?P?<(?<name>[A-Za-z0-9_]+)>/g

/** Names of all groups; and the pattern with repeated names made different, as Go allows them and the library doesn't. */
const groupNames = (pattern: string): { readonly names: readonly string[]; readonly unique: string } => {
  const names: string[] = []
  const unique = pattern.replaceAll(PIECE, (piece: string, ...rest: unknown[]) => {
    if (!piece.startsWith('(')) return piece
    const { name = '' } = rest.at(-1) as { readonly name?: string }
    const repeated = name !== '' && names.includes(name)
    names.push(name)
    return repeated ? `(?P<${name}__${names.length}>` : piece
  })
  return { names, unique }
}

const groupsOf = (matcher: Matcher, count: number): Groups => {
  const groups: (string | null)[] = []
  for (let group = 0; group <= count; group += 1) groups.push(matcher.group(group))
  return groups
}

/** Units of the character at `at`. */
const width = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)

function* matchesOf(compiled: RE2JS, text: string): Generator<Matcher> {
  const matcher = compiled.matcher(text)
  let last = -1
  for (let at = 0; at <= text.length && matcher.find(at);) {
    const [start, end] = [matcher.start(), matcher.end()]
    if (end > last || start === 0) yield matcher
    last = end
    at = Math.max(end, at + width(text, at))
  }
}

const wrapped = (source: string, compiled: RE2JS, names: readonly string[]): GoRegExp => ({
  source,
  names,
  test: (text) => compiled.test(text),
  find: (text) => {
    const matcher = compiled.matcher(text)
    return matcher.find() ? groupsOf(matcher, names.length) : null
  },
  matches: (text) => matchesOf(compiled, text),
})

/** Compiles a pattern; the reason it is refused for is Go's, as far as the library gives it. */
export const compileGoRegExp = (pattern: string): CompiledRegExp => {
  const { names, unique } = groupNames(pattern)
  try {
    return { kind: 'ok', regexp: wrapped(pattern, RE2JS.compile(unique), names) }
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const why = error.message.replace(/^error parsing regexp: /, '')
    return { kind: 'error', why: `error parsing regexp: ${why}` }
  }
}
