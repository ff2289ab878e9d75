import {
  CONVERT_FLAGS,
  DASHBOARDS_CHECK_FLAGS,
  DASHBOARDS_RENDER_FLAGS,
  DEMO_FLAGS,
  DOCTOR_FLAGS,
  FILE_FLAGS,
  LOG_FLAGS,
  RULES_CHECK_FLAGS,
  RULES_RENDER_FLAGS,
  RULES_SYNC_FLAGS,
  RULES_TEST_FLAGS,
  RUN_FLAGS,
  SERVER_FLAGS,
  UI_FLAGS,
  VERIFY_FLAGS,
  WAL_INSPECT_FLAGS,
  type Flag,
} from './flags.ts'

/** A sub-command, of one or two words. The first one of the table is meant when none is named. */
export type CommandSpec = {
  readonly name: string
  readonly summary: string
  /** What it takes besides flags: nothing, names of files (at least one), one file, or a directory. */
  readonly operands: 'none' | 'files' | 'file' | 'directory'
  readonly flags: readonly Flag[]
  readonly examples: readonly string[]
}

export const COMMANDS = [
  {
    name: 'run',
    summary: 'tail Kubernetes events into Loki (also without the word run)',
    operands: 'none',
    flags: RUN_FLAGS,
    examples: [
      'eventail -config.file=eventail.yaml',
      'eventail -config.file=eventail.yaml -dry-run',
      'eventail -client.url=http://loki:3100/loki/api/v1/push -client.external-labels=cluster=dev',
    ],
  },
  {
    name: 'demo',
    summary: 'everything embedded, from a recording: no cluster and no Loki needed',
    operands: 'none',
    flags: [...DEMO_FLAGS, ...SERVER_FLAGS, ...LOG_FLAGS],
    examples: ['eventail demo', 'eventail demo -duration=20s -speed=10'],
  },
  {
    name: 'ui',
    summary: 'a page that draws the dashboards out of a Loki, before they are installed in Grafana',
    operands: 'none',
    flags: UI_FLAGS,
    examples: [
      'eventail ui -loki=http://loki:3100',
      'eventail ui -loki=https://loki.example -tenant=prod -user=sre -password-file=password',
    ],
  },
  {
    name: 'check',
    summary: 'check configuration files and tell everything that is wrong with them',
    operands: 'files',
    flags: FILE_FLAGS.filter((flag) => flag.name !== 'config.file'),
    examples: ['eventail check eventail.yaml', 'eventail check -config.expand-env eventail.yaml'],
  },
  {
    name: 'verify',
    summary: 'compare what the API server still has with what is in Loki',
    operands: 'none',
    flags: [...FILE_FLAGS, ...VERIFY_FLAGS],
    examples: [
      'eventail verify -config.file=eventail.yaml',
      'eventail verify -config.file=eventail.yaml -since=3h -o json',
    ],
  },
  {
    name: 'doctor',
    summary: 'tell what is missing of permissions, Loki, clocks and disk, with the lines to add',
    operands: 'none',
    flags: [...FILE_FLAGS, ...DOCTOR_FLAGS],
    examples: ['eventail doctor -config.file=eventail.yaml', 'eventail doctor -config.file=eventail.yaml -o json'],
  },
  {
    name: 'wal inspect',
    summary: 'what a write-ahead log holds, and whether it is sound; also while an agent is at work in it',
    operands: 'directory',
    flags: WAL_INSPECT_FLAGS,
    examples: ['eventail wal inspect /var/lib/eventail/wal', 'eventail wal inspect -entries=10 /var/lib/eventail/wal'],
  },
  {
    name: 'rules check',
    summary: 'tell everything that is wrong with files of alert rules, or with those of a folder',
    operands: 'files',
    flags: RULES_CHECK_FLAGS,
    examples: ['eventail rules check rules', 'eventail rules check -profile=generic /etc/loki/rules/fake'],
  },
  {
    name: 'rules test',
    summary: 'run unit tests of alert rules: events in, alerts out',
    operands: 'files',
    flags: RULES_TEST_FLAGS,
    examples: ['eventail rules test rules/tests', 'eventail rules test -junit=rules.xml rules/tests/pods.yaml'],
  },
  {
    name: 'rules render',
    summary: 'write rules as files, a ConfigMap or custom resources, also for a Loki without structured metadata',
    operands: 'files',
    flags: RULES_RENDER_FLAGS,
    examples: [
      'eventail rules render -as=configmap -namespace=monitoring rules',
      'eventail rules render -no-structured-metadata -out=/etc/loki/rules/fake rules',
    ],
  },
  {
    name: 'rules diff',
    summary: 'tell how the rules of a ruler differ from files',
    operands: 'files',
    flags: RULES_SYNC_FLAGS,
    examples: ['eventail rules diff -url=http://loki:3100 rules'],
  },
  {
    name: 'rules sync',
    summary: 'make a namespace of a ruler hold the rules of files and no others',
    operands: 'files',
    flags: RULES_SYNC_FLAGS,
    examples: ['eventail rules sync -url=http://loki:3100 -tenant=prod rules'],
  },
  {
    name: 'dashboards check',
    summary: 'tell everything that is wrong with dashboards of Grafana: queries, labels, units, grid',
    operands: 'files',
    flags: DASHBOARDS_CHECK_FLAGS,
    examples: ['eventail dashboards check dashboards', 'eventail dashboards check -profile=generic mine.json'],
  },
  {
    name: 'dashboards render',
    summary: 'write dashboards as files or a ConfigMap, also for a Loki without structured metadata',
    operands: 'files',
    flags: DASHBOARDS_RENDER_FLAGS,
    examples: [
      'eventail dashboards render -as=configmap -namespace=monitoring dashboards',
      'eventail dashboards render -no-structured-metadata -out=/var/lib/grafana/dashboards dashboards',
    ],
  },
  {
    name: 'convert',
    summary: 'print the file of another agent as one for this agent, and tell what has no equivalent',
    operands: 'file',
    flags: CONVERT_FLAGS,
    examples: [
      'eventail convert --from=promtail promtail.yaml > eventail.yaml',
      'eventail convert --from=alloy config.alloy > eventail.yaml',
      'eventail convert --from=event-exporter config.yaml > eventail.yaml',
    ],
  },
  {
    name: 'config schema',
    summary: 'print the JSON Schema of the configuration file, for editors',
    operands: 'none',
    flags: [],
    examples: ['eventail config schema > eventail.schema.json'],
  },
  { name: 'version', summary: 'print the version', operands: 'none', flags: [], examples: ['eventail version'] },
] as const satisfies readonly CommandSpec[]

export type CommandName = (typeof COMMANDS)[number]['name']
