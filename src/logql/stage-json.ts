import type { Extraction } from './ast.ts'
import type { EntryLabels } from './entry-labels.ts'
import { type JsonPath, lookUp, parseJsonPath } from './json-path.ts'
import { type BrokenJson, eachPair, ENOUGH, jsonText, type JsonValue } from './json-scan.ts'
import { labelName, nestedName } from './label-name.ts'
import type { Step } from './step.ts'

/** An object in a line: where it begins, the beginning of its labels' names, and how deep it lies. */
type Place = { readonly from: number; readonly prefix: string; readonly depth: number }

const readObject = (line: string, { from, prefix, depth }: Place, labels: EntryLabels): string | null => {
  const read = (key: string, value: JsonValue | BrokenJson): string | null => {
    if (value.kind === 'broken') return null
    const name = nestedName(prefix, key)
    if (value.kind === 'object') {
      const inner = { from: value.from, prefix: name, depth: depth + 1 }
      return labels.wantsPrefix(name) ? readObject(line, inner, labels) : null
    }
    if (value.kind === 'array' || value.kind === 'null') return null
    const text = value.kind === 'string' ? jsonText(line, value) : line.slice(value.from, value.to)
    if (name !== '') labels.extract(name, text)
    return labels.isComplete ? ENOUGH : null
  }
  return eachPair(line, from, read, depth)
}

/** `| json`: every scalar becomes a label, named by its path; arrays and nulls do not. */
export const jsonStep: Step = (line, labels) => {
  if (labels.isComplete) return line
  const problem = readObject(line, { from: 0, prefix: '', depth: 0 }, labels)
  if (problem !== null && problem !== ENOUGH) labels.failParsing('JSONParserErr', problem)
  return labels.isRefused ? null : line
}

const expressionText = (line: string, value: JsonValue): string => {
  if (value.kind === 'null') return ''
  return value.kind === 'object' ? line.slice(value.from, value.to) : jsonText(line, value)
}

const pathOf = (expression: string): JsonPath => {
  const outcome = parseJsonPath(expression)
  if (outcome.kind === 'ok') return outcome.path
  throw new Error(`a path went unchecked: ${outcome.message}`)
}

/** `| json label="path"`: only these, and '' for what is not there. */
export const jsonExpressionStep = (extractions: readonly Extraction[]): Step => {
  const wanted = extractions.map(({ label, expression }) => ({ label, path: pathOf(expression) }))
  return (line, labels) => {
    if (line === '' || labels.isComplete) return line
    if (!/^["{[]/.test(line)) {
      labels.failParsing('JSONParserErr', '')
      return line
    }
    for (const { label, path } of wanted) {
      const lookup = lookUp(line, path)
      if (lookup.kind === 'broken') labels.failParsing('JSONParserErr', lookup.message)
      if (lookup.kind !== 'found') continue
      labels.set(labels.clashes(label) ? `${label}_extracted` : label, expressionText(line, lookup.value))
    }
    for (const { label } of wanted) if (labels.get(label) === undefined) labels.set(label, '')
    return line
  }
}

/** Where Promtail's `pack` stage puts the line. */
const PACKED = '_entry'

/** `| unpack`: undoes Promtail's `pack` stage; what is not packed stays as it is. */
export const unpackStep: Step = (line, labels) => {
  if (line === '' || labels.isComplete) return line
  if (!line.startsWith('{')) {
    labels.failParsing('JSONParserErr', 'expecting json object(6), but it is not')
    return line
  }
  const found: (readonly [string, string])[] = []
  const entries: string[] = []
  const outcome = eachPair(line, 0, (key, value) => {
    if (value.kind !== 'string') return null
    if (key === PACKED) entries.push(jsonText(line, value))
    else found.push([labelName(key), jsonText(line, value)])
    return null
  })
  if (outcome !== null) {
    labels.failParsing('JSONParserErr', outcome)
    return line
  }
  const entry = entries.at(-1)
  if (entry === undefined) return line
  for (const [name, value] of found) labels.extract(name, value)
  return labels.isRefused ? null : entry
}
