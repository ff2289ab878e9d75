import type { LabelChoice } from './ast.ts'
import { valueTest } from './matchers.ts'
import type { Step } from './step.ts'

const tests = (
  choices: readonly LabelChoice[],
): readonly { name: string; test: ((value: string) => boolean) | null }[] =>
  choices.map(({ name, matcher }) => ({ name, test: matcher === null ? null : valueTest(matcher) }))

/** `| drop a, b="x"`. Errors are dropped by their labels too. */
export const dropStep = (choices: readonly LabelChoice[]): Step => {
  const dropped = tests(choices)
  return (line, labels) => {
    for (const { name, test } of dropped) labels.drop(name, test ?? (() => true))
    return line
  }
}

/** `| keep a, b="x"`; errors stay. */
export const keepStep = (choices: readonly LabelChoice[]): Step => {
  const kept = tests(choices)
  const special = new Set(['__error__', '__error_details__', '__preserve_error__'])
  return (line, labels) => {
    for (const [name, value] of labels.all()) {
      const keeps = kept.some((choice) => choice.name === name && (choice.test === null || choice.test(value)))
      if (!keeps && !special.has(name)) labels.delete(name)
    }
    return line
  }
}
