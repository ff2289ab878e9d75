import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { rulesTest } from '../../src/cli/rules-test.ts'
import { systemClock } from '../../src/clock.ts'
import { byOwner } from '../../src/rules/by-owner.ts'
import { checkRules } from '../../src/rules/check-files.ts'
import { renderRules } from '../../src/rules/render.ts'

const root = resolve(import.meta.dirname, '../..')
const sources = readdirSync(join(root, 'rules'))
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ file: name, text: readFileSync(join(root, 'rules', name), 'utf8') }))

const rendered = (groupBy: 'name' | 'owner'): readonly { readonly file: string; readonly text: string }[] =>
  renderRules(checkRules(sources, 'generic').files, {
    ...{ as: 'files', structuredMetadata: true, groupBy, namespace: '', tenant: '', runbookUrl: '' },
  }).map(({ name, text }) => ({ file: name, text }))

t.test('every shipped rule grouped by its object has a variant by its owner, and that passes every check', (t) => {
  const [byName, grouped] = [rendered('name'), rendered('owner')]
  t.strictSame(
    checkRules(grouped, 'eventail').errors.map(({ message }) => message),
    [],
  )
  const changed = grouped.filter(({ text }, at) => text !== byName[at]?.text)
  t.ok(changed.length >= 5, 'most files have some')
  for (const { file, text } of grouped) {
    t.notMatch(text, /\bby \([^)]*\bname\b/, `${file}: none is left`)
    if (text.includes('owner_name'))
      t.notMatch(text, /\$labels\.name\b.*owner_name=%q|owner_name.*\$labels\.name\b/, file)
  }
  t.end()
})

t.test('one alert for three pods of a Deployment, where by name there is none', (t) => {
  const files = [join(root, 'test/fixtures/rules/by-owner.yaml')]
  const texts = { out: '', err: '' }
  const output = {
    out: (text: string): void => void (texts.out += text),
    err: (text: string): void => void (texts.err += text),
  }
  const run = (groupBy: 'name' | 'owner'): number =>
    rulesTest({ files, junit: '', structuredMetadata: true, groupBy }, { clock: systemClock, output })
  t.equal(run('owner'), 0, texts.err)
  t.match(texts.out, '2 tests in 1 file: 0 failed')
  t.equal(run('name'), 1, 'the tests tell them apart')
  t.end()
})

t.test('only what groups by name is changed, and only there', (t) => {
  const stage = '| label_format owner_name=`{{ or .owner_name .name }}`'
  t.equal(
    byOwner(
      'sum by (name) (count_over_time({a="by (name)"}[5m])) > on (name) sum by (name) (rate({a="b"} |= "x" | c="d" [1m]))',
    ),
    `sum by (owner_name) (count_over_time({a="by (name)"} ${stage} [5m])) > on (owner_name) sum by (owner_name) (rate({a="b"} |= "x" | c="d" ${stage} [1m]))`,
  )
  for (const other of ['sum by (namespace) (rate({a="b"}[1m]))', '{a="b"}', 'no query (', 'vector(1)']) {
    t.equal(byOwner(other), other)
  }
  t.equal(
    byOwner('sum by (name) (rate({a="b"}[1m])) unless sum by (name) (rate({job="eventail"}[1m]))'),
    `sum by (owner_name) (rate({a="b"} ${stage} [1m])) unless sum by (owner_name) (rate({job="eventail"}[1m]))`,
    'a heartbeat has no owner',
  )
  t.end()
})
