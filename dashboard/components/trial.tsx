/** Tries an account with the settings that are typed, before they are saved. */
import { useSignal } from '@preact/signals'
import { call } from '../client.ts'
import type { Draft } from '../draft.ts'
import type { Account, Examination, SmtpExamination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { groups } from './certificate-fields.tsx'
import { Examined } from './examined.tsx'
import type { TypedLogin } from './login-fields.tsx'
import type { SendingTyped } from './sending-fields.tsx'
import { SendingSeen } from './sending-seen.tsx'
import { byPassword } from './sign-in/entry.tsx'

export function Trial({
  account,
  draft,
  body,
  onShown,
}: {
  /** As it is registered. */
  readonly account: Account
  readonly draft: Draft<TypedLogin & SendingTyped>
  /** What would be sent. */
  readonly body: () => object
  /** Is told which certificate the server has shown. */
  readonly onShown: (fingerprint: string) => void
}) {
  const { add, welcome } = words.value
  const testing = useSignal(false)
  const tested = useSignal<
    { readonly of: string; readonly seen: Examination; readonly sending: SmtpExamination | undefined } | undefined
  >(undefined)
  const { value: last } = tested
  const test = async () => {
    testing.value = true
    const tried = body()
    await draft.run(async () => {
      const seen = await call<Examination>('POST', `/accounts/${account.id}/test`, tried)
      const isToSend = seen.ok && draft.values.sends
      const sending = isToSend
        ? await call<SmtpExamination>('POST', `/accounts/${account.id}/smtp/test`, tried)
        : undefined
      tested.value = { of: JSON.stringify(tried), seen, sending }
      if (seen.tls !== null) onShown(seen.tls.fingerprint)
    })
    testing.value = false
  }
  // Signing in at another provider comes after saving.
  if (draft.values.entry !== (account.oauth?.applicationId ?? byPassword)) return null
  return (
    <>
      <div class="form-do">
        <Button icon="refresh" busy={testing.value} onClick={() => void test()}>
          {add.test}
        </Button>
        <span class="quiet" role="status">
          {testing.value ? welcome.testing : ''}
        </span>
      </div>
      {last?.sending !== undefined && last.of === JSON.stringify(body()) && <SendingSeen seen={last.sending} />}
      {last !== undefined && last.of === JSON.stringify(body()) && (
        <Examined
          seen={last.seen}
          user={draft.values.user}
          isPlain={draft.values.tls === 'none'}
          trusted={account.tlsFingerprint}
          onTrust={(fingerprint) => draft.set({ trust: 'pinned', fingerprint: groups(fingerprint) })}
        />
      )}
    </>
  )
}
