/** Tries an address and its password: whether its server is found and answers, and whether it lets this login in. Nothing is kept. */
import { Button } from '../../components/button.tsx'
import { FailureNote } from '../../components/failure.tsx'
import { Form, Wrong } from '../../components/form.tsx'
import { bytes } from '../../intl.ts'
import { may } from '../../session.ts'
import { words } from '../../words/index.ts'
import { ByHand } from '../new-account/by-hand.tsx'
import { Credentials } from '../new-account/credentials.tsx'
import { whyNot } from '../new-account/found.tsx'
import { type Adding, isNotFound, newMailbox, useNewAccount } from '../new-account/new-account.ts'
import { Checked } from '../../components/checked.tsx'

export function TryIt() {
  const adding = useNewAccount(newMailbox)
  const { guide: say, add } = words.value
  if (!may('admin')) return <p class="quiet">{say.onlyAdmins}</p>
  const { draft, isTesting, seen, test } = adding
  const { address, password, host } = draft.values
  return (
    <div class="fields guide-try">
      {/* Enter tries it, and makes no account. */}
      <Form draft={{ ...draft, send: test }}>
        <div class="fields-row">
          <Credentials adding={adding} />
        </div>
        {/* Above all that is found: nothing that comes by itself moves it. */}
        <div class="form-do">
          <Button
            type="submit"
            icon="refresh"
            busy={isTesting}
            disabled={address === '' || password === '' || host === ''}
          >
            {say.tryIt}
          </Button>
        </div>
        <Discovered adding={adding} />
        {isNotFound(adding.found) && <ByHand adding={adding} title={add.byHandTitle} isOpen />}
        <Wrong draft={draft} />
      </Form>
      {seen?.failure === null && (
        <>
          <Checked state="good">{say.firstLogin(seen.messages, bytes(seen.octets))}</Checked>
          <a class="button main" href={`/accounts/new?address=${encodeURIComponent(address.trim())}`}>
            {add.title}
          </a>
        </>
      )}
      {seen?.failure && <FailureNote failure={seen.failure} step={seen.step} />}
    </div>
  )
}

function Discovered({ adding: { found, draft } }: { readonly adding: Adding }) {
  const { guide: say, add } = words.value
  const { host, port } = draft.values
  switch (found.state) {
    case 'nothing asked':
      return null
    case 'looking':
      return <Checked state="busy">{add.looking}</Checked>
    case 'away':
    case 'failed':
      return <Checked state="bad">{whyNot(found)}</Checked>
    case 'answered': {
      const [best] = found.candidates
      if (best === undefined) return <Checked state="bad">{whyNot(found)}</Checked>
      return (
        <Checked state={best.verified ? 'good' : 'bad'}>
          {best.verified ? say.answers(host, port) : say.doesNotAnswer(host, port)}
        </Checked>
      )
    }
  }
}
