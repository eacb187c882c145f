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
import { type Adding, byHand } from './new-account.ts'
import { Seen } from './seen.tsx'

/** What is said to be wrong with a field that is folded away. */
const byHandOnly = /^\/(?:host|port|user|tls|sasl|proxy)/

export function Source({ adding }: { readonly adding: Adding }) {
  const { add: say, welcome, sending } = words.value
  const { draft, seen, seenSending, isTesting, isClosed, test } = adding
  const { address, password, host, trust, fingerprint, entry } = draft.values
  const isWrong = draft.problem?.errors?.some(({ pointer }) => byHandOnly.test(pointer)) === true
  return (
    <Section title={say.source}>
      <div class="fields">
        <div class="fields-row">
          <Credentials adding={adding} />
        </div>
        {/* Above all that is found: nothing that comes by itself moves it. */}
        <div class="form-do">
          <Button
            icon="refresh"
            busy={isTesting}
            disabled={entry !== byPassword || isClosed || address === '' || password === '' || host === ''}
            onClick={() => void test()}
          >
            {say.test}
          </Button>
          <span class="quiet" role="status">
            {draft.busy ? welcome.testing : ''}
          </span>
        </div>
        {seen !== undefined && <Seen seen={seen} adding={adding} />}
        {seenSending !== undefined && <SendingSeen seen={seenSending} />}
        {trust === 'pinned' && fingerprint !== '' && (
          <div class="note pinned">
            <span>{say.pinned}</span>
            <code>{fingerprint}</code>
            <Button onClick={() => draft.set({ trust: 'checked', fingerprint: '' })}>{say.unpin}</Button>
          </div>
        )}
        <Found adding={adding} />
        <Entry adding={adding} />
        <ByHand adding={adding} title={say.byHandTitle} isOpen={adding.chosen.value === byHand || isWrong} />
        <SendingFields draft={draft}>
          <p class="found sends-by">
            {address !== '' && draft.values.smtpHost !== '' && sending.by(draft.values.smtpHost)}
          </p>
        </SendingFields>
      </div>
    </Section>
  )
}
