import type { BinaryOperator, Matching, MetricQuery } from './ast.ts'
import { EvaluationError } from './evaluation-error.ts'
import { dropLabels, keepLabels, labelOf, setLabel, type Metric, type Sample, type Vector } from './metric.ts'
import type { Steps } from './steps.ts'

export type BinaryQuery = Extract<MetricQuery, { kind: 'binary' }>

type Arithmetic = '+' | '-' | '*' | '/' | '%' | '^'
type Comparison = '==' | '!=' | '>' | '>=' | '<' | '<='

/** Go's math.Pow, which knows 1 and -1 to infinite powers. */
const power = (base: number, exponent: number): number => {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1
  return Math.pow(base, exponent)
}

const ARITHMETIC: Readonly<Record<Arithmetic, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => (right === 0 ? NaN : left / right),
  '%': (left, right) => (right === 0 ? NaN : left % right),
  '^': power,
}

const COMPARISONS: Readonly<Record<Comparison, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
}

const isComparison = (op: BinaryOperator): op is Comparison => Object.hasOwn(COMPARISONS, op)
const isArithmetic = (op: BinaryOperator): op is Arithmetic => Object.hasOwn(ARITHMETIC, op)

/** Between two numbers a comparison is 0 or 1. */
export const scalarResult = (op: BinaryOperator, left: number, right: number): number => {
  if (isComparison(op)) return COMPARISONS[op](left, right) ? 1 : 0
  if (isArithmetic(op)) return ARITHMETIC[op](left, right)
  throw new EvaluationError(`unexpected literal for a leg of logical/set binary operation (${op})`)
}

/** Two numbers with the one that a comparison passes on; null: the sample is filtered away. */
type Pair = { readonly left: number; readonly right: number; readonly passedOn: number }

const merged = (query: BinaryQuery, { left, right, passedOn }: Pair): number | null => {
  if (!isComparison(query.op)) return scalarResult(query.op, left, right)
  const holds = COMPARISONS[query.op](left, right)
  if (query.returnBool) return holds ? 1 : 0
  return holds ? passedOn : null
}

/** A number on one side, a vector on the other. */
export type Mixed = { readonly scalar: number; readonly side: 'left' | 'right'; readonly of: Steps }

/** A comparison passes on what the vector had, on whichever side it stands. */
export const withScalar =
  (query: BinaryQuery, { scalar, side, of }: Mixed): Steps =>
  () =>
    of().flatMap(({ metric, value }) => {
      const [left, right] = side === 'left' ? [scalar, value] : [value, scalar]
      const result = merged(query, { left, right, passedOn: value })
      return result === null ? [] : [{ metric, value: result }]
    })

type Signature = (metric: Metric) => string

const signatureOf = (matching: Matching | null): Signature => {
  const known = new Map<string, string>()
  return (metric) => {
    let signature = known.get(metric.key)
    if (signature === undefined) {
      const names = matching?.labels ?? []
      signature = (matching?.on === true ? keepLabels(metric, names) : dropLabels(metric, names)).key
      known.set(metric.key, signature)
    }
    return signature
  }
}

const resultMetric = (many: Metric, one: Metric, matching: Matching | null): Metric => {
  if (matching === null) return dropLabels(many, [])
  let metric = dropLabels(many, [])
  if (matching.group === 'one-to-one') {
    metric = matching.on ? keepLabels(many, matching.labels) : dropLabels(many, matching.labels)
  }
  for (const name of matching.include) metric = setLabel(metric, name, labelOf(one, name))
  return metric
}

const duplicate = (isRight: boolean): EvaluationError =>
  new EvaluationError(
    `found duplicate series on the ${isRight ? 'right' : 'left'} hand-side;many-to-many matching not allowed: ` +
      'matching labels must be unique on one side',
    500,
  )

const bySignature = (samples: Vector, signature: Signature, isRight: boolean): ReadonlyMap<string, Sample> => {
  const found = new Map<string, Sample>()
  for (const sample of samples) {
    const key = signature(sample.metric)
    if (found.has(key)) throw duplicate(isRight)
    found.set(key, sample)
  }
  return found
}

/** Refuses what would give two samples to one series. */
const claim = (taken: Set<string>, isOneToOne: boolean, claimed: string): void => {
  if (taken.has(claimed)) {
    const why = isOneToOne
      ? 'many-to-one matching must be explicit (group_left/group_right)'
      : 'grouping labels must ensure unique matches'
    throw new EvaluationError(`multiple matches for labels: ${why}`, 500)
  }
  taken.add(claimed)
}

const joined = (query: BinaryQuery, signature: Signature, left: Vector, right: Vector): Vector => {
  const group = query.matching?.group ?? 'one-to-one'
  const [many, one] = group === 'group_right' ? [right, left] : [left, right]
  const partners = bySignature(one, signature, group !== 'group_right')
  const taken = new Set<string>()
  const results: Sample[] = []
  for (const sample of many) {
    const key = signature(sample.metric)
    const partner = partners.get(key)
    if (partner === undefined) continue
    const metric = resultMetric(sample.metric, partner.metric, query.matching)
    claim(taken, group === 'one-to-one', group === 'one-to-one' ? key : `${key} ${metric.key}`)
    const [leftValue, rightValue] =
      group === 'group_right' ? [partner.value, sample.value] : [sample.value, partner.value]
    const value = merged(query, { left: leftValue, right: rightValue, passedOn: leftValue })
    if (value !== null) results.push({ metric, value })
  }
  return results
}

const setOperation = (op: 'and' | 'or' | 'unless', signature: Signature, left: Vector, right: Vector): Vector => {
  if (op === 'or' && (left.length === 0 || right.length === 0)) return left.length === 0 ? right : left
  const signatures = (vector: Vector): Set<string> => new Set(vector.map(({ metric }) => signature(metric)))
  if (op === 'or') {
    const there = signatures(left)
    return [...left, ...right.filter(({ metric }) => !there.has(signature(metric)))]
  }
  const others = signatures(right)
  return left.filter(({ metric }) => others.has(signature(metric)) === (op === 'and'))
}

/** A vector on each side. */
export const withVector = (query: BinaryQuery, left: Steps, right: Steps): Steps => {
  const signature = signatureOf(query.matching)
  return () => {
    const rightVector = right()
    const leftVector = left()
    return query.op === 'and' || query.op === 'or' || query.op === 'unless'
      ? setOperation(query.op, signature, leftVector, rightVector)
      : joined(query, signature, leftVector, rightVector)
  }
}
