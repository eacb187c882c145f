/** Tries the login of a mailbox elsewhere as it is typed, before it is saved, and shows what came of it. */
import { useSignal } from '@preact/signals'
import { call } from '../client.ts'
import type { Draft } from '../draft.ts'
import { moment } from '../intl.ts'
import type { DestinationExamination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { stepSentence } from '../words/steps.ts'
import { Button } from './button.tsx'
import { Fingerprints, groups } from './certificate-fields.tsx'
import { Icon } from './icon.tsx'
import type { TypedLogin } from './login-fields.tsx'

export function MailboxTrial<Typed extends TypedLogin>({
  path,
  draft,
  body,
  trusted = null,
  onShown = () => {},
}: {
  readonly path: string
  readonly draft: Draft<Typed>
  /** What would be sent. */
  readonly body: () => object
  /** The fingerprint of the one certificate that is trusted so far. */
  readonly trusted?: string | null
  /** Is told which certificate the server has shown. */
  readonly onShown?: (fingerprint: string) => void
}) {
  const { add, welcome } = words.value
  const testing = useSignal(false)
  const tested = useSignal<{ readonly of: string; readonly seen: DestinationExamination } | undefined>(undefined)
  const { value: last } = tested
  const test = async () => {
    testing.value = true
    const tried = body()
    await draft.run(async () => {
      const seen = await call<DestinationExamination>('POST', path, tried)
      tested.value = { of: JSON.stringify(tried), seen }
      if (seen.fingerprint !== null) onShown(seen.fingerprint)
    })
    testing.value = false
  }
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
      {last !== undefined && last.of === JSON.stringify(body()) && (
        <Tried
          seen={last.seen}
          isPlain={draft.values.tls === 'none'}
          trusted={trusted}
          onTrust={(fingerprint) => {
            const trust: Partial<TypedLogin> = { trust: 'pinned', fingerprint: groups(fingerprint) }
            draft.set(trust as Partial<Typed>)
          }}
        />
      )}
    </>
  )
}

function Tried({
  seen: { failure, step, messages, tls, fingerprint },
  isPlain,
  trusted,
  onTrust,
}: {
  readonly seen: DestinationExamination
  readonly isPlain: boolean
  readonly trusted: string | null
  readonly onTrust: (fingerprint: string) => void
}) {
  const { add, destinations: say, steps } = words.value
  if (failure === null)
    return (
      <div class="callout good" role="status">
        <Icon name="check" />
        <div>
          <p class="callout-title">{say.letsIn(messages)}</p>
          {tls !== null && <p>{add.encrypted(tls.version, moment(tls.validTo))}</p>}
          {isPlain && <p>{add.notEncrypted}</p>}
        </div>
      </div>
    )
  const isToPin = tls === null && fingerprint !== null && fingerprint !== trusted
  return (
    <div role="alert">
      <div class="callout warning">
        <Icon name="warning" />
        <div>
          <p class="callout-title">{say.keepsOut}</p>
          {step !== undefined && <p>{stepSentence(steps, step)}</p>}
          {/* The API's words, and the server's. */}
          <p class="callout-said" lang="en">
            {failure.message}
          </p>
          {isToPin && (
            <>
              <Fingerprints before={trusted} now={fingerprint} />
              <div class="form-do">
                <Button onClick={() => onTrust(fingerprint)}>{add.pin}</Button>
              </div>
            </>
          )}
        </div>
      </div>
    </div>
  )
}
