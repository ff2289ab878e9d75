import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, relative, resolve, dirname } from 'node:path'
import t from 'tap'
import { parseConfig } from '../src/config/parse-config.ts'

const root = resolve(import.meta.dirname, '..')

const sourceFiles = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('.generated.'))
    .map((file) => join(folder, file))

const importsOf = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '')
  return specifiers
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(root, resolve(dirname(join(root, file)), specifier)))
}

/** What a room may import of ours, besides itself and the hall (src/*.ts); types and values alike. */
const ARROWS: Readonly<Record<string, readonly RegExp[]>> = {
  kube: [/^src\/config\/config\.ts$/],
  entry: [/^src\/kube\/event\.ts$/],
  loki: [/^src\/entry\/entry\.ts$/],
  enrich: [
    /^src\/kube\/[^/]+\.ts$/,
    /^src\/entry\/(?:enrichment|bounded-text|event-fields)\.ts$/,
    /^src\/config\/(?:bytes|shell-pattern)\.ts$/,
    /^src\/regexp\/memo\.ts$/,
    /^src\/stages\/token-bucket\.ts$/,
  ],
}

/** The hall as far as the three rooms of the flow may see it. */
const HALL = /^src\/(?:clock|backoff|log|read-bounded|version)\.ts$/

t.test('imports follow the flow from kube/ to entry/ to loki/ and never turn back', (t) => {
  for (const [room, allowed] of Object.entries(ARROWS)) {
    for (const file of sourceFiles(`src/${room}`)) {
      for (const target of importsOf(file)) {
        const fine = target.startsWith(`src/${room}/`) || HALL.test(target) || allowed.some((a) => a.test(target))
        if (!fine) t.fail(`${file} imports ${target}`)
      }
    }
    t.pass(`${room}/ looks only downstream`)
  }
  t.end()
})

t.test('nobody imports main.ts, and only the service around it imports agent.ts', (t) => {
  for (const file of sourceFiles('src')) {
    for (const target of importsOf(file)) {
      t.not(target, 'src/main.ts', `${file} imports main.ts`)
      if (target === 'src/agent.ts') t.match(file, /^src\/service\.ts$/, `${file} imports agent.ts`)
    }
  }
  t.end()
})

t.test('time comes from the clock', (t) => {
  for (const file of sourceFiles('src')) {
    if (file === 'src/clock.ts') continue
    const text = readFileSync(join(root, file), 'utf8')
    t.notMatch(text, /\bDate\.now\(|(?<!\.)\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(|\bnew Date\(\)/, file)
  }
  t.end()
})

t.test('no code is generated from strings, and no drawer is called utils', (t) => {
  for (const file of sourceFiles('src')) {
    t.notMatch(readFileSync(join(root, file), 'utf8'), /\beval\(|\bnew Function\(/, file)
    t.notMatch(file, /(?:utils?|helpers?|manager|common|types)\.ts$/)
  }
  t.end()
})

t.test('the project reads nothing outside itself', (t) => {
  for (const file of [...sourceFiles('src'), ...sourceFiles('test')]) {
    if (file === 'test/house.ts') continue
    t.notMatch(readFileSync(join(root, file), 'utf8'), /\.\.\/shared|\/work\//, file)
  }
  t.end()
})

t.test('the configuration in the README is valid, and its commands exist', (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
  const parsed = parseConfig(yaml, 'README.md', {})
  t.strictSame(parsed.kind === 'invalid' ? parsed.errors : [], [])
  t.ok(yaml.trimEnd().split('\n').length <= 12, 'it has at most twelve lines')
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  for (const file of ['README.md', 'CONTRIBUTING.md']) {
    for (const [, script = ''] of readFileSync(join(root, file), 'utf8').matchAll(/npm run ([\w:]+)/g)) {
      t.ok(Object.hasOwn(scripts, script), `${file}: npm run ${script}`)
    }
  }
  t.match(readFileSync(join(root, '.ci/run'), 'utf8'), '(npm ci && npm test)', 'CI runs what the README says')
  t.match(readme, 'npm ci && npm test')
  t.end()
})

t.test('links between documents lead somewhere', (t) => {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md']
  const pages = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'))
  for (const file of [...documents, 'deploy/kustomize/README.md', ...pages.map((page) => `docs/${page}`)]) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)) {
      t.ok(existsSync(resolve(root, dirname(file), target)), `${file} links to ${target}`)
    }
  }
  t.end()
})

t.test('each fault case has a test that carries its number, and docs/fault-cases.md tells where', (t) => {
  const rows = readFileSync(join(root, 'docs/fault-cases.md'), 'utf8').matchAll(/^\| (\d+) \|.*\| ([^|]*) \|$/gm)
  const told = [...rows].flatMap(([, number = '', links = '']) =>
    [...links.matchAll(/\(\.\.\/(test\/[^)]+)\)/g)].map(([, file = '']) => `${number} ${file}`),
  )
  const named = sourceFiles('test').flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^\s*(?:t\.test\(\s*)?['`]case (\d+): /gm)].map(
      ([, number = '']) => `${number} ${file}`,
    ),
  )
  t.strictSame([...new Set(told)].sort(), [...new Set(named)].sort())
  const numbers = new Set(told.map((one) => Number(one.split(' ')[0])))
  for (let number = 1; number <= 29; number += 1) t.ok(numbers.has(number), `case ${number}`)
  t.end()
})
