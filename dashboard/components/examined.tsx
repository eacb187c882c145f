/** Shows the result of a test: that it works, or what is wrong and what to do. */
import { bytes, moment } from '../intl.ts'
import type { Examination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { Fingerprints } from './certificate-fields.tsx'
import { FailureNote } from './failure.tsx'
import { Icon } from './icon.tsx'

export function Examined({
  seen,
  isPlain,
  user,
  trusted = null,
  onTrust,
  anyway,
}: {
  readonly seen: Examination
  /** Whether nothing was encrypted. */
  readonly isPlain: boolean
  /** The user name that is no news. */
  readonly user: string
  /** The fingerprint of the one certificate that is trusted so far. */
  readonly trusted?: string | null
  /** Trusts exactly the certificate that the server has shown. */
  readonly onTrust: (fingerprint: string) => void
  /** Does without a test that went well. */
  readonly anyway?: { readonly text: string; readonly act: () => void }
}) {
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
          {seen.user !== undefined && seen.user !== user && <p>{say.asUser(seen.user)}</p>}
          {tls !== null && <p>{say.encrypted(tls.version, moment(tls.validTo))}</p>}
          {isPlain && <p>{say.notEncrypted}</p>}
        </div>
      </div>
    )
  const isToPin = failure.kind === 'tls' && tls !== null && tls.fingerprint !== trusted
  return (
    <div role="alert">
      <FailureNote failure={failure} step={step}>
        {isToPin && <Fingerprints before={trusted} now={tls.fingerprint} />}
        {isToPin ? (
          <div class="form-do">
            <Button onClick={() => onTrust(tls.fingerprint)}>{say.pin}</Button>
          </div>
        ) : (
          anyway && (
            <div class="form-do">
              <Button onClick={anyway.act}>{anyway.text}</Button>
            </div>
          )
        )}
      </FailureNote>
    </div>
  )
}
