import { runesOf } from './byte-text.ts'
import { parseFloatText } from './cast.ts'
import { dateFunctions, lokiDateFunctions } from './date-functions.ts'
import { defaultFunction } from './default-functions.ts'
import { define } from './define.ts'
import { base64Decode, base64Encode } from './encoding-pieces.ts'
import { escapeQuery, percentDecode } from './escape.ts'
import { TemplateFailure, type TemplateFunctions } from './functions.ts'
import { fromJson } from './json-functions.ts'
import { numberFunctions } from './number-functions.ts'
import { matchesIn, regexpFor, replaceMatches } from './regex-pieces.ts'
import { goStringFunctions, textFunctions } from './text-functions.ts'
import { repeatText } from './text-pieces.ts'
import { parseGoDuration } from '../gotime/duration.ts'
import type { Spend } from './print-value.ts'

const BYTE_UNITS: Readonly<Record<string, number>> = Object.fromEntries([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((unit, index): readonly (readonly [string, number])[] => [
    [unit, 1000 ** (index + 1)],
    [`${unit}b`, 1000 ** (index + 1)],
    [`${unit}i`, 1024 ** (index + 1)],
    [`${unit}ib`, 1024 ** (index + 1)],
  ]),
])

/** A size as go-humanize reads it: `10KB`, `1.5 MiB`. */
const bytes = (text: string): number => {
  const [, digits = '', name = ''] = /^([\d.,]*)(.*)$/s.exec(text) ?? []
  const number = parseFloatText(digits.replaceAll(',', ''))
  if (number === null)
    throw new TemplateFailure(`strconv.ParseFloat: parsing ${JSON.stringify(digits)}: invalid syntax`)
  const unit = name.trim().toLowerCase()
  const scale = Object.hasOwn(BYTE_UNITS, unit) ? BYTE_UNITS[unit] : undefined
  if (scale === undefined) throw new TemplateFailure(`unhandled size name: ${unit}`)
  if (number * scale >= 2 ** 64) throw new TemplateFailure(`too large: ${text}`)
  return Math.trunc(number * scale)
}

const seconds = (text: string): number => {
  const parsed = parseGoDuration(text)
  if (parsed.kind === 'error') throw new TemplateFailure(parsed.why)
  return Number(parsed.ns) / 1e9
}

/** As wide as asked for, in characters: blanks are put on one side, or what is too much is cut there. */
const aligned = (side: 'left' | 'right', width: bigint, text: string, spend: Spend): string => {
  const characters = runesOf(text)
  const missing = Number(width) - characters.length
  if (width < 0n || missing === 0) return text
  if (missing > 0) {
    const blank = repeatText(' ', BigInt(missing), spend)
    return side === 'left' ? text + blank : blank + text
  }
  return (side === 'left' ? characters.slice(0, Number(width)) : characters.slice(-missing)).join('')
}

const urlDecode = (text: string): string => {
  const decoded = percentDecode(text, true)
  if (decoded.kind === 'error') throw new TemplateFailure(`invalid URL escape ${JSON.stringify(decoded.part)}`)
  return decoded.text
}

/** Loki's own functions: old names, value first, and what has to do with log lines (pkg/logql/log/fmt.go). */
const ownFunctions: TemplateFunctions = {
  ...goStringFunctions,
  regexReplaceAll: define(['string', 'string', 'string'], ([pattern, text, by], { spend }) =>
    replaceMatches(regexpFor(pattern, text, spend), text, { by, literal: false }, spend),
  ),
  regexReplaceAllLiteral: define(['string', 'string', 'string'], ([pattern, text, by], { spend }) =>
    replaceMatches(regexpFor(pattern, text, spend), text, { by, literal: true }, spend),
  ),
  count: define(['string', 'string'], ([pattern, text], { spend }) =>
    BigInt(matchesIn(regexpFor(pattern, text, spend), text, -1).length),
  ),
  urldecode: define(['string'], ([text]) => urlDecode(text)),
  urlencode: define(['string'], ([text], { spend }) => {
    spend(text.length * 3)
    return escapeQuery(text)
  }),
  bytes: define(['string'], ([text]) => bytes(text)),
  duration: define(['string'], ([text]) => seconds(text)),
  duration_seconds: define(['string'], ([text]) => seconds(text)),
  alignLeft: define(['int', 'string'], ([width, text], { spend }) => aligned('left', width, text, spend)),
  alignRight: define(['int', 'string'], ([width, text], { spend }) => aligned('right', width, text, spend)),
  __line__: define([], (_, { facts }) => facts.line ?? ''),
  __timestamp__: define([], (_, { facts }) => ({ kind: 'time', ns: facts.timestampNs ?? 0n, zone: 'UTC' })),
}

/** The functions of `line_format` and `label_format`. */
export const lokiFunctions: TemplateFunctions = {
  ...ownFunctions,
  ...lokiDateFunctions,
  ...textFunctions,
  ...numberFunctions,
  ...dateFunctions,
  ...fromJson,
  ...defaultFunction,
  b64enc: define(['string'], ([text]) => base64Encode(text)),
  b64dec: define(['string'], ([text]) => base64Decode(text)),
}
