/** Says what to do about a failure: one sentence for each step that the API knows, with its facts. */
import type { Step } from '../shapes.ts'

export type StepWords = { readonly [Code in Step['code']]: (step: Extract<Step, { code: Code }>) => string }

export type ProtocolWords = Partial<Record<NonNullable<Extract<Step, { code: 'not POP3' }>['speaks']>, string>>

export function stepSentence(words: StepWords, step: Step): string {
  // The sentence of a code takes the facts of that code; TypeScript does not see that the two go together.
  return (words[step.code] as (step: Step) => string)(step)
}
