/** What a variable of a dashboard stands for. */
export type VariableValue = {
  readonly values: readonly string[]
  /** Several can be chosen, or all: then Grafana escapes them for a regular expression and puts `|` between. */
  readonly isMulti: boolean
  /** `allValue` of the variable, which "All" stands for as it is; null: something else was chosen. */
  readonly all: string | null
}

/** Whose queries are interpolated; each data source has its own default format. */
export type Dialect = 'loki' | 'prometheus'

const METACHARACTERS = /[$^*{}[\]+?.()|\\/]/g

const escaped = (value: string): string => value.replace(METACHARACTERS, String.raw`\$&`)

/**
 * As the data source of Loki escapes a value for a regular expression within double quotes (datasource.ts:
 * lokiSpecialRegexEscape), hence each backslash twice.
 */
const lokiEscaped = (value: string): string =>
  value
    .replace(/\\/g, String.raw`\\\\`)
    .replace(/[$^*{}[\]+?.()|]/g, String.raw`\\$&`)
    .replace(/'/g, String.raw`\\'`)

/** As Prometheus' (escaping.ts: prometheusSpecialRegexEscape). */
const prometheusEscaped = (value: string): string =>
  value.replace(/\\/g, String.raw`\\\\`).replace(/[$^*{}[\]'+?.()|]/g, String.raw`\\$&`)

const inOne = (values: readonly string[]): string => (values.length === 1 ? (values[0] ?? '') : `(${values.join('|')})`)

const byDefault = ({ values, isMulti }: VariableValue, dialect: Dialect): string => {
  if (!isMulti) {
    const [value = ''] = values
    return dialect === 'loki' ? value.replace(/'/g, String.raw`\\'`) : value.replace(/\\/g, String.raw`\\`)
  }
  return dialect === 'loki' ? values.map(lokiEscaped).join('|') : inOne(values.map(prometheusEscaped))
}

/** Grafana's formats by name (docs: "Advanced variable format options"). */
const FORMATS: Readonly<Record<string, (values: readonly string[], name: string) => string>> = {
  raw: (values) => values.join(','),
  text: (values) => values.join(' + '),
  csv: (values) => values.join(','),
  pipe: (values) => values.join('|'),
  glob: (values) => (values.length > 1 ? `{${values.join(',')}}` : values.join('')),
  regex: (values) => inOne(values.map(escaped)),
  json: (values) => JSON.stringify(values.length === 1 ? values[0] : values),
  doublequote: (values) => values.map((value) => `"${value.replace(/"/g, String.raw`\"`)}"`).join(','),
  singlequote: (values) => values.map((value) => `'${value.replace(/'/g, String.raw`\'`)}'`).join(','),
  sqlstring: (values) => values.map((value) => `'${value.replace(/'/g, "''")}'`).join(','),
  percentencode: (values) => encodeURIComponent(values.length > 1 ? `{${values.join(',')}}` : values.join('')),
  uriencode: (values) => encodeURI(values.length > 1 ? `{${values.join(',')}}` : values.join('')),
  queryparam: (values, name) => values.map((value) => `var-${name}=${encodeURIComponent(value)}`).join('&'),
}

/** `$name`, `[[name]]`, `[[name:format]]`, `${name}`, `${name.field}`, `${name:format}`; as Grafana finds them. */
const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}/g

/** The names of variables in a text, in their order. */
export const referencesIn = (text: string): readonly string[] =>
  [...text.matchAll(REFERENCE)].map(([, plain, square, , curly]) => plain ?? square ?? curly ?? '')

const written = (name: string, format: string, value: VariableValue, dialect: Dialect): string => {
  if (value.all !== null) return format === 'queryparam' ? `var-${name}=${encodeURIComponent('$__all')}` : value.all
  const chosen = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  return chosen === undefined ? byDefault(value, dialect) : chosen(value.values, name)
}

/** A text with its variables replaced, as Grafana does before it queries. Unknown ones stay as they are. */
export const interpolate = (
  text: string,
  values: ReadonlyMap<string, VariableValue>,
  dialect: Dialect = 'loki',
): string =>
  text.replace(REFERENCE, (whole: string, ...groups: (string | undefined)[]) => {
    const [plain, square, squareFormat, curly, , curlyFormat] = groups
    const name = plain ?? square ?? curly ?? ''
    const value = values.get(name)
    return value === undefined ? whole : written(name, squareFormat ?? curlyFormat ?? '', value, dialect)
  })

/** A value that nothing is escaped in. */
export const single = (value: string): VariableValue => ({ values: [value], isMulti: false, all: null })

/** What Grafana's own variables about time are, for a range and a step in seconds. */
export const timeVariables = (times: {
  readonly rangeSeconds: number
  readonly stepSeconds: number
  readonly isInstant: boolean
}): ReadonlyMap<string, VariableValue> => {
  const { rangeSeconds, stepSeconds, isInstant } = times
  const texts: Readonly<Record<string, string>> = {
    __interval: `${stepSeconds}s`,
    __interval_ms: String(stepSeconds * 1000),
    __rate_interval: `${stepSeconds * 4}s`,
    __range: `${rangeSeconds}s`,
    __range_s: String(rangeSeconds),
    __range_ms: String(rangeSeconds * 1000),
    // Of Loki's data source alone: the whole range of an instant query, the step of another.
    __auto: `${isInstant ? rangeSeconds : stepSeconds}s`,
  }
  return new Map(Object.entries(texts).map(([name, text]) => [name, single(text)]))
}
