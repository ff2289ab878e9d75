import type { ChaosReport } from './run.ts'
import { passed } from './run.ts'
import type { Verdict } from './verdict.ts'

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

const sumOf = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((sum, one) => sum + one, 0)

const MOST_SHOWN = 20

/** The report as a table of a few lines. */
export const asTable = (report: ChaosReport): string => {
  const { verdicts, ends, answers, deeds, gaps, pages, crashes } = report
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + of(one), 0)
  const ended = (how: 'superseded' | 'expired'): number =>
    sum(({ excused }) => excused.filter((revision) => revision.ended?.by === how).length)
  const rows: readonly (readonly [name: string, count: number, more: string])[] = [
    ['cycles', report.cycles, `in ${report.worlds} worlds; killed at: ${counts(ends)}`],
    ...(Object.keys(deeds).length === 0 ? [] : [['logs', sumOf(deeds), counts(deeds)] as const]),
    ['revisions', sum(({ owed }) => owed), `shippable; ${sum(({ refused }) => refused)} more that Loki refuses`],
    ['stored', sum(({ stored }) => stored), `pushes: ${counts(answers)}`],
    ['excused', sum(({ excused }) => excused.length), `superseded ${ended('superseded')}, expired ${ended('expired')}`],
    ['re-sent', sum(({ resent }) => resent), 'byte-identical'],
    [
      'anew',
      sum(({ enrichedAnew }) => enrichedAnew),
      'sent again with other metadata, by --enrich without a log that is kept',
    ],
    ['gaps', gaps, `${pages} pages listed`],
    ['lost', sum(({ lost }) => lost.length), ''],
    ['doubled', sum(({ doubled }) => doubled.length), ''],
    ['strange', sum(({ strange }) => strange.length), 'stored, and never in the API server'],
    ['crashes', crashes.length, ''],
  ]
  const lines = rows.map(([name, count, more]) =>
    `  ${name.padEnd(10)}${String(count).padStart(9)}   ${more}`.trimEnd(),
  )
  return [...lines, passed(report) ? 'passed' : 'FAILED'].join('\n')
}

/** What is wrong, in detail, the first of each kind. */
export const faultsOf = ({ verdicts, crashes }: ChaosReport): readonly string[] => [
  ...crashes.slice(0, MOST_SHOWN).map((crash) => `crash: ${crash}`),
  ...verdicts.flatMap(({ lost, doubled, strange }, world) => [
    ...lost.slice(0, MOST_SHOWN).map(({ id, key, ended }) => {
      const end = ended === null ? 'still stored' : `${ended.by} at ${String(ended.at)}`
      return `lost in world ${world}: ${id} of ${key}, ${end}`
    }),
    ...doubled.slice(0, MOST_SHOWN).map(({ id, first, second }) => `doubled: ${id}\n  ${first}\n  ${second}`),
    ...strange.slice(0, MOST_SHOWN).map((line) => `strange: ${line}`),
  ]),
]

/** Every excused revision. */
export const excusesOf = ({ verdicts }: ChaosReport): readonly string[] =>
  verdicts.flatMap(({ excused }, world) =>
    excused.map(
      ({ id, key, ended }) => `excused in world ${world}: ${id} of ${key}, ${ended?.by ?? ''} at ${String(ended?.at)}`,
    ),
  )
