/** How much a client wants a media type, 0..1: the most specific range of its `Accept` header counts (RFC 9110, 12.5.1). */
const weight = (accept: string, type: string): number => {
  const [family = ''] = type.split('/')
  const ranges = [type, `${family}/*`, '*/*']
  let best = { rank: ranges.length, q: 0 }
  for (const item of accept.split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const rank = ranges.indexOf(range)
    if (rank < 0 || rank >= best.rank) continue
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    best = { rank, q: q === undefined ? 1 : Number(q.slice(2)) || 0 }
  }
  return best.q
}

/** Whether JSON is wanted more than HTML; without a preference it is not. */
export const wantsJson = (accept: string | undefined): boolean =>
  accept !== undefined && weight(accept, 'application/json') > weight(accept, 'text/html')
