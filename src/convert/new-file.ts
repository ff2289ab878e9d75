import { Document, isCollection, isMap, isNode, isPair, isScalar, isSeq, visit, type Node } from 'yaml'
import type { ConfigError } from '../config/config-error.ts'
import { parseConfig } from '../config/parse-config.ts'
import type { Conversion, Finding, Report } from './finding.ts'
import { envMarked, withReferences } from './references.ts'

/** A key of a mapping, or a place in a list. */
type Step = string | number

/** `scrape_configs[0].labels."a b"` taken apart. */
const stepsOf = (path: string): readonly Step[] =>
  [...path.matchAll(/\[(\d+)\]|"(?:[^"\\]|\\.)*"|[\w-]+/g)].map(([step, index]) => {
    if (index !== undefined) return Number(index)
    return step.startsWith('"') ? (JSON.parse(step) as string) : step
  })

/** Each removal takes something away, so this many are enough for any file that a person wrote. */
const MAX_REMOVALS = 1000

/** The file that is being written: YAML nodes, most of which know the line they come from. */
export class NewFile {
  readonly #document: Document
  readonly #lines = new WeakMap<Node, number>()
  readonly #findings: Finding[] = []

  /** @param document to go on from. */
  constructor(document?: Document) {
    // Quotes what YAML 1.1 would not take for text.
    this.#document = document ?? new Document({}, { version: '1.1' })
  }

  get document(): Document {
    return this.#document
  }

  readonly report: Report = (finding) => {
    this.#findings.push(finding)
  }

  /** Remembers the line of a node. */
  from<T extends Node>(line: number, node: T): T {
    this.#lines.set(node, line)
    return node
  }

  /** The line of a node; 0: it has none. */
  lineOf(node: unknown): number {
    return isNode(node) ? (this.#lines.get(node) ?? 0) : 0
  }

  /** A node for a plain value or one that holds nodes, from a line of the old file. */
  node(line: number, value: unknown): Node {
    return this.from(line, this.#document.createNode(value))
  }

  /**
   * The text, after everything was taken out that the agent would refuse; what is left passes `eventail check`. References
   * to the environment are not looked into.
   */
  finish(): Conversion {
    for (let round = 0; round < MAX_REMOVALS; round += 1) {
      const parsed = parseConfig(this.#text(), '')
      const errors = parsed.kind === 'invalid' ? parsed.errors : []
      const wrong = errors.filter((one) => !this.#isOfEnvironment(stepsOf(one.path)))
      // What is missing may be so because of another mistake beside it.
      const error = wrong.find(({ code }) => code !== 'MISSING_KEY') ?? wrong[0]
      if (error === undefined) return this.#converted()
      if (!this.#remove(error)) return this.#unfinished(error)
    }
    return { kind: 'unreadable', line: 0, why: 'too much in it cannot be converted' }
  }

  /** What was taken out last may be why something is missing now. */
  #unfinished({ path, message }: ConfigError): Conversion {
    const last = this.#findings.findLast(({ leftOut }) => leftOut)
    const cause = last === undefined ? '' : ` (${last.where}: ${last.what})`
    return { kind: 'unreadable', line: last?.line ?? 0, why: `${path}: ${message}${cause}` }
  }

  #converted(): Conversion {
    const text = this.#text()
    if (envMarked(text)) {
      const what = 'the new file refers to environment variables: run it with -config.expand-env'
      this.report({ line: 0, where: 'environment', what, leftOut: false })
    }
    return { kind: 'converted', text: withReferences(text), findings: this.#findings }
  }

  #text(): string {
    return this.#document.toString({ lineWidth: 0 })
  }

  #at(steps: readonly Step[]): Node | null {
    const node = this.#document.getIn(steps, true)
    return isNode(node) ? node : null
  }

  #isOfEnvironment(steps: readonly Step[]): boolean {
    const node = this.#at(steps)
    return isScalar(node) && typeof node.value === 'string' && (node.value.includes('${') || envMarked(node.value))
  }

  #lineAt(steps: readonly Step[]): number {
    for (let count = steps.length; count >= 0; count -= 1) {
      const node = count === 0 ? this.#document.contents : this.#at(steps.slice(0, count))
      const line = isNode(node) ? this.#lines.get(node) : undefined
      if (line !== undefined) return line
    }
    return 0
  }

  /** Takes away what an error is about, or what cannot be without it. */
  #remove({ path, message }: ConfigError): boolean {
    const steps = removable(stepsOf(path), (prefix) => this.#document.hasIn(prefix))
    if (steps.length === 0) return false
    this.report({ line: this.#lineAt(steps), where: path, what: message, leftOut: true })
    this.#document.deleteIn(steps)
    this.#dropEmpty(steps.slice(0, -1))
    return true
  }

  /** A list or a mapping that lost its last item goes too. */
  #dropEmpty(steps: readonly Step[]): void {
    const node = this.#at(steps)
    const isEmpty = isCollection(node) && node.items.length === 0
    if (steps.length === 0 || !isEmpty || steps.at(-1) === 'kubernetes_events') return
    this.#document.deleteIn(steps)
    this.#dropEmpty(steps.slice(0, -1))
  }
}

const LISTS_OF_WHOLES = ['relabel_configs', 'pipeline_stages', 'stages']

/**
 * What to remove for an error at `steps`: that key; or, when it is missing, or the name of a stage, or part of a relabel
 * rule, the item of the list around it.
 */
const removable = (steps: readonly Step[], has: (prefix: readonly Step[]) => boolean): readonly Step[] => {
  const item = steps.findLastIndex(
    (step, at) => typeof step === 'number' && LISTS_OF_WHOLES.includes(String(steps[at - 1])),
  )
  const isRule = steps[item - 1] === 'relabel_configs'
  if (item >= 0 && (isRule || steps.length <= item + 2 || !has(steps))) return steps.slice(0, item + 1)
  let kept = steps
  while (kept.length > 0 && !has(kept)) kept = kept.slice(0, -1)
  return kept
}

/** Gives every node of a parsed file its line. */
export const rememberLines = (file: NewFile, text: string): void => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const lineAt = (offset: number): number => {
    const after = starts.findIndex((start) => start > offset)
    return after < 0 ? starts.length : after
  }
  visit(file.document, {
    Pair: (_, pair) => {
      // A value that is a mapping begins below its key, which is what people look for.
      const { key, value } = pair
      if (isNode(value) && isScalar(key)) file.from(lineAt(key.range?.[0] ?? 0), value)
    },
    Node: (_, node, path) => {
      const parent = path.at(-1)
      if (!isPair(parent) && (isSeq(parent) || isMap(node) || isSeq(node)))
        file.from(lineAt(node.range?.[0] ?? 0), node)
    },
  })
}
