/** Shows the result of a test: that it works, or what is wrong and what to do. */
import { Button } from '../../components/button.tsx'
import { FailureNote } from '../../components/failure.tsx'
import { Icon } from '../../components/icon.tsx'
import { bytes, moment } from '../../intl.ts'
import type { Examination } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import type { Adding } from './new-account.ts'

export function Seen({ seen, adding: { draft, create } }: { readonly seen: Examination; readonly adding: Adding }) {
  const { add: say } = words.value
  const { failure, step, tls } = seen
  if (failure === null)
    return (
      <div class="callout good" role="status">
        <Icon name="check" />
        <div>
          <p class="callout-title">
            {seen.messages === 0 ? say.worksEmpty : say.works(seen.messages, bytes(seen.octets))}
          </p>
          {seen.user !== undefined && seen.user !== draft.values.address.trim() && <p>{say.asUser(seen.user)}</p>}
          {tls !== null && <p>{say.encrypted(tls.version, moment(tls.validTo))}</p>}
          {draft.values.tls === 'none' && <p>{say.notEncrypted}</p>}
        </div>
      </div>
    )
  const isToPin = failure.kind === 'tls' && tls !== null
  return (
    <div role="alert">
      <FailureNote failure={failure} step={step}>
        {isToPin && <code class="fingerprint">{groups(tls.fingerprint)}</code>}
        <div class="form-do">
          {isToPin ? (
            <Button onClick={() => draft.set({ tlsFingerprint: tls.fingerprint })}>{say.pin}</Button>
          ) : (
            <Button onClick={() => void create()}>{say.anyway}</Button>
          )}
        </div>
      </FailureNote>
    </div>
  )
}

/** Formats a fingerprint as `5F 3A ...`, so that it can be read over the telephone. */
export const groups = (hex: string) => hex.toUpperCase().replace(/(..)(?=.)/g, '$1 ')
