/** Longer texts are seldom seen twice, and would cost memory. */
const MAX_KEY_LENGTH = 256

/**
 * `compute`, which must depend on its text alone, with its answers remembered: at most `size` of them, all of which are
 * forgotten when there are more.
 */
export const remembered = <T>(compute: (text: string) => T, size = 1000): ((text: string) => T) => {
  const answers = new Map<string, { readonly value: T }>()
  return (text) => {
    if (text.length > MAX_KEY_LENGTH) return compute(text)
    const known = answers.get(text)
    if (known !== undefined) return known.value
    const value = compute(text)
    if (answers.size >= size) answers.clear()
    answers.set(text, { value })
    return value
  }
}
