/** The way out of a certificate that is not trusted: the one that the server shows now, beside the one that was trusted. */
import { call } from '../client.ts'
import { Button } from './button.tsx'
import { Fingerprints } from './certificate-fields.tsx'
import { attempt } from './toast.tsx'
import { follow } from '../live.ts'
import { learn } from '../roster.ts'
import type { Account, Failure, Run } from '../shapes.ts'
import { words } from '../words/index.ts'

/** The fingerprint of the certificate that the failure is about, if it is one that may be trusted. */
const shownIn = ({ kind, step }: Failure) =>
  kind === 'tls' && step !== undefined && 'fingerprint' in step ? step.fingerprint : undefined

export function TrustThis({
  account: { id, tlsFingerprint },
  failure,
}: {
  readonly account: Account
  readonly failure: Failure
}) {
  const { add, edit: say } = words.value
  const now = shownIn(failure)
  if (now === undefined || now === tlsFingerprint) return null
  const trust = async () => {
    learn([await call<Account>('PATCH', `/accounts/${id}`, { tlsFingerprint: now })])
    follow(await call<Run>('POST', `/accounts/${id}/pull`))
  }
  return (
    <>
      <Fingerprints before={tlsFingerprint} now={now} />
      <div class="form-do">
        <Button onClick={() => void attempt(trust, say.trusted)}>{add.pin}</Button>
      </div>
    </>
  )
}
