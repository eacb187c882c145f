/** Offers sample mail to those who have no account at hand: one click makes a mailbox and an account of the sample provider. */
import { useRef } from 'preact/hooks'
import { call } from '../../client.ts'
import { Form, Wrong } from '../../components/form.tsx'
import { Button } from '../../components/button.tsx'
import { makeMailbox } from '../../components/new-mailbox.tsx'
import { useDraft } from '../../draft.ts'
import { useResource } from '../../resource.ts'
import { learn } from '../../roster.ts'
import { navigate } from '../../router.ts'
import type { Account, Destination, Sample } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function TrySample() {
  const { value: loaded } = useResource<Sample>('/sample').now
  const account = loaded.state === 'ready' ? loaded.value.account : null
  return account === null ? null : <Offer account={account} />
}

function Offer({ account }: { readonly account: NonNullable<Sample['account']> }) {
  const { welcome: say } = words.value
  /** A mailbox that was made before the account was refused; a second try goes on from there. */
  const mailbox = useRef<Destination | undefined>(undefined)
  const draft = useDraft({}, async () => {
    mailbox.current ??= await makeMailbox('sample', randomPassword())
    const made = await call<Account>('POST', '/accounts', { ...account, destinationId: mailbox.current.id })
    learn([made])
    navigate(`/accounts/${made.id}`)
  })
  return (
    <Form draft={draft} class="step">
      <h2>{say.sample}</h2>
      <p class="quiet">{say.sampleHint}</p>
      <Wrong draft={draft} />
      <Button type="submit" busy={draft.busy}>
        {say.trySample}
      </Button>
    </Form>
  )
}

/** Nobody types this password. Somebody who wants to read the mailbox with a mail program sets another one. */
function randomPassword(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))
}
