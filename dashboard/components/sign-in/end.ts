import type { SignIn } from '../../shapes.ts'
import type { Words } from '../../words/index.ts'

/** Says how a sign-in ended. A refusal has the API's words: who has signed in in place of the owner, or what the provider said. */
export function endOf(say: Words['signing'], { state, signedInAs, reason }: SignIn): string {
  // Whoever was signed in before still is.
  if (reason !== null) return say.refused(reason)
  if (state === 'signed in') return signedInAs === null ? say.states['signed in'] : say.signedInAs(signedInAs)
  return say.ends.denied
}
