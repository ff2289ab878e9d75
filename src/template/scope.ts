import { TemplateFailure } from './functions.ts'
import type { Cell } from './go-type.ts'

type Variable = { readonly name: string; value: Cell }

/** The variables that a template sees, the innermost last; `$` is the data. */
export class Scope {
  readonly #variables: Variable[]

  constructor(dot: Cell) {
    this.#variables = [{ name: '$', value: dot }]
  }

  /** How many there are: for `cutTo`, at the end of a block. */
  get size(): number {
    return this.#variables.length
  }

  cutTo(size: number): void {
    this.#variables.length = size
  }

  declare(name: string, value: Cell): void {
    this.#variables.push({ name, value })
  }

  assign(name: string, value: Cell): void {
    this.#find(name).value = value
  }

  get(name: string): Cell {
    return this.#find(name).value
  }

  #find(name: string): Variable {
    const variable = this.#variables.findLast((known) => known.name === name)
    if (variable === undefined) throw new TemplateFailure(`undefined variable: ${name}`)
    return variable
  }
}
