import type { Extraction, LabelChoice, LabelFilter, LabelFormat, Matcher, Stage } from './ast.ts'

/** A text between double quotes. */
export const quoted = (text: string): string => JSON.stringify(text)

/** `name="value"`. */
export const printMatcher = ({ name, op, value }: Matcher): string => `${name}${op}${quoted(value)}`

const SECOND = 1e9

/** A duration as the parser reads it back. */
export const printDuration = (ns: bigint): string => `${ns}ns`

/** A label filter, with all its parentheses. */
export const printFilter = (filter: LabelFilter): string => {
  switch (filter.kind) {
    case 'string':
      return printMatcher(filter.matcher)
    case 'number':
      return `${filter.name}${filter.op}${filter.value}`
    case 'duration':
      return `${filter.name}${filter.op}${printDuration(BigInt(Math.round(filter.value * SECOND)))}`
    case 'bytes':
      return `${filter.name}${filter.op}${filter.value}B`
    case 'ip':
      return `${filter.name}${filter.op}ip(${quoted(filter.value)})`
    case 'and':
      return `( ${printFilter(filter.left)} , ${printFilter(filter.right)} )`
    case 'or':
      return `( ${printFilter(filter.left)} or ${printFilter(filter.right)} )`
  }
}

const printExtractions = (extractions: readonly Extraction[]): string =>
  extractions.map(({ label, expression }) => `${label}=${quoted(expression)}`).join(',')

const printFormats = (formats: readonly LabelFormat[]): string =>
  formats
    .map((format) =>
      format.kind === 'rename' ? `${format.to}=${format.from}` : `${format.to}=${quoted(format.template)}`,
    )
    .join(',')

const printChoices = (choices: readonly LabelChoice[]): string =>
  choices.map(({ name, matcher }) => (matcher === null ? name : printMatcher(matcher))).join(',')

/** A stage as Loki writes it in messages, and as the parser reads it back. */
export const printStage = (stage: Stage): string => {
  switch (stage.kind) {
    case 'line_filter': {
      const matches = stage.matches.map(({ kind, value }) => (kind === 'ip' ? `ip(${quoted(value)})` : quoted(value)))
      return `${stage.op} ${matches.join(' or ')}`
    }
    case 'label_filter':
      return `| ${printFilter(stage.filter)}`
    case 'json':
      return `| json ${printExtractions(stage.extractions)}`.trimEnd()
    case 'logfmt': {
      const flags = `${stage.strict ? '--strict ' : ''}${stage.keepEmpty ? '--keep-empty ' : ''}`
      return `| logfmt ${flags}${printExtractions(stage.extractions)}`.trimEnd()
    }
    case 'regexp':
    case 'pattern':
      return `| ${stage.kind} ${quoted(stage.pattern)}`
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`
    case 'line_format':
      return `| line_format ${quoted(stage.template)}`
    case 'label_format':
      return `| label_format ${printFormats(stage.formats)}`
    case 'drop':
    case 'keep':
      return `| ${stage.kind} ${printChoices(stage.choices)}`
  }
}
