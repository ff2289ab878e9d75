import { TemplateFailure } from './functions.ts'
import { byteLength } from './byte-text.ts'

/** The longest text that a template or a function in it may make. */
export const MAX_TEXT_BYTES = 1024 * 1024

/** What one rendering may cost: nodes walked count as many, characters made or searched as one each. */
const MAX_STEPS = 4 * 1024 * 1024
const NODE_STEPS = 32

/** How deep blocks, parentheses and template calls may nest while they run. */
const MAX_DEPTH = 1000

/** The bounds of one rendering. Every method throws TemplateFailure when they are passed. */
export class Budget {
  #steps = 0
  #depth = 0
  #bytes = 0

  spend(steps: number): void {
    this.#steps += steps
    if (!(this.#steps <= MAX_STEPS)) throw new TemplateFailure('the template does too much work')
  }

  /** One node of the tree. */
  node(): void {
    this.spend(NODE_STEPS)
  }

  enter(): void {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new TemplateFailure(`exceeded maximum template depth (${MAX_DEPTH})`)
  }

  leave(): void {
    this.#depth -= 1
  }

  /** Text that goes to the output. */
  write(text: string): void {
    this.#bytes += byteLength(text)
    if (this.#bytes > MAX_TEXT_BYTES) throw new TemplateFailure(`the output is longer than ${MAX_TEXT_BYTES} bytes`)
  }
}
