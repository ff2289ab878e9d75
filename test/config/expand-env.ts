import fc from 'fast-check'
import t from 'tap'
import { expandEnv, type Environment } from '../../src/config/expand-env.ts'

const ENV: Environment = { A: 'shop', P: '/var/log/x.tar.gz', U: 'größe', E: '', MINUS: '-2', ONE: '1', EURO: '€€' }

/** Ours: read from the same scanner's and functions' source, where no case was recorded. */
const OWN: readonly (readonly [text: string, expected: string | null])[] = [
  ['${P%.*} ${P%%.*}', '/var/log/x.tar /var/log/x'],
  ['${P#*/} ${P##*/}', 'var/log/x.tar.gz x.tar.gz'],
  ['${A#[a-s]} ${A#[^a-r]} ${A#\\s}', 'hop hop hop'],
  ['${A#[} ${A#[a} ${A#[a-} ${A#[]x]} ${A#x[}', 'shop shop shop shop shop'],
  ['${A#s*[}', 'shop'],
  ['${A#*p} ${A##*o} ${A#s?o} ${A#sh*p}', ' p p '],
  ['${A:${ONE}:2} ${A:${MINUS}} ${A:+1}', 'ho op shop'],
  ['${A:1::2}', 'ho'],
  ['${A:€}', null],
  ['${A:1', null],
  ['${A:9223372036854775808} ${A:1:9223372036854775807}', null],
  ['${A:9223372036854775808}', 'shop'],
  ['${A,^} ${A^,}', 'shop shop'],
  ['${A,,,}', null],
  ['${U^^} ${U,,}', 'GRÖßE größe'],
  // A shortest beginning may be part of a character, for it is cut by bytes.
  ['${EURO#?}', '\ufffd\ufffd€'],
  ['${EURO%?}', '€\ufffd\ufffd'],
  ['${A/s//x}', 'xhop'],
  ['${A//${E}/-} ${A/${E}/-}', '-s-h-o-p- -shop'],
  ['${A/#s/} ${A/%p/}', 'shop shop'],
  ['${A/#s/S} ${A/%p/P} ${A/#h/S} ${A/%h/S}', 'Shop shoP shop shop'],
  ['${P//\\//\\\\}', '\\var\\log\\x.tar.gz'],
  ['${A/$$/x}', 'shop'],
  ['${É} ${a-b}', null],
  ['${É}', ''],
  ['${E:-a:b=c/d#e}', 'a:b=c/d#e'],
  ['${E:-}', ''],
  ['${#A', null],
  ['${#}', null],
  ['${A#}', null],
  ['a\\/b\\\\c\\d', 'a/b\\c\\d'],
  ['before\0${A} after', 'before'],
]

t.test('forms without a recorded case', (t) => {
  for (const [text, expected] of OWN) {
    const result = expandEnv(text, ENV)
    t.equal(result.kind === 'expanded' ? Buffer.from(result.bytes).toString() : null, expected, text)
  }
  t.end()
})

t.test('references nested without end are refused', (t) => {
  t.match(expandEnv('${E:-'.repeat(100_000), ENV), { kind: 'refused', why: /nested too deeply/ })
  t.match(expandEnv(`${'${E:-'.repeat(50)}x${'}'.repeat(50)}`, ENV), { kind: 'expanded' })
  t.end()
})

t.test('a refusal tells where', (t) => {
  t.match(expandEnv('é\n${A', ENV), { kind: 'refused', why: 'missing closing brace', offset: 6 })
  t.end()
})

t.test('no text makes it throw, and a text without $ and \\ is untouched', (t) => {
  const piece = fc.constantFrom(
    '$',
    '${',
    '}',
    'A',
    'E',
    ':',
    '-',
    '=',
    '#',
    '%',
    '/',
    '\\',
    '^',
    ',',
    '[',
    ']',
    '*',
    '?',
    'é',
    '1',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) =>
      ['expanded', 'refused'].includes(expandEnv(pieces.join(''), ENV).kind),
    ),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!/[$\\\0]/.test(text))
      const result = expandEnv(text, ENV)
      return result.kind === 'expanded' && Buffer.from(result.bytes).toString() === text
    }),
  )
  t.end()
})
