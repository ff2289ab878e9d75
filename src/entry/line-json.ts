import { createFieldWriter } from './line-fields.ts'
import type { LineWriter } from './line.ts'
import { ANNOTATIONS_KEY } from './names.ts'
import { jsonText } from './quoting.ts'

/** The same fields as a JSON object; counts are numbers, `annotations` is an object. */
export const writeJsonLine: LineWriter = createFieldWriter({
  begin: (level) => `{"level":"${level}"`,
  end: '}',
  prefix: (key) => `,"${key}":`,
  quote: jsonText,
  annotations: (pairs) => {
    const members = pairs.map(([name, value]) => `${jsonText(name)}:${jsonText(value)}`)
    return `,"${ANNOTATIONS_KEY}":{${members.join(',')}}`
  },
})
