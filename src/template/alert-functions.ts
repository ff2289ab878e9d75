import type { TemplateFunctions } from './functions.ts'

/** The functions of alert templates. */
export const alertFunctions: TemplateFunctions = {}
