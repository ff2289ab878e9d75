import { formatTimestamp } from './printing-client.ts'
import type { Finding, Findings } from '../verify/expectations.ts'
import type { VerifyOutcome, Window } from '../verify/verify-job.ts'

/** One scrape config at one client. */
export type Row = { readonly job: string; readonly client: string; readonly outcome: VerifyOutcome }

const KINDS = ['missing', 'doubled', 'differing'] as const
type Kind = (typeof KINDS)[number]

/** Revisions of each kind that are told one by one. */
const MAX_TABLE_FINDINGS = 20
const MAX_JSON_FINDINGS = 1000

/** Nothing is missing and nothing is doubled. */
export const isComplete = ({ outcome }: Row): boolean =>
  outcome.kind === 'compared' && outcome.findings.missing.length === 0 && outcome.findings.doubled.length === 0

const HEAD = ['JOB', 'CLIENT', 'READABLE', 'FOUND', 'MISSING', 'DOUBLED', 'DIFFERING', 'EXTRA'] as const

const cells = ({ job, client, outcome }: Row): readonly string[] => {
  if (outcome.kind === 'failed') return [job, client, ...HEAD.slice(2).map(() => '?')]
  const { readable, found, missing, doubled, differing, extra } = outcome.findings
  return [job, client, ...[readable, found, missing.length, doubled.length, differing.length, extra].map(String)]
}

const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** A server's words, on a terminal. */
const oneLine = (text: string): string => text.replace(/\p{C}+/gu, ' ')

const remark = (kind: Kind, { times, differs }: Finding): string => {
  if (kind === 'missing') return ''
  if (kind === 'differing') return ` (other ${differs ?? 'bytes'})`
  return ` (${times} times${differs === null ? '' : `, other ${differs}`})`
}

const findingLines = (kind: Kind, findings: Findings): readonly string[] => {
  const all = findings[kind]
  const lines = all
    .slice(0, MAX_TABLE_FINDINGS)
    .map(
      (finding) =>
        `${kind}  ${formatTimestamp(finding.timestampNs)}  ${finding.uid}/${finding.resourceVersion}  ${finding.about}${remark(kind, finding)}`,
    )
  return all.length > lines.length ? [...lines, `${kind}  and ${all.length - lines.length} more`] : lines
}

/** A line for each job and client, then what is wrong, one by one. */
export const verifyTable = (rows: readonly Row[]): string => {
  const lines = [...aligned([HEAD, ...rows.map(cells)])]
  for (const { job, client, outcome } of rows) {
    if (outcome.kind === 'failed') lines.push('', `${job}, ${client}: ${oneLine(outcome.why)}`)
    else {
      const found = KINDS.flatMap((kind) => findingLines(kind, outcome.findings))
      if (found.length > 0) lines.push('', `${job}, ${client}:`, ...found)
    }
  }
  return `${lines.join('\n')}\n`
}

const findingJson = ({ uid, resourceVersion, about, timestampNs, times, differs }: Finding): object => ({
  uid,
  resourceVersion,
  timestamp: formatTimestamp(timestampNs),
  about,
  times,
  ...(differs === null ? {} : { differs }),
})

const outcomeJson = (outcome: VerifyOutcome): object => {
  if (outcome.kind === 'failed') return { error: outcome.why }
  const { readable, found, missing, doubled, differing, extra } = outcome.findings
  const some = (all: readonly Finding[]): object[] => all.slice(0, MAX_JSON_FINDINGS).map(findingJson)
  return {
    readable,
    found,
    missing: missing.length,
    doubled: doubled.length,
    differing: differing.length,
    extra,
    findings: { missing: some(missing), doubled: some(doubled), differing: some(differing) },
  }
}

/** The same as one JSON object; at most a thousand revisions of each kind are told one by one. */
export const verifyJson = (rows: readonly Row[], window: Window): string => {
  const results = rows.map((row) => ({ job: row.job, client: row.client, ...outcomeJson(row.outcome) }))
  const complete = rows.every(isComplete)
  const [from, to] = [formatTimestamp(window.startNs), formatTimestamp(window.endNs)]
  return `${JSON.stringify({ complete, from, to, results }, null, 2)}\n`
}
