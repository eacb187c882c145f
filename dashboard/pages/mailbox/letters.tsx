/** Lists the mail of a folder, newest first. */
import { useEffect, useRef } from 'preact/hooks'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { More } from '../../components/more.tsx'
import { EmptyState, Loaded } from '../../components/states.tsx'
import { brief, exact } from '../../intl.ts'
import type { Resource } from '../../resource.ts'
import { navigate } from '../../router.ts'
import type { Letter, Letters, Person } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { place, placeWith } from './place.ts'

export function LetterList({ of: letters }: { readonly of: Resource<Letters> }) {
  const { mail: say, accounts: listWords } = words.value
  const { uid, search, unread } = place.value
  const list = useRef<HTMLUListElement>(null)
  const opened = useRef('')
  useEffect(() => {
    // After a message is closed, the focus returns to its row.
    if (uid === '') list.current?.querySelector<HTMLElement>(`[data-uid="${opened.current}"]`)?.focus()
    opened.current = uid
  }, [uid])
  return (
    <>
      <Loaded of={letters} lines={9}>
        {({ items, uidValidity }) =>
          items.length > 0 ? (
            <ul ref={list} class="letters" onKeyDown={moveBy}>
              {items.map((letter) => (
                <Row key={letter.uid} letter={letter} uidValidity={uidValidity} isOpen={String(letter.uid) === uid} />
              ))}
            </ul>
          ) : search !== '' || unread !== '' ? (
            <EmptyState icon="search" title={search === '' ? say.noneUnread : say.noneFound}>
              <Button onClick={() => navigate(placeWith({ search: '', unread: '' }))}>{listWords.clearFilter}</Button>
            </EmptyState>
          ) : (
            <EmptyState icon="mail" title={say.empty}>
              <p>{say.emptyHint}</p>
            </EmptyState>
          )
        }
      </Loaded>
      <More of={letters} />
    </>
  )
}

/** Moves the focus up and down between messages. Enter opens a message. */
function moveBy(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const row = event.target instanceof Element ? event.target.closest('li') : null
  if (step === undefined || row === null) return
  const next = step === 1 ? row.nextElementSibling : row.previousElementSibling
  event.preventDefault()
  next?.querySelector('a')?.focus()
}

function Row({
  letter: { uid, from, subject, date, arrived, seen, flagged, answered, attachments, unreadable },
  uidValidity,
  isOpen,
}: {
  readonly letter: Letter
  readonly uidValidity: number
  readonly isOpen: boolean
}) {
  const { mail: say, account } = words.value
  // The elements are in the order of the list.
  const at = arrived ?? date
  return (
    <li>
      <a
        class={`letter${seen ? '' : ' unread'}`}
        data-uid={uid}
        href={placeWith({ uid: String(uid), uidValidity: String(uidValidity) })}
        {...(isOpen ? { 'aria-current': 'true' } : {})}
      >
        {!seen && <span class="unseen">{say.unread}. </span>}
        <span class="letter-from">{from === null ? say.nobody : nameOf(from)}</span>
        {at !== null && (
          <time dateTime={at} title={exact(at)}>
            {brief(at)}
          </time>
        )}
        <span class="letter-subject">{unreadable ? say.unreadable : subject || account.noSubject}</span>
        <span class="letter-marks">
          {answered && <Mark icon="answered" name={say.answered} />}
          {attachments && <Mark icon="clip" name={say.withAttachments} />}
          {flagged && <Mark icon="flag" name={say.flagged} />}
        </span>
      </a>
    </li>
  )
}

function Mark({ icon, name }: { readonly icon: 'answered' | 'clip' | 'flag'; readonly name: string }) {
  return (
    <span title={name}>
      <Icon name={icon} />
      <span class="unseen">{name}. </span>
    </span>
  )
}

export function nameOf({ name, address }: Person): string {
  return name || address || words.value.mail.nobody
}
