import type { TemplateFunctions } from './functions.ts'

/** The functions of loki templates. */
export const lokiFunctions: TemplateFunctions = {}
