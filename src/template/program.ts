import type { TemplateFunctions } from './functions.ts'
import type { Node } from './nodes.ts'
import type { MissingKey } from './template.ts'

/** What all templates of one rendering share. */
export type Program = {
  readonly templates: ReadonlyMap<string, readonly Node[]>
  readonly functions: TemplateFunctions
  readonly missingKey: MissingKey
  /** Whether it calls a function that changes maps. */
  readonly mutates: boolean
}
