import { isMap, isScalar, isSeq, Scalar, type Node } from 'yaml'
import { formatFloat } from '../stages/text-of.ts'

/** What a value is to a program that lets YAML decide, as Promtail does with the options of pipeline stages. */
export type YamlKind = 'nothing' | 'boolean' | 'whole number' | 'number' | 'text' | 'list' | 'mapping'

const BOOLEAN = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/
const NULL = /^(?:~|null|Null|NULL|)$/
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/

const STRING_TAG = 'tag:yaml.org,2002:str'

const plainKind = (text: string): YamlKind => {
  if (NULL.test(text)) return 'nothing'
  if (BOOLEAN.test(text)) return 'boolean'
  const digits = /^[-+.0-9]/.test(text) ? text.replaceAll('_', '') : text
  if (INTEGER.test(digits)) return 'whole number'
  return FLOAT.test(digits) ? 'number' : 'text'
}

/** The kind of a node by YAML 1.1 as go-yaml 2 reads it: `on` is a boolean, `0123` a number, `1:30` text. */
export const yamlKind = (node: Node | null): YamlKind => {
  if (isMap(node)) return 'mapping'
  if (isSeq(node)) return 'list'
  if (!isScalar(node)) return 'nothing'
  if ((node.type !== Scalar.PLAIN && node.type !== undefined) || node.tag === STRING_TAG) return 'text'
  return plainKind(String(node.value))
}

/** What a plain scalar of kind `number` says. */
export const floatOf = (text: string): number => {
  const digits = text.replaceAll('_', '')
  return /inf$/i.test(digits) ? (digits.startsWith('-') ? -Infinity : Infinity) : Number(digits)
}

/** Go's decimal text of a number, however YAML spells it: `strconv.ParseFloat` reads it back. */
export const decimal = (text: string, kind: YamlKind): string => {
  const digits = text.replaceAll('_', '')
  if (kind === 'number') return formatFloat(floatOf(text))
  if (kind !== 'whole number') return text
  const [, sign = '', magnitude = ''] = /^([-+]?)(.*)$/.exec(digits) ?? []
  const number = BigInt(magnitude.replace(/^0(?=[0-7])/, '0o'))
  return String(sign === '-' ? -number : number)
}
