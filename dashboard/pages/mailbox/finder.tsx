/** The search field, the switch for unread mail only, and the day to go to. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Segments } from '../../components/field.tsx'
import { Icon } from '../../components/icon.tsx'
import { navigate } from '../../router.ts'
import { words } from '../../words/index.ts'
import { place, placeWith } from './place.ts'

export function Finder({ onDay }: { readonly onDay: (day: string) => void }) {
  const { mail: say, common, accounts } = words.value
  const { search, unread } = place.value
  const typed = useSignal(search)
  useEffect(() => {
    typed.value = search
  }, [search, typed])
  const find = () => navigate(placeWith({ search: typed.value.trim(), uid: '', uidValidity: '' }))
  return (
    <search class="finder">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          find()
        }}
      >
        <label class="filter-text">
          <span class="unseen">{say.search}</span>
          <Icon name="search" />
          <input
            type="search"
            enterkeyhint="search"
            placeholder={accounts.search}
            value={typed.value}
            onInput={(event) => {
              typed.value = event.currentTarget.value
              // An empty search shows everything again.
              if (typed.value === '') find()
            }}
          />
        </label>
      </form>
      <Segments
        label={say.which}
        value={unread === '' ? 'all' : 'unread'}
        options={[
          { value: 'all', text: common.all },
          { value: 'unread', text: say.onlyUnread },
        ]}
        onChange={(value) => navigate(placeWith({ unread: value === 'all' ? '' : 'true' }))}
      />
      <label class="finder-day">
        <span>{say.toDay}</span>
        <input
          type="date"
          min="1980-01-01"
          max="2100-01-01"
          onChange={({ currentTarget: { value, validity } }) => {
            if (value !== '' && validity.valid) onDay(value)
          }}
        />
      </label>
    </search>
  )
}
