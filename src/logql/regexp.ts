import { RE2JS, RE2JSException } from 're2js'

export type RegExpOutcome =
  { readonly kind: 'ok'; readonly regexp: RE2JS } | { readonly kind: 'invalid'; readonly message: string }

/** Longest pattern; what is longer is no pattern of a person. */
const MAX_PATTERN = 16_384

/** Compiles a pattern as Go's regexp does (RE2: linear time). The message is worded as Go's. */
export const compileRegExp = (pattern: string): RegExpOutcome => {
  if (pattern.length > MAX_PATTERN) {
    return { kind: 'invalid', message: 'error parsing regexp: expression too large' }
  }
  try {
    return { kind: 'ok', regexp: RE2JS.compile(pattern) }
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return {
      kind: 'invalid',
      message: error.message.replace(/^(?:error parsing regexp: )?/, 'error parsing regexp: '),
    }
  }
}

/** A pattern that was checked before. */
export const compiledRegExp = (pattern: string): RE2JS => {
  const outcome = compileRegExp(pattern)
  if (outcome.kind === 'ok') return outcome.regexp
  throw new Error(`a pattern went unchecked: ${outcome.message}`)
}

/** As Prometheus and Loki match labels: the whole value, `.` matches newlines too. */
export const anchored = (pattern: string): string => `^(?s:${pattern})$`
