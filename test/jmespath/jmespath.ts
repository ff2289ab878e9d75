import fc from 'fast-check'
import t from 'tap'
import { parseJmespath } from '../../src/jmespath/jmespath.ts'
import { jsonText, type Json } from '../../src/jmespath/json-text.ts'

const search = (expression: string, value: Json): Json | { readonly failed: string } => {
  const parsed = parseJmespath(expression)
  if (parsed.kind === 'error') return { failed: parsed.why }
  const outcome = parsed.search(value)
  return outcome.kind === 'found' ? outcome.value : { failed: outcome.why }
}

const CRONJOB: Json = {
  name: 'a',
  items: [{ n: 2, k: 'x' }, { n: 1, k: 'y' }, { k: 'z' }],
  deep: { a: { b: [[1, [2]], 3] } },
}

const EXAMPLES: readonly (readonly [expression: string, value: Json])[] = [
  ['items[*].n', [2, 1]],
  ['items[?n > `1`].k | [0]', 'x'],
  ['items[-1].k', 'z'],
  ['items[::-1].k', ['z', 'y', 'x']],
  ['items[5:0:-2].k', ['z']],
  [
    'items[1:].{key: k, "odd name": n}',
    [
      { key: 'y', 'odd name': 1 },
      { key: 'z', 'odd name': null },
    ],
  ],
  ['deep.a.b[]', [1, [2], 3]],
  ['deep.*.b[][]', [1, [2], 3]],
  ['[name, items[0].n]', ['a', 2]],
  ["name == 'a' && !missing", true],
  ['missing || name', 'a'],
  ['@.name', 'a'],
  ['`{"a": [1]}`.a[0]', 1],
  ["'it\\'s'", "it's"],
  ['(items | [0]).k', 'x'],
  ['map(&k, items)', ['x', 'y', 'z']],
  ['sort_by(items[?n], &n)[*].k', ['y', 'x']],
  ['max_by(items[?n], &n).k', 'x'],
  ['merge(`{"a": 1}`, `{"a": 2, "b": 3}`)', { a: 2, b: 3 }],
  ['not_null(missing, name)', 'a'],
  ['to_array(name)', ['a']],
  ['length(items)', 3],
  ['join(`","`, items[*].k)', 'x,y,z'],
  ['keys(deep.a)', ['b']],
  ['type(&name)', { failed: 'type() of an expression' }],
  ['&name', {}],
  ['deep.*.type(@)', ['null', 'object']],
  ['deep.*.length(@)', { failed: 'invalid argument of length()' }],
  ['abs(name)[]', null],
  ['abs(name)[?a]', null],
  ['abs(name).*', null],
  ['abs(name)[*]', { failed: 'invalid argument of abs()' }],
  ['max_by(items[2:], &n).k', 'z'],
  ['sort_by(items[2:], &n)[0].k', 'z'],
  ['items[0].{a: n b: k}', { a: 2, b: 'x' }],
  ["'a\\\\b'", 'a\\\\b'],
  ['abs(name)', { failed: 'invalid argument of abs()' }],
  ['nosuch(name)', { failed: 'unknown function: nosuch' }],
  ['constructor(name)', { failed: 'unknown function: constructor' }],
  ['items[::0]', { failed: 'Invalid slice, step cannot be 0' }],
]

t.test('expressions find what the specification says', (t) => {
  for (const [expression, value] of EXAMPLES) t.strictSame(search(expression, CRONJOB), value, expression)
  t.end()
})

const MISTAKES: readonly (readonly [expression: string, why: RegExp])[] = [
  ['', /Incomplete expression/],
  ['a.', /Expected identifier, lbracket, or lbrace \(at 3\)/],
  ['a b', /Unexpected token at the end of the expression: name \(at 3\)/],
  ['a[', /Expected star|Expected/],
  ['a[1', /Expected rbracket/],
  ['"a', /Unclosed delimiter: "/],
  ['a # b', /Unknown char: "#"/],
  ['`nope`', /expected JSON/],
  ['"a"(b)', /quoted identifier/],
  ['(a)(b).c[0](d)', /function name|Unexpected/],
  ['{a}', /Expected colon/],
  ['{a: b,}', /expected a name in braces/],
  ["'a\\\\'", /Unclosed delimiter: '/],
  ['`1e400`', /expected JSON/],
  ['{1: a}', /expected a name in braces/],
  ['a[::::]', /Expected/],
  ['(((', /Incomplete expression/],
  ['('.repeat(200) + 'a' + ')'.repeat(200), /nested too deeply/],
]

t.test('mistakes are told with their place', (t) => {
  for (const [expression, why] of MISTAKES) {
    const parsed = parseJmespath(expression)
    t.match(parsed, { kind: 'error', why }, expression.slice(0, 40))
  }
  t.end()
})

t.test('names of JavaScript are only names', (t) => {
  const value = JSON.parse('{"__proto__": {"x": 1}, "b": {"constructor": 2}}') as Json
  t.equal(search('"__proto__".x', value), 1)
  t.equal(search('"__proto__"', {}), null)
  t.equal(search('toString', {}), null)
  t.equal(search('b.constructor', value), 2)
  const made = search('{"__proto__": b}', value)
  t.ok(typeof made === 'object' && made !== null && Object.hasOwn(made, '__proto__'))
  t.equal(Object.getPrototypeOf(made), Object.prototype)
  t.equal(jsonText(value), '{"__proto__":{"x":1},"b":{"constructor":2}}')
  t.end()
})

const nested = (depth: number): Json => {
  let made: Json = 1
  for (let n = 0; n < depth; n += 1) made = [made]
  return made
}

t.test('no expression takes for ever, whatever the event', (t) => {
  const wide: Json = Array.from({ length: 1000 }, () => Array.from({ length: 1000 }, () => 1))
  t.match(search('map(&map(&@, @), @)', wide), { failed: 'the expression looks at too many values' })
  t.equal(jsonText(nested(5000)), null)
  t.match(search('a == b', { a: nested(5000), b: nested(5000) }), { failed: 'nested too deeply' })
  t.end()
})

t.test('whatever is given, something is answered', (t) => {
  const piece = fc.constantFrom(
    ...['a', '"b"', '.', '*', '[', ']', '[]', '[?', '{', '}', '(', ')', '@', '&', '|', '||', '&&', '!', '==', '<'],
    ...['`1`', "'s'", '0', '-1', ':', ',', 'length', 'sort_by', 'max', 'keys', ' '],
  )
  const value = fc.jsonValue() as fc.Arbitrary<Json>
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), value, (pieces, json) => {
      const parsed = parseJmespath(pieces.join(''))
      if (parsed.kind === 'ok') parsed.search(json)
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(value, (json) => {
      t.strictSame(JSON.parse(jsonText(json) ?? ''), JSON.parse(JSON.stringify(json)))
    }),
    { numRuns: 50 },
  )
  t.end()
})
