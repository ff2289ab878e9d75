import type { Template } from '../regexp/expand.ts'
import type { GoRegExp } from '../regexp/go-regexp.ts'

export const ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const
export type Action = (typeof ACTIONS)[number]

/** One item of `relabel_configs`, valid (Prometheus, model/relabel/relabel.go). */
export type RelabelRule = {
  readonly action: Action
  readonly sourceLabels: readonly string[]
  readonly separator: string
  /** Anchored at both ends; a dot matches a newline too. */
  readonly regexp: GoRegExp
  /** Of `hashmod`; unsigned, 64 bits. */
  readonly modulus: bigint
  readonly targetLabel: string
  readonly target: Template
  readonly replacement: Template
}
