import type { LineCounter } from 'yaml'
import type { ConfigError, ConfigErrorCode, ConfigWarning, Origin } from './config-error.ts'
import { excerpt } from './excerpt.ts'
import { MASK, maskLines, maskUserInfo } from './secret-mask.ts'

/** Shorter secrets are masked where they stand, but not searched for in other text. */
const MIN_SEARCHED = 4

/** What a finding is about: an offset in the file, or a flag. */
export type Spot = { readonly path: string; readonly offset: number; readonly flag: string | null }

type Finding = Spot & { readonly code: ConfigErrorCode | null; readonly message: string }

/** Collects what is wrong with one file, and the secrets seen meanwhile, which no finding may show. */
export class Findings {
  readonly #file: string
  readonly #lines: readonly string[]
  readonly #lineCounter: LineCounter
  readonly #found: Finding[] = []
  readonly #secrets = new Set<string>()

  constructor(file: string, text: string, lineCounter: LineCounter) {
    this.#file = file
    this.#lines = maskLines(text.split(/\r?\n/))
    this.#lineCounter = lineCounter
  }

  error(code: ConfigErrorCode, spot: Spot, message: string): void {
    this.#found.push({ ...spot, code, message })
  }

  warn(spot: Spot, message: string): void {
    this.#found.push({ ...spot, code: null, message })
  }

  /** From now on, and in what was found before, this text is masked. */
  secret(text: string): void {
    for (const line of text.split('\n')) if (line.trim().length >= MIN_SEARCHED) this.#secrets.add(line.trim())
  }

  /** The line a spot is on, from 1; 0 for a flag. */
  line(spot: Spot): number {
    return this.#origin(spot).line
  }

  failed(): boolean {
    return this.#found.some((finding) => finding.code !== null)
  }

  /** In the order of the file; flags last. */
  get errors(): readonly ConfigError[] {
    return this.#ordered().flatMap((finding) => {
      if (finding.code === null) return []
      const origin = this.#origin(finding)
      const line = this.#lines[origin.line - 1]
      return {
        ...origin,
        code: finding.code,
        path: this.#mask(finding.path),
        message: this.#mask(finding.message),
        excerpt: line === undefined || line.trim() === '' ? '' : excerpt(this.#mask(line), origin.col),
      }
    })
  }

  get warnings(): readonly ConfigWarning[] {
    return this.#ordered().flatMap((finding) => {
      if (finding.code !== null) return []
      return { ...this.#origin(finding), path: this.#mask(finding.path), message: this.#mask(finding.message) }
    })
  }

  #ordered(): readonly Finding[] {
    const rank = ({ flag, offset }: Spot): number => (flag === null ? offset : Infinity)
    return this.#found.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
  }

  #origin({ flag, offset }: Spot): Origin {
    if (flag !== null) return { file: flag, line: 0, col: 0 }
    const { line, col } = this.#lineCounter.linePos(offset)
    return { file: this.#file, line: Math.max(line, 1), col: Math.max(col, 1) }
  }

  #mask(text: string): string {
    let masked = maskUserInfo(text)
    for (const secret of this.#secrets) masked = masked.replaceAll(secret, MASK)
    return masked
  }
}
