import type { LabelChoice } from './ast.ts'
import { valueTest } from './matchers.ts'
import type { Step } from './step.ts'

const tests = (
  choices: readonly LabelChoice[],
): readonly { name: string; test: ((value: string) => boolean) | null }[] =>
  choices.map(({ name, matcher }) => ({ name, test: matcher === null ? null : valueTest(matcher) }))

const ANY = (): boolean => true

const SPECIAL = new Set(['__error__', '__error_details__', '__preserve_error__'])
const isSpecial = (name: string): boolean => SPECIAL.has(name)

/** `| drop a, b="x"`. Errors are dropped by their labels too. */
export const dropStep = (choices: readonly LabelChoice[]): Step => {
  const dropped = tests(choices)
  return (line, labels) => {
    // Named alone, what is not there is not dropped; with a matcher it is, which hides it from parsers.
    for (const { name, test } of dropped) {
      if (test !== null || isSpecial(name) || labels.get(name) !== undefined) labels.drop(name, test ?? ANY)
    }
    return line
  }
}

/** `| keep a, b="x"`; errors stay. */
export const keepStep = (choices: readonly LabelChoice[]): Step => {
  const kept = tests(choices)
  return (line, labels) => {
    for (const [name, value] of labels.all()) {
      const keeps = kept.some((choice) => choice.name === name && (choice.test === null || choice.test(value)))
      if (!keeps && !isSpecial(name)) labels.delete(name)
    }
    return line
  }
}
