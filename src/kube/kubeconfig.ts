import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js'
import type { Cluster, Context, User } from '@kubernetes/client-node/dist/config_types.js'
import { LineCounter, parseDocument } from 'yaml'
import type { ConnectionOptions } from '../config/config.ts'
import { codeOf, oneLine, reasonOf } from './failure-reason.ts'
import type { Environment } from './proxy.ts'
import { member } from './status.ts'

const MAX_FILE_BYTES = 4 * 1024 * 1024

/** The chosen context of one or several merged kubeconfig files. */
export type ChosenContext = {
  /** File that defines the user, for messages. */
  readonly file: string
  readonly cluster: Cluster
  readonly user: User | null
  /** The user as written: what client-node's `User` leaves out. */
  readonly rawUser: unknown
  readonly rawCluster: unknown
  /** Its current context is the chosen one. */
  readonly kubeConfig: KubeConfig
}

export type ChosenContextOutcome =
  { readonly kind: 'ok'; readonly chosen: ChosenContext } | { readonly kind: 'error'; readonly why: string }

/** The kubeconfig files to merge: the option, else `KUBECONFIG` (a list), else ~/.kube/config. Never empty. */
export const kubeconfigFiles = (options: ConnectionOptions, env: Environment): readonly string[] => {
  if (options.kubeconfig !== '') return [options.kubeconfig]
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  return listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')]
}

type LoadedFile = { readonly file: string; readonly raw: unknown; readonly kubeConfig: KubeConfig }
type Problem = { readonly why: string; readonly missing?: true }

const isProblem = (value: object): value is Problem => 'why' in value

/** Parsed here first: messages of YAML parsers quote the lines about an error, and those may hold a token. */
const parseYaml = (text: string): { readonly raw: unknown } | Problem => {
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    return { why: `not valid YAML at ${line}:${col}` }
  }
  try {
    return { raw: document.toJS({ maxAliasCount: 100 }) as unknown }
  } catch {
    return { why: 'not valid YAML: too many aliases' }
  }
}

const shapeProblem = (error: unknown): Problem => {
  const message = error instanceof Error ? error.message : ''
  if (/^(?:clusters|users|contexts)\[\d+\][\w.]* is missing$/.test(message)) return { why: message }
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : ''
  return { why: path === '' ? 'not a kubeconfig' : `${oneLine(path)}: ${reasonOf(error)}` }
}

const loadFile = async (file: string): Promise<LoadedFile | Problem> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { why: reasonOf(error), missing: true } : { why: reasonOf(error) }
  }
  if (text.length > MAX_FILE_BYTES) return { why: 'longer than 4 MiB' }
  const parsed = parseYaml(text)
  if (isProblem(parsed)) return parsed
  if (typeof parsed.raw !== 'object' || parsed.raw === null) return { why: 'not a kubeconfig' }
  // Loaded when needed: client-node brings 20 MB into memory, and a pod does not use it.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js')
  const kubeConfig = new KubeConfig()
  try {
    kubeConfig.loadFromString(text)
    kubeConfig.makePathsAbsolute(dirname(resolve(file)))
  } catch (error) {
    return shapeProblem(error)
  }
  return { file, raw: parsed.raw, kubeConfig }
}

const loadAll = async (files: readonly string[]): Promise<LoadedFile[] | Problem> => {
  const loaded: LoadedFile[] = []
  for (const file of files) {
    const one = await loadFile(file)
    if (!isProblem(one)) loaded.push(one)
    // As kubectl: a list may name files that do not exist, as long as one does.
    else if (files.length === 1 || one.missing !== true) return { why: `kubeconfig ${file}: ${one.why}` }
  }
  return loaded.length > 0 ? loaded : { why: `kubeconfig ${files.join(', ')}: no such file or directory` }
}

const named = (raw: unknown, list: string, name: string, part: string): unknown => {
  const entries = member(raw, list)
  if (!Array.isArray(entries)) return null
  const entry: unknown = entries.find((candidate: unknown) => member(candidate, 'name') === name)
  return member(entry, part) ?? null
}

const known = (loaded: readonly LoadedFile[]): string => {
  const names = loaded.flatMap(({ kubeConfig }) => kubeConfig.getContexts().map((context) => context.name))
  return names.length === 0 ? 'it has none' : `it has ${oneLine(names.slice(0, 10).join(', '))}`
}

const findContext = (loaded: readonly LoadedFile[], wanted: string): Context | Problem => {
  const current = loaded.map(({ kubeConfig }) => kubeConfig.getCurrentContext()).find((name) => Boolean(name)) ?? ''
  const name = wanted !== '' ? wanted : current
  if (name === '') return { why: 'no current-context, and none was configured' }
  for (const { kubeConfig } of loaded) {
    const context = kubeConfig.getContextObject(name)
    if (context !== null) return context
  }
  return { why: `no context "${oneLine(name)}"; ${known(loaded)}` }
}

const undefinedPart = (context: Context, part: 'cluster' | 'user'): Problem => ({
  why: `context "${oneLine(context.name)}" names ${part} "${oneLine(context[part])}", which is not defined`,
})

/** First come, first served, as kubectl merges files. */
const choose = (loaded: readonly LoadedFile[], wanted: string): ChosenContext | Problem => {
  const context = findContext(loaded, wanted)
  if (isProblem(context)) return context
  const home = loaded.find(({ kubeConfig }) => kubeConfig.getCluster(context.cluster) !== null)
  const cluster = home?.kubeConfig.getCluster(context.cluster) ?? null
  if (home === undefined || cluster === null) return undefinedPart(context, 'cluster')
  const owner = loaded.find(({ kubeConfig }) => kubeConfig.getUser(context.user) !== null)
  if (owner === undefined && typeof context.user === 'string') return undefinedPart(context, 'user')
  const user = owner?.kubeConfig.getUser(context.user) ?? null
  home.kubeConfig.loadFromClusterAndUser(cluster, user ?? { name: 'anonymous' })
  return {
    file: (owner ?? home).file,
    cluster,
    user,
    rawUser: named(owner?.raw, 'users', context.user, 'user'),
    rawCluster: named(home.raw, 'clusters', context.cluster, 'cluster'),
    kubeConfig: home.kubeConfig,
  }
}

/** Reads and merges the files, and picks the context. `why` names the file; no value of the file is in it but names. */
export const loadKubeconfig = async (options: ConnectionOptions, env: Environment): Promise<ChosenContextOutcome> => {
  const files = kubeconfigFiles(options, env)
  const loaded = await loadAll(files)
  if (isProblem(loaded)) return { kind: 'error', why: loaded.why }
  const chosen = choose(loaded, options.context)
  return isProblem(chosen)
    ? { kind: 'error', why: `kubeconfig ${files.join(', ')}: ${chosen.why}` }
    : { kind: 'ok', chosen }
}
