/** What to do about a failure: a sentence for each step that the API knows of, with its facts. */
import type { Step } from '../shapes.ts'

export type StepWords = { readonly [Code in Step['code']]: (step: Extract<Step, { code: Code }>) => string }

export function stepSentence(words: StepWords, step: Step): string {
  // The one of its code takes its facts; TypeScript does not see the two go together.
  return (words[step.code] as (step: Step) => string)(step)
}
