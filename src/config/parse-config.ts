import { isScalar } from 'yaml'
import { clientItem, deprecatedClient } from './client-section.ts'
import type { ConfigError, ConfigWarning } from './config-error.ts'
import type { Config, ScrapeConfig } from './config.ts'
import { documented, ignored, listOf, record, type Section } from './decoder.ts'
import { finishClient } from './finish-clients.ts'
import { checkLeaderElection, leaderElectionSection } from './leader-election-section.ts'
import { limitsSection } from './limits-section.ts'
import type { ClientOptions } from '../loki/client-options.ts'
import type { Overlay, Place } from './place.ts'
import { positionsSection } from './positions-section.ts'
import { duration } from './scalars.ts'
import { LOKI_MAX_LINE_BYTES, scrapeItem } from './scrape-section.ts'
import { serverSection } from './server-section.ts'
import { walSection } from './wal-section.ts'
import { parseYamlFile, type YamlFile } from './yaml-file.ts'

export type ParsedConfig =
  | { readonly kind: 'valid'; readonly config: Config; readonly warnings: readonly ConfigWarning[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigError[] }

/** Nodes that a file may have, counting what aliases and merge keys repeat. */
const MAX_NODES = 100_000

/** More often would be noise in the logs of others. */
const MIN_HEARTBEAT_MS = 1000

const NO_MEANING = 'it has no meaning here'

const nameOf = (client: ClientOptions): string => finishClient(client, {}).name

const repeatedClient = (client: ClientOptions, earlier: readonly ClientOptions[]): string | null =>
  client.url !== '' && earlier.some((other) => nameOf(other) === nameOf(client))
    ? `duplicate client configs are not allowed, found duplicate for name: ${nameOf(client)}`
    : null

const repeatedJob = ({ jobName }: ScrapeConfig, earlier: readonly ScrapeConfig[]): string | null =>
  jobName !== '' && earlier.some((other) => other.jobName === jobName)
    ? `found multiple scrape configs with job name ${JSON.stringify(jobName)}`
    : null

/** `clients`, and the deprecated `client` behind them, which also lends them its external labels. */
const allClients = (listed: readonly ClientOptions[], single: ClientOptions, section: Section): ClientOptions[] => {
  const again = single.url === '' ? null : repeatedClient(single, listed)
  if (again !== null) section.report('client', 'DUPLICATE_NAME', again)
  const clients = listed.map((client) => finishClient(client, single.externalLabels))
  if (single.url !== '') clients.push(finishClient(single, {}))
  if (clients.length === 0) {
    section.report('clients', 'MISSING_KEY', 'at least one client config must be provided: expected clients, got none')
  }
  return clients
}

const withLineLimit = (job: ScrapeConfig, maxLineBytes: number): ScrapeConfig => ({
  ...job,
  entry: { ...job.entry, maxLineBytes: job.entry.maxLineBytes || maxLineBytes || LOKI_MAX_LINE_BYTES },
})

/** The whole file. */
export const configDecoder = record(
  {
    server: serverSection,
    client: documented(deprecatedClient, {
      says: 'As those of `clients`; deprecated.',
      example: '{ external_labels: { cluster: dev } }',
      default: 'none',
      whole: true,
    }),
    clients: listOf(clientItem, repeatedClient),
    positions: positionsSection,
    scrape_configs: listOf(scrapeItem, repeatedJob),
    limits_config: limitsSection,
    drain_timeout: documented(duration(20_000), {
      says: "At SIGTERM, how long queues may drain. Keep it below the pod's `terminationGracePeriodSeconds`. What is left is sent again at the next start.",
      example: '10s',
    }),
    heartbeat: documented(duration(60_000), {
      says: 'How often each client is sent a line about the agent itself. `0`: never. At least 1s otherwise.',
      example: '30s',
    }),
    wal: walSection,
    leader_election: leaderElectionSection,
    global: ignored(NO_MEANING),
    target_config: ignored(NO_MEANING),
    options: ignored(NO_MEANING),
    tracing: ignored('traces are not sent'),
  },
  (values, section): Config => {
    const clients = allClients(values.clients, values.client, section)
    if (values.scrape_configs.length === 0) {
      section.report('scrape_configs', 'MISSING_KEY', 'expected at least one scrape config, got none')
    }
    if (values.heartbeat > 0 && values.heartbeat < MIN_HEARTBEAT_MS) {
      section.report('heartbeat', 'BAD_DURATION', 'expected 0, or a duration of at least 1s')
    }
    checkLeaderElection(values.leader_election, values.positions, section)
    const { maxLineBytes, lineRate } = values.limits_config
    return {
      server: values.server,
      clients,
      positions: values.positions,
      leaderElection: values.leader_election,
      wal: values.wal,
      scrapeConfigs: values.scrape_configs.map((job) => withLineLimit(job, maxLineBytes)),
      lineRate,
      drainTimeoutMs: values.drain_timeout,
      heartbeatMs: values.heartbeat,
    }
  },
)

const rootPlace = ({ findings, root, targets }: YamlFile, overlay: Overlay): Place => ({
  walk: { targets, findings, budget: MAX_NODES },
  node: isScalar(root) && root.value === '' ? null : root,
  path: '',
  offset: 0,
  keyOffset: 0,
  flag: null,
  overlay,
  secret: false,
  silent: false,
  depth: 0,
})

/**
 * The configuration that `text` (YAML) and the flags make, with every default applied, or everything that is wrong with
 * it. When the YAML itself is broken, only that is told, because what follows from it would mislead.
 */
export const parseConfig = (text: string, file: string, overlay: Overlay = {}): ParsedConfig => {
  const yaml = parseYamlFile(text, file)
  const { findings } = yaml
  if (findings.failed()) return { kind: 'invalid', errors: findings.errors }
  const config = configDecoder.read(rootPlace(yaml, overlay))
  if (findings.failed()) return { kind: 'invalid', errors: findings.errors }
  return { kind: 'valid', config, warnings: findings.warnings }
}
