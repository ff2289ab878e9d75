/** Fields of one CSV record; a quoted field may hold commas and doubled quotes. Null when a quote is left open. */
const csvFields = (text: string): string[] | null => {
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/y
  while (field.lastIndex < text.length) {
    const match = field.exec(text)
    if (match === null) return null
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
  }
  return fields
}

const pair = (field: string): readonly [name: string, value: string] | null => {
  const equals = field.indexOf('=')
  return equals < 0 ? null : [field.slice(0, equals), field.slice(equals + 1)]
}

/**
 * Labels of `-client.external-labels`, as Promtail reads them (pkg/util/flagext/labelset.go): one pair `name=value`, its
 * value perhaps in quotes, or several as one CSV record. Null when it is neither.
 */
export const parseLabelFlag = (text: string): readonly (readonly [name: string, value: string])[] | null => {
  if (text.split('=').length === 2) {
    const single = pair(text)
    return single && [[single[0], single[1].replace(/^"+|"+$/g, '')]]
  }
  const pairs = text === '' ? [null] : (csvFields(text)?.map(pair) ?? [null])
  const complete = pairs.filter((each) => each !== null)
  return complete.length === pairs.length ? complete : null
}
