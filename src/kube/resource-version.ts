/**
 * Compares two resourceVersions of one resource type as unbounded decimal integers: shorter is smaller, then text
 * decides. Never as `Number`: they may have up to 39 digits (KEP-5504).
 *
 * @returns negative, 0 or positive, as `Array.prototype.sort` wants it.
 */
export const compareResourceVersions = (a: string, b: string): number => {
  if (a.length !== b.length) return a.length - b.length
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** "0" or digits without a leading zero, at most 39 of them (128 bit): what the API server gives for events. */
export const isResourceVersion = (text: unknown): text is string =>
  typeof text === 'string' && /^(?:0|[1-9][0-9]{0,38})$/.test(text)
