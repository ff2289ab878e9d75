import type { ConfigError, ConfigErrorCode, ConfigWarning, Origin } from './config-error.ts'
import { excerpt } from './excerpt.ts'
import { MASK, maskLines, maskUserInfo } from './secret-mask.ts'

/** Shorter secrets are masked where they stand, but not searched for in other text. */
const MIN_SEARCHED = 4

/** Nobody reads more. */
const MAX_ERRORS = 1000

/** What a finding is about: an offset in the file, or a flag. */
export type Spot = { readonly path: string; readonly offset: number; readonly flag: string | null }

type Finding = Spot & { readonly code: ConfigErrorCode | null; readonly message: string }

/** Collects what is wrong with one file, and the secrets seen meanwhile, which no finding may show. */
export class Findings {
  readonly #file: string
  readonly #lines: readonly string[]
  /** Offset of each line's first character. */
  readonly #lineStarts: readonly number[]
  readonly #found: Finding[] = []
  /** Places that have an error. */
  readonly #faulty = new Set<string>()
  readonly #secrets = new Set<string>()

  constructor(file: string, text: string) {
    this.#file = file
    this.#lines = maskLines(text.split(/\r?\n/))
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map((newline) => newline.index + 1)]
  }

  /** Only the first error of a place is kept: the others follow from it. */
  error(code: ConfigErrorCode, spot: Spot, message: string): void {
    const { path, offset, flag } = spot
    const place = JSON.stringify([path, offset, flag])
    if (this.full() || (path !== '' && this.#faulty.has(place))) return
    this.#faulty.add(place)
    this.#found.push({ path, offset, flag, code, message })
  }

  /** No more errors are taken. */
  full(): boolean {
    return this.#faulty.size >= MAX_ERRORS
  }

  warn(spot: Spot, message: string): void {
    const { path, offset, flag } = spot
    this.#found.push({ path, offset, flag, code: null, message })
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
    return this.#faulty.size > 0
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
    // Counted here, because the parser's own LineCounter misses lines behind the end of a broken document.
    let [line, beyond] = [1, this.#lineStarts.length + 1]
    while (beyond - line > 1) {
      const middle = (line + beyond) >> 1
      if ((this.#lineStarts[middle - 1] ?? 0) <= offset) line = middle
      else beyond = middle
    }
    return { file: this.#file, line, col: offset - (this.#lineStarts[line - 1] ?? 0) + 1 }
  }

  #mask(text: string): string {
    let masked = maskUserInfo(text)
    for (const secret of this.#secrets) masked = masked.replaceAll(secret, MASK)
    return masked
  }
}
