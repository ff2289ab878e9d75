/** Offset behind the brace that closes the selector at `from`. */
export const selectorEnd = (text: string, from: number): number => {
  let quote = ''
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (quote === '"' && char === '\\') at += 1
    else if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === '`') quote = char
    else if (char === '}') return at + 1
  }
  return text.length
}
