import { readLokiAccess } from '../loki/loki-access.ts'
import { type GroupBy, groupJson, type GroupJson } from '../rules/render.ts'
import type { RuleFile } from '../rules/rule-file.ts'
import { type RulerAnswer, RulerClient } from '../rules/ruler-client.ts'
import { type Change, planChanges, readRulerGroups, type RulerGroups } from '../rules/ruler-plan.ts'
import { userAgent } from '../version.ts'
import type { ExitCode, Output } from './output.ts'
import { printable } from './printable.ts'
import { soundRules } from './rules-render.ts'

export type RulesSyncFlags = {
  readonly files: readonly string[]
  readonly url: URL
  /** The namespace of the ruler that holds these rules and no others. */
  readonly namespace: string
  readonly tenant: string
  readonly user: string
  readonly passwordFile: string
  readonly bearerTokenFile: string
  readonly structuredMetadata: boolean
  readonly groupBy?: GroupBy
  readonly runbookUrl: string
}

const SIGNS = { add: '+', change: '~', remove: '-' } as const
const DONE = { add: 'added', change: 'changed', remove: 'removed' } as const

/** All groups; in the ruler's namespace they stand side by side, so that two files must not name the same. */
const groupsOf = (files: readonly RuleFile[], flags: RulesSyncFlags): readonly GroupJson[] | string => {
  const groups = files.flatMap((file) => file.groups.map((group) => groupJson(group, flags)))
  const names = groups.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  return twice === undefined
    ? groups
    : `two files have a group ${JSON.stringify(twice)}: one namespace holds each name once`
}

const presentIn = (answer: RulerAnswer, namespace: string): RulerGroups | string => {
  if (answer.kind === 'failed') return answer.why
  if (answer.kind === 'absent') return new Map()
  return readRulerGroups(answer.text, namespace) ?? 'the answer of the ruler is not YAML of rule groups'
}

type Planned = {
  readonly client: RulerClient
  readonly groups: readonly GroupJson[]
  readonly changes: readonly Change[]
}

/** What is to be done; null when that cannot be told, and why was said. */
const plan = async (flags: RulesSyncFlags, output: Output): Promise<Planned | null> => {
  const say = (why: string): null => {
    output.err(`${printable(why)}\n`)
    return null
  }
  const files = soundRules(flags.files, output)
  if (files === null) return null
  const groups = groupsOf(files, flags)
  if (typeof groups === 'string') return say(groups)
  const found = readLokiAccess(flags, userAgent)
  if ('why' in found) return say(found.why)
  const client = new RulerClient(found.access, flags.namespace)
  const present = presentIn(await client.list(), flags.namespace)
  return typeof present === 'string' ? say(present) : { client, groups, changes: planChanges(groups, present) }
}

/** `rules diff`: 0: the ruler has these rules; 1: it has others, told; 2: that could not be found out. */
export const rulesDiff = async (flags: RulesSyncFlags, output: Output): Promise<ExitCode> => {
  const planned = await plan(flags, output)
  if (planned === null) return 2
  for (const { kind, group, lines } of planned.changes) {
    output.out([`${SIGNS[kind]} ${group}`, ...lines.map((line) => `    ${line}`), ''].map(printable).join('\n'))
  }
  return planned.changes.length === 0 ? 0 : 1
}

const carryOut = ({ kind, group }: Change, { client, groups }: Planned): Promise<RulerAnswer> => {
  if (kind === 'remove') return client.remove(group)
  const wanted = groups.find(({ name }) => name === group)
  if (wanted === undefined) throw new Error('a change of a group that nobody wants')
  return client.put(wanted)
}

/** `rules sync`: makes the namespace hold these rules and no others. 0: it does; 1: something failed; 2: nothing was done. */
export const rulesSync = async (flags: RulesSyncFlags, output: Output): Promise<ExitCode> => {
  const planned = await plan(flags, output)
  if (planned === null) return 2
  let failed = 0
  for (const change of planned.changes) {
    // Nothing is taken away while what should be in its place may be missing.
    if (failed > 0 && change.kind === 'remove') continue
    const answer = await carryOut(change, planned)
    const isDone = answer.kind === 'done' || (answer.kind === 'absent' && change.kind === 'remove')
    if (isDone) {
      output.out(`${DONE[change.kind]} ${printable(change.group)}\n`)
      continue
    }
    failed += 1
    output.err(`${printable(change.group)}: ${printable(answer.kind === 'failed' ? answer.why : 'it is absent')}\n`)
  }
  output.out(
    `${planned.groups.length} groups in ${printable(flags.namespace)}: ${planned.changes.length} to change, ${failed} failed\n`,
  )
  return failed === 0 ? 0 : 1
}
