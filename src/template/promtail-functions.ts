import type { TemplateFunctions } from './functions.ts'

/** The functions of promtail templates. */
export const promtailFunctions: TemplateFunctions = {}
