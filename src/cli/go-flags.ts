import { closest } from '../config/closest.ts'
import type { Flag } from './flags.ts'

/** Command-line words in a shape that knows no Go: names of flags with two dashes, each followed by its value. */
export type PlainWords =
  | {
      readonly kind: 'words'
      /** Words that are no flags, in order. */
      readonly operands: readonly string[]
      /** `--name`, `value`, `--name`, `value`, ... */
      readonly options: readonly string[]
      readonly help: boolean
    }
  | { readonly kind: 'wrong'; readonly message: string }

const wrong = (message: string): PlainWords => ({ kind: 'wrong', message })

const TRUE = /^(?:1|t|T|TRUE|true|True)$/
const FALSE = /^(?:0|f|F|FALSE|false|False)$/

const unknownFlag = (name: string, flags: ReadonlyMap<string, Flag>): PlainWords => {
  const meant = closest(name, flags.keys())
  return wrong(`flag provided but not defined: -${name}${meant === null ? '' : `; did you mean -${meant}?`}`)
}

type FlagWord = { readonly name: string; readonly value: string | undefined }

/** `-name`, `--name`, `-name=value`; null for any other word. */
const flagWord = (word: string): FlagWord | null => {
  const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word)
  return match === null ? null : { name: match[1] ?? '', value: match[2] }
}

const switchValue = (word: FlagWord): string | null => {
  if (word.value === undefined || TRUE.test(word.value)) return 'true'
  return FALSE.test(word.value) ? 'false' : null
}

/**
 * Reads Go's flags (package flag): `-x` is `--x`, switches are `-x` or `-x=false`, others `-x=v` or `-x v`. Unlike Go it
 * also takes flags behind other words; `--` ends them. No value of a flag is repeated in a message.
 */
export const plainWords = (argv: readonly string[], flags: ReadonlyMap<string, Flag>): PlainWords => {
  const operands: string[] = []
  const options: string[] = []
  let help = false
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    if (word === '--') return { kind: 'words', operands: [...operands, ...argv.slice(at + 1)], options, help }
    const found = flagWord(word)
    if (found === null) {
      operands.push(word)
      continue
    }
    if (found.name === 'help' || found.name === 'h') {
      help = true
      continue
    }
    const flag = flags.get(found.name)
    if (flag === undefined) return unknownFlag(found.name, flags)
    if (flag.kind === 'switch') {
      const value = switchValue(found)
      if (value === null) return wrong(`invalid boolean value for -${flag.name}: expected true or false`)
      options.push(`--${flag.name}`, value)
      continue
    }
    if (found.value === undefined) at += 1
    const value = found.value ?? argv[at]
    if (value === undefined) return wrong(`flag needs an argument: -${flag.name}`)
    options.push(`--${flag.name}`, value)
  }
  return { kind: 'words', operands, options, help }
}
