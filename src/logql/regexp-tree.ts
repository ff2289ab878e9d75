/**
 * Patterns of texts, `.*`, `.+`, groups and alternatives as the tree that Go's parser (regexp/syntax) makes of them;
 * everything else in a pattern is `other`. The tree matters because Loki decides by its shape how a filter is run.
 */
export type RegExpTree =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'empty' }
  /** `.*` */
  | { readonly kind: 'anything' }
  /** `.+` */
  | { readonly kind: 'something' }
  | { readonly kind: 'sequence' | 'alternatives'; readonly parts: readonly RegExpTree[] }
  | { readonly kind: 'other' }

const EMPTY: RegExpTree = { kind: 'empty' }
const OTHER: RegExpTree = { kind: 'other' }

/** Longer patterns, and deeper ones, are left alone. */
const MAX_LENGTH = 4096
const MAX_DEPTH = 20

const TOKEN = /(\.[*+]\??)|(\((?:\?:)?)|(\))|(\|)|\\([^\p{L}\p{N}\s])|([^\\^$.|?*+()[\]{}])/uy
const QUANTIFIER = /[*+?{]/

const joined = (parts: readonly RegExpTree[]): RegExpTree => {
  const merged: RegExpTree[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (part.kind === 'text' && last?.kind === 'text')
      merged[merged.length - 1] = { kind: 'text', text: last.text + part.text }
    else merged.push(part)
  }
  const [only, ...more] = merged
  if (only === undefined) return EMPTY
  return more.length === 0 ? only : { kind: 'sequence', parts: merged }
}

/** The text that every match of it begins with. */
const leading = (tree: RegExpTree): string => {
  const first = tree.kind === 'sequence' ? tree.parts[0] : tree
  return first?.kind === 'text' ? first.text : ''
}

const withoutLeading = (tree: RegExpTree, length: number): RegExpTree => {
  if (tree.kind === 'text') return tree.text.length === length ? EMPTY : { kind: 'text', text: tree.text.slice(length) }
  if (tree.kind !== 'sequence') return tree
  const [first, ...rest] = tree.parts
  if (first?.kind !== 'text') return tree
  const short = withoutLeading(first, length)
  const parts = short.kind === 'empty' ? rest : [short, ...rest]
  const [only, ...more] = parts
  return only !== undefined && more.length === 0 ? only : { kind: 'sequence', parts }
}

const isCharacter = (tree: RegExpTree): boolean => tree.kind === 'text' && /^.$/su.test(tree.text)

const commonPrefix = (left: string, right: string): string => {
  let length = 0
  while (length < left.length && left[length] === right[length]) length += 1
  // A character of two units is not cut in half.
  return /[\ud800-\udbff]$/.test(left.slice(0, length)) ? left.slice(0, length - 1) : left.slice(0, length)
}

/** Neighbours that begin alike share their beginning: `ab|ac` is `a(?:b|c)`. */
const factored = (parts: readonly RegExpTree[]): readonly RegExpTree[] => {
  const done: RegExpTree[] = []
  for (let at = 0; at < parts.length;) {
    let prefix = leading(parts[at] ?? EMPTY)
    let end = at + 1
    while (end < parts.length) {
      const shared = commonPrefix(prefix, leading(parts[end] ?? EMPTY))
      if (shared === '') break
      prefix = shared
      end += 1
    }
    const run = parts.slice(at, end)
    if (run.length === 1) done.push(...run)
    else {
      const suffix = alternatives(run.map((part) => withoutLeading(part, prefix.length)))
      done.push({ kind: 'sequence', parts: [{ kind: 'text', text: prefix }, suffix] })
    }
    at = end
  }
  return done
}

const alternatives = (parts: readonly RegExpTree[]): RegExpTree => {
  const flat = parts.flatMap((part) => (part.kind === 'alternatives' ? part.parts : [part]))
  const list = factored(flat).filter((part, index, all) => part.kind !== 'empty' || all[index - 1]?.kind !== 'empty')
  // Two single characters side by side become a class.
  if (list.some((part, index) => isCharacter(part) && isCharacter(list[index + 1] ?? EMPTY))) return OTHER
  const [only, ...more] = list
  return only !== undefined && more.length === 0 ? only : { kind: 'alternatives', parts: list }
}

class TreeReader {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  /** @returns null: something that this does not know */
  read(depth: number): RegExpTree | null {
    const branches: RegExpTree[] = []
    let parts: RegExpTree[] = []
    while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== ')') {
      TOKEN.lastIndex = this.#at
      const [token, dots, open, , bar, escaped, plain] = TOKEN.exec(this.#pattern) ?? []
      if (token === undefined) return null
      this.#at += token.length
      if (bar !== undefined) {
        branches.push(joined(parts))
        parts = []
        continue
      }
      const part = this.#part({ dots, open, text: escaped ?? plain ?? '' }, depth)
      if (part === null || QUANTIFIER.test(this.#pattern[this.#at] ?? '')) return null
      parts.push(part)
    }
    return branches.length === 0 ? joined(parts) : alternatives([...branches, joined(parts)])
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length
  }

  #part(token: { dots: string | undefined; open: string | undefined; text: string }, depth: number): RegExpTree | null {
    if (token.dots !== undefined) return { kind: token.dots.startsWith('.*') ? 'anything' : 'something' }
    if (token.open === undefined) return { kind: 'text', text: token.text }
    const inner = depth >= MAX_DEPTH ? null : this.read(depth + 1)
    if (inner === null || this.#pattern[this.#at] !== ')') return null
    this.#at += 1
    return inner
  }
}

/** The tree of a pattern without flags. */
export const regExpTree = (pattern: string): RegExpTree => {
  if (pattern.length > MAX_LENGTH) return OTHER
  const reader = new TreeReader(pattern)
  const tree = reader.read(0)
  return tree === null || !reader.isAtEnd ? OTHER : tree
}
