import type { Grouping, LogQuery, Matching, MetricQuery, Query, Unwrap } from './ast.ts'
import { printPrometheusDuration } from './duration.ts'
import { printDuration, printFilter, printMatcher, printStage, quoted } from './print-stage.ts'

const printGrouping = (grouping: Grouping | null): string =>
  grouping === null ? '' : ` ${grouping.kind} (${grouping.labels.join(', ')})`

const printMatching = (matching: Matching | null): string => {
  if (matching === null) return ''
  const on = ` ${matching.on ? 'on' : 'ignoring'} (${matching.labels.join(', ')})`
  return matching.group === 'one-to-one' ? on : `${on} ${matching.group} (${matching.include.join(', ')})`
}

const printLog = ({ matchers, stages }: LogQuery): string =>
  [`{${matchers.map(printMatcher).join(', ')}}`, ...stages.map(printStage)].join(' ')

const printUnwrap = ({ label, conversion, filters }: Unwrap): string => {
  const unwrapped = conversion === 'number' ? label : `${conversion}(${label})`
  return [` | unwrap ${unwrapped}`, ...filters.map((filter) => `| ${printFilter(filter)}`)].join(' ')
}

const printRangeQuery = (query: Extract<MetricQuery, { kind: 'range' }>): string => {
  const parameter = query.parameter === null ? '' : `${query.parameter}, `
  const unwrap = query.unwrap === null ? '' : printUnwrap(query.unwrap)
  const offset = query.offsetNs === 0n ? '' : ` offset ${printDuration(query.offsetNs)}`
  const range = `${printLog(query.log)}${unwrap} [${printPrometheusDuration(query.rangeNs)}]${offset}`
  return `${query.op}(${parameter}${range})${printGrouping(query.grouping)}`
}

/** A query in one form for all its spellings, which parses to the same tree. */
export const printQuery = (query: Query): string => {
  switch (query.kind) {
    case 'log':
      return printLog(query)
    case 'range':
      return printRangeQuery(query)
    case 'vector': {
      const parameter = query.parameter === null ? '' : `${query.parameter}, `
      return `${query.op}${printGrouping(query.grouping)} (${parameter}${printQuery(query.of)})`
    }
    case 'binary': {
      const modifier = `${query.returnBool ? ' bool' : ''}${printMatching(query.matching)}`
      return `(${printQuery(query.left)} ${query.op}${modifier} ${printQuery(query.right)})`
    }
    case 'number':
      return String(query.value)
    case 'vector_of':
      return `vector(${query.value})`
    case 'label_replace': {
      const { of, target, replacement, source, pattern } = query
      return `label_replace(${[printQuery(of), ...[target, replacement, source, pattern].map(quoted)].join(', ')})`
    }
  }
}
