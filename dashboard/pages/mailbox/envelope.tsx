/** Shows sender, recipients and date of a message, and the account that it came by. */
import { get } from '../../client.ts'
import { exact, moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { Account, List, Message, Person } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { nameOf } from './letters.tsx'

export function Envelope({ destination, message }: { readonly destination: string; readonly message: Message }) {
  const { mail: say } = words.value
  const { from, replyTo, to, cc, date, arrived, trace } = message
  const at = date ?? arrived
  const answersElsewhere = replyTo.some(({ address }) => address !== from?.address)
  return (
    <dl class="envelope">
      <div class="envelope-from">
        <dt class="unseen">{say.from}</dt>
        <dd class="sender">
          <b>{from === null ? say.nobody : nameOf(from)}</b> {from?.name && from.address}
        </dd>
      </div>
      {at !== null && (
        <div>
          <dt class="unseen">{say.sent}</dt>
          <dd>
            <time dateTime={at} title={exact(at)}>
              {moment(at)}
            </time>
          </dd>
        </div>
      )}
      {answersElsewhere && <People name={say.replyTo} of={replyTo} />}
      <People name={say.to} of={to} />
      <People name={say.cc} of={cc} />
      {trace !== null && (
        <div>
          <dt>{say.gatheredFrom}</dt>{' '}
          <dd>
            <Gathered destination={destination} address={trace.account} />
          </dd>
        </div>
      )}
    </dl>
  )
}

/** How many addresses are shown; the others are shown on request. */
const namedMax = 3

function People({ name, of: people }: { readonly name: string; readonly of: readonly Person[] }) {
  const { mail: say } = words.value
  if (people.length === 0) return null
  const named = (some: readonly Person[]) => some.map(written).join(', ')
  return (
    <div>
      <dt>{name}</dt>{' '}
      <dd>
        {named(people.slice(0, namedMax))}
        {people.length > namedMax && (
          <details class="by-hand">
            <summary>{say.othersToo(people.length - namedMax)}</summary>
            {named(people.slice(namedMax))}
          </details>
        )}
      </dd>
    </div>
  )
}

const written = ({ name, address }: Person) => (name && address ? `${name} <${address}>` : (name ?? address ?? ''))

const accountOf = async (path: string, signal: AbortSignal) => (await get<List<Account>>(path, signal)).items

/** Finds the account with this address, if there is one. */
function Gathered({ destination, address }: { readonly destination: string; readonly address: string }) {
  const asked = new URLSearchParams({ destinationId: destination, q: address })
  const accounts = useResource(`/accounts?${asked.toString()}`, accountOf)
  const { value: loaded } = accounts.now
  const known = loaded.state === 'ready' ? loaded.value.find((account) => account.address === address) : undefined
  return known === undefined ? <>{address}</> : <a href={`/accounts/${known.id}`}>{address}</a>
}
