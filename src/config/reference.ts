import type { Decoder } from './decoder.ts'

type Row = { readonly path: string; readonly decoder: Decoder<unknown> }

const HEAD = '| key | type | default | example | meaning and consequence |\n|---|---|---|---|---|'

const childrenOf = (decoder: Decoder<unknown>): readonly (readonly [key: string, child: Decoder<unknown>])[] => {
  if (decoder.fields !== undefined) return Object.entries(decoder.fields)
  if (decoder.named !== undefined) return [['<name>', decoder.named.value]]
  return decoder.item === undefined ? [] : childrenOf(decoder.item)
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

/** Every key that has something to be told, with what is below it, in the order of the decoders. */
const rowsOf = (path: string, decoder: Decoder<unknown>): readonly Row[] => {
  const own = decoder.about === undefined && decoder.effect === undefined ? [] : [{ path, decoder }]
  if (decoder.about?.whole === true) return own
  return [...own, ...childrenOf(decoder).flatMap(([key, child]) => rowsOf(below(path, key), child))]
}

const typeOf = ({ about, form, secret, named, item }: Decoder<unknown>): string => {
  const plain = about?.type ?? form?.type ?? (item === undefined ? 'mapping' : 'list')
  if (secret !== true || plain.startsWith('secret') || named !== undefined) return plain
  return plain === 'text' ? 'secret' : `secret ${plain}`
}

const defaultOf = ({ about, form, required }: Decoder<unknown>): string => {
  if (required === true) return 'required'
  return about?.default ?? (form?.absent === undefined ? '' : String(form.absent))
}

/** Without its first part, which is the heading of its section. */
const shortened = (path: string): string => path.slice(path.indexOf('.') + 1)

const keysOf = ({ path, decoder }: Row): string => {
  const children = decoder.about?.whole === true ? childrenOf(decoder) : []
  const paths =
    children.length === 0 || decoder.named !== undefined ? [path] : children.map(([key]) => below(path, key))
  return paths.map((one) => `\`${shortened(one)}\``).join(', ')
}

const inCell = (text: string): string => text.replaceAll('|', '\\|')

const lineOf = (row: Row): string => {
  const { about } = row.decoder
  const cells = [
    keysOf(row),
    typeOf(row.decoder),
    defaultOf(row.decoder),
    `\`${about?.example ?? ''}\``,
    about?.says ?? '',
  ]
  return `| ${cells.map(inCell).join(' | ')} |`
}

const EFFECTS = {
  ignored: 'Accepted without effect, mentioned once in the log',
  unsupported: 'Refused unless empty',
  forbidden: 'Refused',
} as const

/** What has no effect or is refused, with the reasons. */
const effectsOf = (rows: readonly Row[]): readonly string[] => {
  const groups = new Map<string, string[]>()
  for (const { path, decoder } of rows) {
    if (decoder.effect === undefined) continue
    const why = `${EFFECTS[decoder.effect.kind]} (${decoder.effect.why})`
    groups.set(why, [...(groups.get(why) ?? []), `\`${shortened(path)}\``])
  }
  return [...groups].map(([why, keys]) => `${why}: ${keys.join(', ')}.`)
}

const isWithin = (path: string, top: string): boolean => path === top || path.startsWith(`${top}.`)

const MARK = /^<!-- keys: (.+) -->\n[^]*?^<!-- end of keys -->$/gm

/** The table of the keys at and below `tops`, and what is said of those without effect. */
const tableOf = (rows: readonly Row[]): string => {
  const lines = rows.filter(({ decoder }) => decoder.about !== undefined).map(lineOf)
  const table = lines.length === 0 ? [] : [[HEAD, ...lines].join('\n')]
  return [...table, ...effectsOf(rows)].join('\n\n')
}

/**
 * A Markdown document with its tables of keys made anew from the decoders. A table stands between `<!-- keys: a b.c -->`,
 * which names what it tells, and `<!-- end of keys -->`. What is named more closely elsewhere is left out. Answers the
 * keys, too, that no table tells.
 */
export const referenceOf = (
  document: string,
  decoder: Decoder<unknown>,
): { readonly document: string; readonly untold: readonly string[] } => {
  const rows = rowsOf('', decoder)
  const tops = [...document.matchAll(MARK)].flatMap(([, names = '']) => names.split(' '))
  const topOf = ({ path }: Row): string =>
    tops.filter((top) => isWithin(path, top)).sort((a, b) => b.length - a.length)[0] ?? ''
  const untold = rows.filter((row) => topOf(row) === '').map(({ path }) => path)
  const made = document.replaceAll(MARK, (_, names: string) => {
    const told = names.split(' ').flatMap((name) => rows.filter((row) => topOf(row) === name))
    return `<!-- keys: ${names} -->\n${tableOf(told)}\n<!-- end of keys -->`
  })
  return { document: made, untold }
}
