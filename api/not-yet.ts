/**
 * Refuses the fields of a login that do nothing yet: nobody is to believe that they hold. Each line goes with the change that makes its field
 * work.
 */
import type { Mistake } from '../src/account/mistake.ts'
import { type LoginChoices, loginDefaults } from '../src/account/login.ts'

const notYet: Readonly<Record<'account' | 'destination', readonly (keyof LoginChoices)[]>> = {
  account: [],
  destination: [],
}

export function notYetMistakes(
  given: Partial<Record<keyof LoginChoices, unknown>>,
  of: 'account' | 'destination',
): Mistake[] {
  return notYet[of]
    .filter((name) => given[name] !== undefined && given[name] !== loginDefaults[name])
    .map((name) => {
      const usual = JSON.stringify(loginDefaults[name])
      return { pointer: `/${name}`, detail: `this version cannot do that yet; leave it out, or send ${usual}` }
    })
}
