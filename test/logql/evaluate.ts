import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import type { MetricQuery } from '../../src/logql/ast.ts'
import { evaluateInstant, evaluateRange, type EvaluatedBy } from '../../src/logql/evaluate.ts'
import { formatGoFloat } from '../../src/logql/go-number.ts'
import { labelsOf } from '../../src/logql/metric.ts'
import { parseQuery } from '../../src/logql/parse.ts'
import { StreamIndex } from '../../src/logql/store.ts'

const SECOND_NS = 1_000_000_000n
const at = (seconds: number): bigint => BigInt(seconds) * SECOND_NS

const metric = (text: string): MetricQuery => {
  const parsed = parseQuery(text)
  if (parsed.kind === 'error' || parsed.query.kind === 'log') throw new Error(`no metric query: ${text}`)
  return parsed.query
}

const instant = (index: StreamIndex, text: string, seconds = 1000, by: EvaluatedBy = 'ruler'): unknown => {
  const outcome = evaluateInstant(index, metric(text), { timeNs: at(seconds), by })
  if (outcome.kind !== 'vector') return outcome
  return outcome.samples.map(({ metric: labels, value }) => [labelsOf(labels), value])
}

const small = (): StreamIndex => {
  const index = new StreamIndex()
  for (const [namespace, seconds, value] of [
    ['shop', 990, '3'],
    ['shop', 970, '1'],
    ['batch', 980, '5'],
    ['shop', 980, '2'],
  ] as const) {
    index.add({ namespace }, [{ timestampNs: at(seconds), line: `v=${value}`, metadata: [['v', value]] }])
  }
  return index
}

t.test('entries may come in any order', (t) => {
  t.strictSame(instant(small(), 'first_over_time({namespace="shop"} | unwrap v [1m]) by (namespace)'), [
    [{ namespace: 'shop' }, 1],
  ])
  t.strictSame(instant(small(), 'last_over_time({namespace=~".+"} | unwrap v [25s]) by ()'), [[{}, 3]])
  t.strictSame(instant(small(), 'rate_counter({namespace="shop"} | unwrap v [40s])'), [[{ namespace: 'shop' }, 0.1]])
  t.end()
})

t.test('a range query slides its window over each series once', (t) => {
  const outcome = evaluateRange(small(), metric('sum by (namespace) (count_over_time({namespace=~".+"}[20s]))'), {
    startNs: at(965),
    endNs: at(1005),
    stepNs: at(10),
    by: 'frontend',
  })
  const series =
    outcome.kind === 'matrix'
      ? outcome.series.map(({ metric: labels, points }) => [
          labelsOf(labels),
          points.map(({ timeNs, value }) => [Number(timeNs / SECOND_NS), value]),
        ])
      : outcome
  t.strictSame(series, [
    [
      { namespace: 'batch' },
      [
        [980, 1],
        [990, 1],
      ],
    ],
    [
      { namespace: 'shop' },
      [
        [970, 1],
        [980, 2],
        [990, 2],
        [1000, 1],
      ],
    ],
  ])
  t.end()
})

t.test('the limit of series is on the result; the frontend of Loki has it on the parts of a query too', (t) => {
  const index = new StreamIndex()
  for (let i = 0; i < 501; i += 1) {
    index.add({ job: 'a' }, [{ timestampNs: at(990), line: 'x', metadata: [['name', `pod-${i}`]] }])
  }
  const tooMany = { kind: 'error', status: 400, message: /^maximum number of series \(500\) reached/ }
  t.match(instant(index, 'count_over_time({job="a"}[1m])'), tooMany)
  t.strictSame(instant(index, 'count_over_time({job="a"}[1m]) > 1'), [])
  t.match(instant(index, 'count_over_time({job="a"}[1m]) > 1', 1000, 'frontend'), tooMany)
  t.strictSame(instant(index, 'count(count_over_time({job="a"}[1m]))', 1000, 'frontend'), [[{}, 501]])
  t.strictSame(instant(index, 'count_over_time({job="a"}[2h]) > 1', 1000, 'frontend'), [], 'cut by the hour instead')
  t.end()
})

t.test('matches the samples of two sides, and refuses what is not unique', (t) => {
  const index = small()
  const counted = 'sum by (namespace, v) (count_over_time({namespace=~".+"}[1m]))'
  const whole = 'sum by (namespace) (count_over_time({namespace=~".+"}[1m]))'
  t.strictSame(instant(index, `${whole} - on (namespace) group_right ${counted}`), [
    [{ namespace: 'batch', v: '5' }, 0],
    [{ namespace: 'shop', v: '1' }, 2],
    [{ namespace: 'shop', v: '2' }, 2],
    [{ namespace: 'shop', v: '3' }, 2],
  ])
  t.match(instant(index, `${whole} / on (namespace) ${counted}`), {
    status: 500,
    message: /found duplicate series on the right hand-side/,
  })
  t.match(instant(index, `${counted} / on (namespace) ${whole}`), {
    status: 500,
    message: /many-to-one matching must be explicit/,
  })
  t.match(instant(index, '1 / 0'), { kind: 'error', status: 400, message: '1 / 0 is not a number' })
  t.strictSame(instant(index, `approx_topk(1, ${whole})`), [[{ namespace: 'shop' }, 3]])
  t.end()
})

t.test('writes numbers as Go does', (t) => {
  for (const [value, text] of [
    [1e21, '1000000000000000000000'],
    [-1.5e22, '-15000000000000000000000'],
    [1.25e-7, '0.000000125'],
    [-0, '-0'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
    [0.1, '0.1'],
  ] as const) {
    t.equal(formatGoFloat(value), text)
  }
  t.end()
})

t.test('counts at steps are those of each window by itself, however steps and windows lie', (t) => {
  const entry = fc.record({
    seconds: fc.integer({ min: 0, max: 120 }),
    stream: fc.constantFrom('a', 'b'),
    size: fc.nat(3),
  })
  const ns = (seconds: number): bigint => BigInt(seconds) * SECOND_NS
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 40 }),
      fc.record({ step: fc.integer({ min: 1, max: 20 }), range: fc.integer({ min: 1, max: 60 }), offset: fc.nat(20) }),
      fc.constantFrom('count_over_time', 'bytes_over_time', 'rate', 'bytes_rate'),
      (entries, { step, range, offset }, op) => {
        const index = new StreamIndex()
        for (const { seconds, stream, size } of entries) {
          index.add({ stream }, [{ timestampNs: ns(seconds), line: 'x'.repeat(size), metadata: [] }])
        }
        const outcome = evaluateRange(index, metric(`${op}({stream=~"a|b"}[${range}s] offset ${offset}s)`), {
          startNs: ns(0),
          endNs: ns(step * 15),
          stepNs: ns(step),
          by: 'ruler',
        })
        if (outcome.kind !== 'matrix') throw new Error(outcome.kind)
        const found = outcome.series.flatMap(({ metric: labels, points }) =>
          points.map(({ timeNs, value }) => [labelsOf(labels)['stream'], Number(timeNs / SECOND_NS), value] as const),
        )
        const expected = ['a', 'b'].flatMap((stream) =>
          Array.from({ length: 16 }, (_, at) => at * step).flatMap((seconds) => {
            const end = seconds - offset
            const inside = entries.filter(
              (one) => one.stream === stream && one.seconds > end - range && one.seconds <= end,
            )
            const counted = op.startsWith('bytes') ? inside.reduce((sum, { size }) => sum + size, 0) : inside.length
            return inside.length === 0
              ? []
              : [[stream, seconds, op.endsWith('rate') ? counted / range : counted] as const]
          }),
        )
        deepStrictEqual(found.toSorted(), expected.toSorted())
      },
    ),
  )
  t.end()
})
