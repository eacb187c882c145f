/** What somebody should know of an account or a mailbox elsewhere, in a few words, for lists: old encryption, and a sign-in that ends. */
import { brief, nowMs } from '../intl.ts'
import type { Account, SignIn } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'
import { isWeak } from './line-fields.tsx'

/** A sign-in that is good for longer is no news. */
const soonMs = 14 * 24 * 3_600_000

type Marked = Pick<Account, 'tls' | 'tlsMinVersion' | 'tlsLegacy' | 'oauth'>

/** When somebody has to sign in again, if that is soon or is known to come as a surprise; null: not for a while. */
export function endOf({ state, warning, expiresAt }: SignIn, now: number): string | null {
  if (state !== 'signed in') return null
  if (warning !== null) return warning.at
  return expiresAt !== null && Date.parse(expiresAt) - now < soonMs ? expiresAt : null
}

export function Marks({ of }: { readonly of: Marked }) {
  const { line, signing } = words.value
  const { oauth } = of
  const end = oauth === null ? null : endOf(oauth, nowMs.value)
  return (
    <>
      {isWeak(of) && <Mark>{line.mark}</Mark>}
      {oauth !== null && oauth.state !== 'signed in' && <Mark>{signing.marks[oauth.state]}</Mark>}
      {end !== null && <Mark>{signing.endsOn(brief(end))}</Mark>}
    </>
  )
}

function Mark({ children }: { readonly children: string }) {
  return (
    <span class="mark" title={children}>
      <Icon name="warning" />
      <span>{children}</span>
    </span>
  )
}
