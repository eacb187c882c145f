/** The page for a new account: somebody types the address, the server is found and tried, and then they choose what happens to the mail. */
import { everyOne } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Form, Wrong } from '../components/form.tsx'
import { Page } from '../components/page.tsx'
import { byPassword } from '../components/sign-in/entry.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { useResource } from '../resource.ts'
import { query } from '../router.ts'
import { may } from '../session.ts'
import type { Destination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Fate } from './new-account/fate.tsx'
import { Goal } from './new-account/goal.tsx'
import { newMailbox, useNewAccount } from './new-account/new-account.ts'
import { Source } from './new-account/source.tsx'

export default function AddAccount() {
  const { accounts: listWords, add: say, problems, welcome } = words.value
  const destinations = useResource('/destinations', everyOne<Destination>)
  return (
    <Page title={listWords.add} lead={say.lead} back={{ to: '/accounts', name: listWords.title }}>
      {may('admin') ? (
        <Loaded of={destinations} lines={8}>
          {(all) => (
            <NewAccountForm destinations={all} onMade={(destination) => destinations.set([...all, destination])} />
          )}
        </Loaded>
      ) : (
        <EmptyState icon="accounts" title={problems.forbidden}>
          <p>{welcome.notAllowedHint}</p>
        </EmptyState>
      )}
    </Page>
  )
}

function NewAccountForm({
  destinations,
  onMade,
}: {
  readonly destinations: readonly Destination[]
  readonly onMade: (destination: Destination) => void
}) {
  const { add: say, common, signing } = words.value
  const asked = query.value.get('to')
  const goal = destinations.find(({ id }) => id === asked) ?? destinations[0]
  const adding = useNewAccount(goal?.id ?? newMailbox, { address: query.value.get('address') ?? '', onMade })
  const { draft, isTesting, isClosed } = adding
  return (
    <Form draft={draft} class="form">
      <Source adding={adding} />
      <Goal adding={adding} destinations={destinations} />
      <Fate adding={adding} />
      <Wrong draft={draft} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={draft.busy && !isTesting} disabled={isClosed}>
          {draft.values.entry === byPassword ? say.submit : signing.addAndSignIn}
        </Button>
        <a class="button plain" href="/accounts">
          {common.cancel}
        </a>
      </div>
    </Form>
  )
}
