/** Who has signed in at this provider, and whether their first login worked. */
import { get } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Checked } from '../../components/checked.tsx'
import { Loaded } from '../../components/states.tsx'
import { useResource } from '../../resource.ts'
import type { Account, List, OAuthProvider } from '../../shapes.ts'
import { words } from '../../words/index.ts'

const shownMax = 5

/** The newest that sign in at all: an instance may have thousands of others. */
const newest = async (path: string, signal: AbortSignal) => (await get<List<Account>>(path, signal)).items

export function SignedInCheck({ provider, host }: { readonly provider: OAuthProvider; readonly host: string | null }) {
  const { guide: say, accounts: listWords } = words.value
  const query = host === null ? '' : `&q=${encodeURIComponent(host)}`
  const found = useResource(`/accounts?limit=100&sort=-createdAt${query}`, newest)
  return (
    <div class="guide-try">
      <Loaded of={found} lines={1}>
        {(all) => {
          const own = all.filter(({ oauth }) => oauth?.provider === provider).slice(0, shownMax)
          return own.length === 0 ? (
            <Checked state="open">{say.nobodySignedIn}</Checked>
          ) : (
            own.map((account) => <SignedIn key={account.id} account={account} />)
          )
        }}
      </Loaded>
      <div class="form-do">
        <a class="button main" href="/accounts/new">
          {listWords.add}
        </a>
        <Button icon="refresh" onClick={() => found.reload()}>
          {say.lookAgain}
        </Button>
      </div>
    </div>
  )
}

function SignedIn({ account: { id, address, oauth, lastRun, lastCheckedAt } }: { readonly account: Account }) {
  const { guide: say } = words.value
  const isIn = oauth?.state === 'signed in'
  const failed = lastRun !== null && lastRun.failure !== null
  return (
    <>
      <Checked state={isIn ? 'good' : 'bad'}>
        <a href={`/accounts/${id}`}>{address}</a>: {isIn ? say.hasSignedIn : say.hasNotSignedIn}
      </Checked>
      {isIn && (
        <Checked state={lastCheckedAt === null ? 'busy' : failed ? 'bad' : 'good'}>
          {lastCheckedAt === null ? say.noLoginYet : failed ? say.loginFailed : say.loginWorked}
        </Checked>
      )}
    </>
  )
}
