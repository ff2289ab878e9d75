import { parseTemplate } from '../regexp/expand.ts'
import { compileGoRegExp, type GoRegExp } from '../regexp/go-regexp.ts'
import { ACTIONS, type Action, type RelabelRule } from '../relabel/rule.ts'
import { closest } from './closest.ts'
import { documented, formed, listOf, optional, record, scalar, wrong, type Decoder, type Section } from './decoder.ts'
import { anyCase, INTEGER, textForm } from './form.ts'
import { isAbsent, report, type Place } from './place.ts'
import { checkedText, text } from './scalars.ts'

/** Prometheus' DefaultRelabelConfig. */
const SEPARATOR = ';'
const REGEX = '(.*)'
const REPLACEMENT = '$1'

const MAX_MODULUS = 2n ** 64n - 1n
const EXPECTED_MODULUS = 'a whole number from 0 to 18446744073709551615'

const modulusNumber: Decoder<bigint> = scalar(0n, EXPECTED_MODULUS, (value) => {
  const digits = /^\+?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|0|[1-9][0-9_]*)$/.exec(value)?.[1]
  if (digits === undefined) return wrong('BAD_TYPE', EXPECTED_MODULUS)
  const number = BigInt(digits.replaceAll('_', '').replace(/^0(?=[0-7])/, '0o'))
  return number <= MAX_MODULUS ? { value: number } : wrong('BAD_VALUE', EXPECTED_MODULUS)
})
const modulus = formed(modulusNumber, {
  type: 'number',
  schema: { type: ['integer', 'string'], minimum: 0, maximum: Number(MAX_MODULUS), pattern: `^${INTEGER}$` },
  absent: 0,
})

/** Actions may be written in any case; null when absent, or no action. */
const actionWord: Decoder<Action | null> = scalar<Action | null>(null, `one of ${ACTIONS.join(', ')}`, (value) => {
  const found = ACTIONS.find((known) => known === value.toLowerCase())
  if (found !== undefined) return { value: found }
  const meant = closest(value, ACTIONS)
  return wrong('BAD_VALUE', `one of ${ACTIONS.join(', ')}`, meant === null ? undefined : `did you mean \`${meant}\`?`)
})
const action = formed(actionWord, {
  type: 'one of eleven words',
  schema: { anyOf: [{ enum: ACTIONS }, { type: 'string', pattern: `^(?:${ACTIONS.map(anyCase).join('|')})$` }] },
  absent: 'replace',
})

const anchored = (pattern: string): GoRegExp | string => {
  const compiled = compileGoRegExp(`^(?s:${pattern})$`)
  return compiled.kind === 'ok' ? compiled.regexp : compiled.why
}

const regexText = checkedText('a regular expression (RE2)', (pattern) => {
  const compiled = anchored(pattern)
  return typeof compiled === 'string' ? { code: 'BAD_VALUE', expected: 'a regular expression', hint: compiled } : null
})
const regex = formed(regexText, textForm(undefined, 'RE2'))

const sourceLabel = checkedText('a label name', (name) =>
  name === '' ? { code: 'BAD_LABEL', expected: 'a label name that is not empty' } : null,
)

const FIELDS = {
  source_labels: documented(listOf(sourceLabel), {
    says: 'Labels whose values, joined, the rule looks at.',
    example: '[namespace, reason]',
    type: 'list of names',
  }),
  separator: documented(optional(text()), { says: 'Between the joined values.', example: '/', default: '`;`' }),
  regex: documented(optional(regex), { says: 'Must match the whole text.', example: 'kube-(.*)', default: '`(.*)`' }),
  modulus: documented(modulus, { says: 'For `hashmod`.', example: '8' }),
  target_label: documented(text(), { says: 'The label that is set, or compared.', example: 'team' }),
  replacement: documented(optional(text()), {
    says: '`$1`, `${1}` and `${name}` stand for groups of the regex.',
    example: '$1-prod',
    default: '`$1`',
  }),
  action: documented(action, {
    says: '`replace`, `keep`, `drop`, `keepequal`, `dropequal`, `hashmod`, `labelmap`, `labeldrop`, `labelkeep`, `lowercase`, `uppercase`.',
    example: 'drop',
  }),
}

/** What a key without a value means to a rule differs from the key that is not there: then it is the empty text. */
const orDefault = (value: string | null, key: string, section: Section, absent: string): string =>
  value ?? (section.names(key) ? '' : absent)

const NEEDS_TARGET: readonly Action[] = ['replace', 'keepequal', 'dropequal', 'hashmod', 'lowercase', 'uppercase']
const OWN_REPLACEMENT_REFUSED: readonly Action[] = ['lowercase', 'uppercase', 'keepequal', 'dropequal']

/** Keys beside its own that an action does not take, when they say anything but the default. */
const EXCLUSIVE: Partial<Readonly<Record<Action, { readonly own: readonly string[]; readonly says: string }>>> = {
  keepequal: { own: ['action', 'source_labels', 'target_label'], says: "'source_labels' and `target_label`" },
  dropequal: { own: ['action', 'source_labels', 'target_label'], says: "'source_labels' and `target_label`" },
  labeldrop: { own: ['action', 'regex'], says: "'regex'" },
  labelkeep: { own: ['action', 'regex'], says: "'regex'" },
}

type RuleTexts = {
  readonly action: Action
  readonly separator: string
  readonly replacement: string
  readonly target_label: string
  readonly modulus: bigint
}

/** Whether a key that is written says what its absence says; a regex or a list of sources never does. */
const isDefault = (key: string, texts: RuleTexts): boolean => {
  if (key === 'separator') return texts.separator === SEPARATOR
  if (key === 'replacement') return texts.replacement === REPLACEMENT
  if (key === 'target_label') return texts.target_label === ''
  return key === 'modulus' && texts.modulus === 0n
}

const checkExclusive = (texts: RuleTexts, section: Section): void => {
  const rule = EXCLUSIVE[texts.action]
  if (rule === undefined) return
  for (const key of Object.keys(FIELDS)) {
    const isWritten = key === 'source_labels' ? section.has(key) : section.names(key)
    if (!isWritten || rule.own.includes(key) || isDefault(key, texts)) continue
    const message = `${texts.action} action requires only ${rule.says}, and no other fields`
    section.reportKey(key, 'CONFLICT', message)
  }
}

/** Prometheus' checks with its messages (Config.Validate); names may be any text, as Promtail has it. */
const check = (texts: RuleTexts, section: Section): void => {
  const { action: name } = texts
  if (section.names('action') && !section.has('action')) {
    section.report('action', 'MISSING_KEY', 'relabel action cannot be empty')
  }
  if (name === 'hashmod' && texts.modulus === 0n) {
    section.report('modulus', 'MISSING_KEY', 'relabel configuration for hashmod requires non-zero modulus')
  }
  if (NEEDS_TARGET.includes(name) && texts.target_label === '') {
    const message = `relabel configuration for ${name} action requires 'target_label' value`
    section.report('target_label', 'MISSING_KEY', message)
  }
  if (OWN_REPLACEMENT_REFUSED.includes(name) && texts.replacement !== REPLACEMENT) {
    section.report('replacement', 'CONFLICT', `'replacement' can not be set for ${name} action`)
  }
  if (name === 'labelmap' && texts.replacement === '') {
    section.report('replacement', 'BAD_VALUE', `"" is invalid 'replacement' for labelmap action`)
  }
  checkExclusive(texts, section)
}

const rule = record(FIELDS, (values, section): RelabelRule => {
  const separator = orDefault(values.separator, 'separator', section, SEPARATOR)
  const replacement = orDefault(values.replacement, 'replacement', section, REPLACEMENT)
  const chosen = values.action ?? 'replace'
  // Of a rule with an unknown action nothing else can be said.
  if (values.action !== null || !section.has('action')) {
    check({ ...values, action: chosen, separator, replacement }, section)
  }
  const pattern = orDefault(values.regex, 'regex', section, REGEX)
  const regexp = anchored(pattern)
  // A pattern that does not compile was reported where it stands.
  const usable = typeof regexp === 'string' ? anchored('') : regexp
  if (typeof usable === 'string') throw new Error(`the empty pattern does not compile: ${usable}`)
  return {
    action: chosen,
    sourceLabels: values.source_labels,
    separator,
    regexp: usable,
    modulus: values.modulus,
    targetLabel: values.target_label,
    target: parseTemplate(values.target_label, usable),
    replacement: parseTemplate(replacement, usable),
  }
})

const presentRule: Decoder<RelabelRule> = {
  ...rule,
  required: true,
  read: (place: Place) => {
    if (isAbsent(place)) report(place, 'BAD_TYPE', 'expected a rule, got nothing')
    return rule.read(isAbsent(place) ? { ...place, silent: true } : place)
  },
}

/** `relabel_configs`. */
export const relabelConfigs: Decoder<readonly RelabelRule[]> = listOf(presentRule)
