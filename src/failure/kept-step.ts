/** A step as it is stored: what the list of providers says is left out, and found again by the provider's name, as what a remedy is by its words. */
import { providerNamed } from '../account/providers.ts'
import { remedyStep, type RemedyStep } from './remedy.ts'
import type { Step } from './step.ts'

type Note = Extract<Step, { code: 'provider note' }>
/** `note`: where it is none of the list as it is now. */
export type KeptStep =
  | Exclude<Step, { code: 'provider note' | 'remedy' }>
  | Pick<RemedyStep, 'code' | 'remedy'>
  | (Omit<Note, 'note' | 'advice'> & { readonly note?: string })

export function keptStep(step: Step): KeptStep {
  if (step.code === 'remedy') return { code: 'remedy', remedy: step.remedy }
  if (step.code !== 'provider note') return step
  const { advice: _, note, ...rest } = step
  return note === providerNamed(step.provider)?.note ? rest : { ...rest, note }
}

export function wholeStep(step: KeptStep): Step {
  if (step.code === 'remedy') return remedyStep(step.remedy)
  if (step.code !== 'provider note') return step
  const { provider, certain, note: own } = step
  const { note = '', advice } = providerNamed(provider) ?? {}
  // Advice has a link: one that stands in a record was put there by hand.
  return { code: 'provider note', provider, note: own ?? note, ...(advice === undefined ? {} : { advice }), certain }
}
