import { Icon } from '../../components/icon.tsx'
import { statuses } from '../../components/status-badge.tsx'
import { ask, query } from '../../router.ts'
import { words } from '../../words/index.ts'

export function Filter() {
  const { accounts: say, statuses: statusWords } = words.value
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
      <label>
        <span class="unseen">{say.status}</span>
        <select
          value={query.value.get('status') ?? ''}
          onChange={(event) => ask({ status: event.currentTarget.value })}
        >
          <option value="">{say.anyStatus}</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {statusWords[status]}
            </option>
          ))}
        </select>
      </label>
    </search>
  )
}
