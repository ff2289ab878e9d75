import { Parser, type CST } from 'yaml'

/** No key of ours lies deeper than this, and the YAML composer is recursive. */
const MAX_DEPTH = 64

const isToken = (value: CST.Token | null | undefined): value is CST.Token => value !== null && value !== undefined

const inside = (token: CST.Token): CST.Token[] => {
  if (token.type === 'document') return [token.value].filter(isToken)
  if (!('items' in token)) return []
  return token.items.flatMap((item) => [item.key, item.value]).filter(isToken)
}

/** The offset of a mapping or list that lies deeper than in any configuration, or null. */
export const tooDeepAt = (text: string): number | null => {
  const waiting: { readonly token: CST.Token; readonly depth: number }[] = []
  for (const token of new Parser().parse(text)) waiting.push({ token, depth: 0 })
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next
    if (depth > MAX_DEPTH) return token.offset
    for (const child of inside(token)) waiting.push({ token: child, depth: depth + 1 })
  }
  return null
}
