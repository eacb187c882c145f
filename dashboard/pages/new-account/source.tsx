/** The section for the account's server, with a test. */
import { Button } from '../../components/button.tsx'
import { Section } from '../../components/page.tsx'
import { SendingFields } from '../../components/sending-fields.tsx'
import { SendingSeen } from '../../components/sending-seen.tsx'
import { byPassword } from '../../components/sign-in/entry.tsx'
import { words } from '../../words/index.ts'
import { ByHand } from './by-hand.tsx'
import { Credentials } from './credentials.tsx'
import { Entry } from './entry.tsx'
import { Found } from './found.tsx'
import type { Adding } from './new-account.ts'
import { Seen } from './seen.tsx'

export function Source({ adding }: { readonly adding: Adding }) {
  const { add: say, welcome, sending } = words.value
  const { draft, seen, seenSending, isTesting, isClosed, test } = adding
  const { address, password, host, trust, fingerprint, entry } = draft.values
  return (
    <Section title={say.source}>
      <div class="fields">
        <div class="fields-row">
          <Credentials adding={adding} />
        </div>
        <Found adding={adding} />
        <Entry adding={adding} />
        <ByHand adding={adding} title={say.byHandTitle} />
        <SendingFields draft={draft}>
          {address !== '' && draft.values.smtpHost !== '' && <p class="found">{sending.by(draft.values.smtpHost)}</p>}
        </SendingFields>
        {trust === 'pinned' && fingerprint !== '' && (
          <div class="note pinned">
            <span>{say.pinned}</span>
            <code>{fingerprint}</code>
            <Button onClick={() => draft.set({ trust: 'checked', fingerprint: '' })}>{say.unpin}</Button>
          </div>
        )}
        {entry === byPassword && !isClosed && (
          <div class="form-do">
            <Button
              icon="refresh"
              busy={isTesting}
              disabled={address === '' || password === '' || host === ''}
              onClick={() => void test()}
            >
              {say.test}
            </Button>
            <span class="quiet" role="status">
              {draft.busy ? welcome.testing : ''}
            </span>
          </div>
        )}
        {seen !== undefined && <Seen seen={seen} adding={adding} />}
        {seenSending !== undefined && <SendingSeen seen={seenSending} />}
      </div>
    </Section>
  )
}
