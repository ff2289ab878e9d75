/** `+3`, `-03`: how long; 0: none, or more than 23 hours. */
const signedHours = (text: string): number => {
  const match = /^[+-](\d+)/.exec(text)
  return match === null || Number(match[1]) > 23 ? 0 : match[0].length
}

/**
 * How long the abbreviation of a zone is that a text begins with, by Go's rules (time.parseTimeZone): three capitals,
 * four or five that end in T, and a few oddities. 0: none.
 */
export const zoneNameLength = (text: string): number => {
  if (text.length < 3) return 0
  if (text.startsWith('ChST') || text.startsWith('MeST')) return 4
  if (text.startsWith('GMT')) return 3 + signedHours(text.slice(3))
  if (/^[+-]/.test(text)) return signedHours(text)
  const capitals = /^[A-Z]{0,6}/.exec(text)?.[0] ?? ''
  if (capitals.length === 3) return 3
  if (capitals.length === 4) return capitals.endsWith('T') || capitals === 'WITA' ? 4 : 0
  return capitals.length === 5 && capitals.endsWith('T') ? 5 : 0
}
