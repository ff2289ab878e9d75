import { BUILTINS } from './builtins.ts'
import { joinBytes } from './byte-text.ts'
import { Budget } from './budget.ts'
import { callFunction } from './call.ts'
import { argumentsTo, fieldOf, methodOf } from './fields.ts'
import { TemplateFailure, type Invocation, type RenderFacts } from './functions.ts'
import { isTrue, type Cell } from './go-type.ts'
import {
  nodeText,
  type Branch,
  type Command,
  type Located,
  type Node,
  type Operand,
  type Pipe,
  type TemplateCall,
} from './nodes.ts'
import { iterationsOf } from './iterations.ts'
import { valueText } from './print-value.ts'
import type { Program } from './program.ts'
import { Scope } from './scope.ts'
import type { TemplateValue } from './values.ts'

/** A value given to a command by the one before it in the pipeline; none for the first. */
export type Final = { readonly value: Cell } | null

type Flow = 'on' | 'break' | 'continue'

/** The arguments of a call: those written behind the name, and the one piped in. */
export type Given = { readonly args: readonly Operand[]; readonly final: Final }

/** One rendering, after Go's text/template/exec.go. Throws TemplateFailure; `where` then tells at which node. */
export class Execution {
  readonly #program: Program
  readonly #budget = new Budget()
  readonly #invocation: Invocation
  #out: string[] = []
  #scope: Scope = new Scope(undefined)
  #node: Located | null = null
  #template: string

  constructor(program: Program, name: string, facts: RenderFacts) {
    this.#program = program
    this.#template = name
    this.#invocation = {
      facts,
      spend: (steps) => {
        this.#budget.spend(steps)
      },
      include: (template, dot) => this.#included(template, dot),
    }
  }

  get where(): { readonly template: string; readonly node: Located | null } {
    return { template: this.#template, node: this.#node }
  }

  run(dot: TemplateValue): string {
    this.#scope = new Scope(dot)
    this.#walkAll(this.#program.templates.get(this.#template) ?? [], dot)
    return joinBytes(this.#out.join(''))
  }

  #included(name: string, dot: TemplateValue): string {
    const outer = this.#out
    this.#out = []
    this.#enterTemplate(name, dot)
    const text = joinBytes(this.#out.join(''))
    this.#out = outer
    return text
  }

  #enterTemplate(name: string, dot: Cell): void {
    const body = this.#program.templates.get(name)
    if (body === undefined) throw new TemplateFailure(`template ${JSON.stringify(name)} not defined`)
    const outer = { scope: this.#scope, template: this.#template }
    this.#scope = new Scope(dot)
    this.#template = name
    this.#walkAll(body, dot)
    this.#scope = outer.scope
    this.#template = outer.template
  }

  #walkAll(nodes: readonly Node[], dot: Cell): Flow {
    this.#budget.enter()
    for (const node of nodes) {
      const flow = this.#walk(node, dot)
      if (flow !== 'on') {
        this.#budget.leave()
        return flow
      }
    }
    this.#budget.leave()
    return 'on'
  }

  #walk(node: Node, dot: Cell): Flow {
    this.#budget.node()
    this.#node = node
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return 'on'
      case 'action':
        this.#action(node.pipe, dot)
        return 'on'
      case 'template':
        this.#call(node, dot)
        return 'on'
      case 'break':
      case 'continue':
        return node.kind
      case 'if':
      case 'with':
        return this.#choose(node, dot, node.kind)
      case 'range':
        return this.#range(node, dot)
    }
  }

  #write(text: string): void {
    this.#budget.write(text)
    this.#out.push(text)
  }

  #action(pipe: Pipe, dot: Cell): void {
    const value = this.#pipeline(pipe, dot)
    if (pipe.variables.length > 0) return
    this.#write(value === undefined ? '<no value>' : valueText(value, this.#invocation.spend))
  }

  #call(node: TemplateCall, dot: Cell): void {
    if (!this.#program.templates.has(node.name))
      throw new TemplateFailure(`template ${JSON.stringify(node.name)} not defined`)
    const argument = node.pipe === null ? undefined : this.#pipeline(node.pipe, dot)
    this.#enterTemplate(node.name, argument)
  }

  #choose(branch: Branch, dot: Cell, kind: 'if' | 'with'): Flow {
    const mark = this.#scope.size
    const value = this.#pipeline(branch.pipe, dot)
    const flow = isTrue(value)
      ? this.#walkAll(branch.body, kind === 'with' ? value : dot)
      : this.#walkAll(branch.otherwise ?? [], dot)
    this.#scope.cutTo(mark)
    return flow
  }

  #range(branch: Branch, dot: Cell): Flow {
    const mark = this.#scope.size
    const items = iterationsOf(this.#pipeline(branch.pipe, dot), this.#invocation.spend)
    const inner = this.#scope.size
    let any = false
    for (const [index, item] of items) {
      any = true
      this.#budget.node()
      this.#bindLoop(branch.pipe, index, item)
      const flow = this.#walkAll(branch.body, item)
      this.#scope.cutTo(inner)
      if (flow === 'break') break
    }
    const flow = any || branch.otherwise === null ? 'on' : this.#walkAll(branch.otherwise, dot)
    this.#scope.cutTo(mark)
    return flow
  }

  #bindLoop({ variables: [first, second], assigns }: Pipe, index: Cell, item: Cell): void {
    if (first === undefined) return
    if (assigns) {
      this.#scope.assign(first, second === undefined ? item : index)
      if (second !== undefined) this.#scope.assign(second, item)
      return
    }
    this.#scope.declare(first, second === undefined ? item : index)
    if (second !== undefined) this.#scope.declare(second, item)
  }

  #pipeline(pipe: Pipe, dot: Cell): Cell {
    this.#budget.enter()
    this.#node = pipe
    let final: Final = null
    for (const command of pipe.commands) {
      // Go digs out what is in an interface here: nil becomes the missing value.
      final = { value: this.#command(command, dot, final) ?? undefined }
    }
    const value = final?.value
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#scope.assign(name, value)
      else this.#scope.declare(name, value)
    }
    this.#budget.leave()
    return value
  }

  #command(command: Command, dot: Cell, final: Final): Cell {
    this.#budget.node()
    const [first, ...args] = command.args
    if (first === undefined) return undefined
    if (first.kind === 'field' || first.kind === 'chain' || (first.kind === 'variable' && first.names.length > 0))
      return this.#chained(first, dot, { args, final })
    if (first.kind === 'function') {
      this.#node = first
      return this.#function(first.name, command, dot, { args, final })
    }
    this.#node = first
    if (args.length > 0 || final !== null)
      throw new TemplateFailure(`can't give argument to non-function ${nodeText(first)}`)
    if (first.kind === 'nil') throw new TemplateFailure('nil is not a command')
    return this.#operand(first, dot)
  }

  #function(name: string, at: Located, dot: Cell, given: Given): Cell {
    const own = Object.hasOwn(this.#program.functions, name) ? this.#program.functions[name] : undefined
    const callable = own ?? (Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined)
    if (callable?.kind !== 'function') throw new TemplateFailure(`${JSON.stringify(name)} is not a defined function`)
    if (own === undefined && (name === 'and' || name === 'or')) return this.#shortCircuit(name, dot, given)
    return callFunction(callable, name, this.#calling(at, dot, given))
  }

  #calling(at: Located, dot: Cell, given: Given): Parameters<typeof callFunction>[2] {
    return {
      // Not spread: this is done for each call of each entry, and copying an object of unknown shape takes most of it.
      args: given.args,
      final: given.final,
      invocation: this.#invocation,
      evaluate: (operand) => this.#operand(operand, dot),
      standAt: (node) => {
        this.#node = node ?? at
      },
    }
  }

  /** `and` and `or` evaluate no further than they must. */
  #shortCircuit(name: 'and' | 'or', dot: Cell, { args, final }: Given): Cell {
    if (args.length === 0 && final === null)
      throw new TemplateFailure(`wrong number of args for ${name}: want at least 1 got 0`)
    let value: Cell
    for (const operand of args) {
      value = this.#operand(operand, dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return final === null ? value : final.value
  }

  /** Fields one after the other; only the last one may be a method with arguments. */
  #chained(operand: Operand & { readonly names: readonly string[] }, dot: Cell, given: Given): Cell {
    this.#node = operand
    let value = this.#receiver(operand, dot)
    for (const [index, name] of operand.names.entries()) {
      const last = index === operand.names.length - 1
      const method = methodOf(value, name)
      const arguments_ = last ? given : { args: [], final: null }
      if (method !== null) value = callFunction(method, name, this.#calling(operand, dot, arguments_))
      else if (last && (given.args.length > 0 || given.final !== null))
        throw new TemplateFailure(argumentsTo(value, name))
      else value = fieldOf(value, name, this.#program.missingKey)
    }
    return value
  }

  #receiver(operand: Operand, dot: Cell): Cell {
    if (operand.kind === 'variable') return this.#scope.get(operand.name)
    if (operand.kind !== 'chain') return dot
    if (operand.of.kind === 'nil') throw new TemplateFailure(`indirection through explicit nil in ${nodeText(operand)}`)
    return this.#operand(operand.of, dot)
  }

  /** An operand by itself, where no type is asked of it. */
  #operand(operand: Operand, dot: Cell): Cell {
    this.#budget.node()
    this.#node = operand
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'nil':
        return null
      case 'bool':
        return operand.value
      case 'string':
        return operand.text
      case 'number':
        if (operand.prefersFloat) return operand.float
        if (operand.integer === null) throw new TemplateFailure(`${operand.text} overflows int`)
        return operand.integer
      case 'pipe':
        return this.#pipeline(operand, dot)
      case 'function':
        return this.#function(operand.name, operand, dot, { args: [], final: null })
      case 'field':
      case 'chain':
      case 'variable':
        return this.#chained(operand, dot, { args: [], final: null })
    }
  }
}
