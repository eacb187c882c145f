/** The first visit: somebody chooses where mail goes and where it comes from, and then watches it come. */
import { useSignal } from '@preact/signals'
import { everyOne } from '../client.ts'
import { Button } from '../components/button.tsx'
import { AdviceNote } from '../components/advice.tsx'
import { byPassword } from '../components/sign-in/entry.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Choice } from '../components/field.tsx'
import { Form, Wrong } from '../components/form.tsx'
import { destinationName, MailboxFields, makeMailbox } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import type { Discovery } from '../discovery.ts'
import { useDraft } from '../draft.ts'
import { useResource } from '../resource.ts'
import { may } from '../session.ts'
import type { Destination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { ByHand } from './new-account/by-hand.tsx'
import { Entry } from './new-account/entry.tsx'
import { Meant, whyNot } from './new-account/found.tsx'
import { Credentials } from './new-account/credentials.tsx'
import { isNotFound, useNewAccount } from './new-account/new-account.ts'
import { TrySample } from './welcome/sample.tsx'

export default function Welcome() {
  const { welcome: say } = words.value
  const destinations = useResource('/destinations', everyOne<Destination>)
  /** Whether the destination was made on this page. */
  const isFirst = useSignal(false)
  if (!may('admin'))
    return (
      <Page title={say.title}>
        <EmptyState icon="accounts" title={say.notAllowed}>
          <p>{say.notAllowedHint}</p>
        </EmptyState>
      </Page>
    )
  const { value: loaded } = destinations.now
  const isWelcome = isFirst.value || (loaded.state === 'ready' && loaded.value.length === 0)
  return (
    <Page title={isWelcome ? say.title : words.value.accounts.add} {...(isWelcome ? { lead: say.lead } : {})}>
      <Loaded of={destinations} lines={5}>
        {([goal, ...others]) =>
          goal === undefined ? (
            <div class="steps">
              <Mailbox
                onMade={(destination) => {
                  isFirst.value = true
                  destinations.set([destination])
                }}
              />
              <TrySample />
            </div>
          ) : (
            <Source isFirst={isFirst.value} destinations={[goal, ...others]} />
          )
        }
      </Loaded>
    </Page>
  )
}

function Mailbox({ onMade }: { readonly onMade: (destination: Destination) => void }) {
  const { welcome: say } = words.value
  const draft = useDraft({ login: '', password: '' }, async ({ login, password }) =>
    onMade(await makeMailbox(login, password)),
  )
  return (
    <Form draft={draft} class="step">
      <p class="step-number">{say.stepOf(1, 2)}</p>
      <h2>{say.mailbox}</h2>
      <p class="quiet">{say.mailboxHint}</p>
      <MailboxFields login={draft.of('login')} password={draft.of('password')} />
      <Wrong draft={draft} />
      <Button kind="main" type="submit" busy={draft.busy}>
        {say.next}
      </Button>
    </Form>
  )
}

function Source({
  isFirst,
  destinations,
}: {
  readonly isFirst: boolean
  readonly destinations: readonly [Destination, ...Destination[]]
}) {
  const { welcome: say, form, signing } = words.value
  const [goal] = destinations
  const adding = useNewAccount(goal.id)
  const { draft, found, seen, isClosed } = adding
  return (
    <Form draft={draft} class="step">
      {isFirst && <p class="step-number">{say.stepOf(2, 2)}</p>}
      <h2>{say.account}</h2>
      <p class="quiet">{say.accountHint}</p>
      {destinations.length > 1 ? (
        <Choice
          label={form.destination}
          options={destinations.map((destination) => ({ value: destination.id, text: destinationName(destination) }))}
          {...draft.of('destinationId')}
        />
      ) : (
        <p class="note good">{say.exists(destinationName(goal))}</p>
      )}
      <Credentials adding={adding} />
      {/* Above all that is found: nothing that comes by itself moves it. */}
      <Button kind="main" type="submit" busy={draft.busy} disabled={isClosed}>
        {draft.busy ? say.testing : draft.values.entry === byPassword ? say.start : signing.addAndSignIn}
      </Button>
      {seen?.failure != null && (
        <div role="alert">
          <FailureNote failure={seen.failure} step={seen.step} />
        </div>
      )}
      <Wrong draft={draft} />
      <Meant adding={adding} />
      <Entry adding={adding} />
      {found.state === 'answered' && <AdviceNote advice={found.candidates[0]?.advice ?? found.advice} note={null} />}
      <ByHand adding={adding} title={say.server} isOpen={adding.isByHand}>
        <p class="found" role="status">
          {toldOf(found)}
        </p>
      </ByHand>
    </Form>
  )
}

function toldOf(found: Discovery): string {
  const { welcome: say } = words.value
  if (found.state === 'nothing asked') return ''
  if (found.state === 'looking') return say.looking
  return isNotFound(found) ? whyNot(found) : say.found
}
