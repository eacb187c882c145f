/** Narrows the list: by text, by how accounts stand, by why they fail, and by provider. */
import { computed } from '@preact/signals'
import { Icon } from '../../components/icon.tsx'
import { number } from '../../intl.ts'
import { accounts } from '../../roster.ts'
import { ask, query } from '../../router.ts'
import type { TroubleReason } from '../../shapes.ts'
import { narrowings } from '../../standing.ts'
import { words } from '../../words/index.ts'

/** A longer list is none to choose from: the search finds the others. */
const providersMax = 100

/** The values that accounts have, and how many have each; the most frequent first. */
function counted<Value extends string>(
  valueOf: (account: { reason: TroubleReason | null; host: string }) => Value | null,
) {
  return computed(() => {
    const counts = new Map<Value, number>()
    for (const account of accounts.value.values()) {
      const value = valueOf(account)
      if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return [...counts].toSorted(([a, of], [b, ofOther]) => ofOther - of || (a < b ? -1 : 1))
  })
}

const reasons = counted(({ reason }) => reason)
const providers = counted(({ host }) => host)
const shownProviders = computed(
  () => new Map([...accounts.value.values()].map(({ host, hostUnicode }) => [host, hostUnicode])),
)

export function Filter() {
  const { accounts: say, standings, reasons: reasonWords } = words.value
  const hosts = providers.value.slice(0, providersMax)
  return (
    <search class="filter">
      <label class="filter-text">
        <span class="unseen">{say.search}</span>
        <Icon name="search" />
        <input
          type="search"
          placeholder={say.searchHint}
          value={query.value.get('q') ?? ''}
          onInput={(event) => ask({ q: event.currentTarget.value })}
        />
      </label>
      <Choice
        name="status"
        label={say.status}
        any={say.anyStatus}
        options={narrowings.map((one) => [one, standings[one]])}
      />
      {(reasons.value.length > 0 || query.value.has('reason')) && (
        <Choice
          name="reason"
          label={say.reason}
          any={say.anyReason}
          options={reasons.value.map(([kind, count]) => [kind, `${reasonWords[kind]} (${number(count)})`])}
          nameOf={(kind) => reasonWords[kind as TroubleReason]}
        />
      )}
      {(hosts.length > 1 || query.value.has('host')) && (
        <Choice
          name="host"
          label={say.provider}
          any={say.anyProvider}
          options={hosts.map(([host, count]) => [host, `${shownProviders.value.get(host) ?? host} (${number(count)})`])}
        />
      )}
    </search>
  )
}

function Choice({
  name,
  label,
  any,
  options,
  nameOf = (value) => value,
}: {
  /** In the page's address. */
  readonly name: string
  readonly label: string
  readonly any: string
  readonly options: readonly (readonly [value: string, text: string])[]
  /** For one that is chosen, and that no account has any more. */
  readonly nameOf?: (value: string) => string | undefined
}) {
  const chosen = query.value.get(name) ?? ''
  const isThere = chosen === '' || options.some(([value]) => value === chosen)
  return (
    <label>
      <span class="unseen">{label}</span>
      <select value={chosen} onChange={(event) => ask({ [name]: event.currentTarget.value })}>
        <option value="">{any}</option>
        {!isThere && <option value={chosen}>{nameOf(chosen) ?? chosen}</option>}
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}
