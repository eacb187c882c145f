/** Lists the mail of a folder, newest first. Only the rows in sight are in the page, and all of them have the same height. */
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { EmptyState, Loaded } from '../../components/states.tsx'
import { brief, exact } from '../../intl.ts'
import { navigate } from '../../router.ts'
import type { Letter, Person } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { letterAt, type Listed, type Listing, placeOf } from './listing.ts'
import { place, placeWith } from './place.ts'

export function LetterList({ of: listing }: { readonly of: Listing }) {
  const { mail: say, accounts: listWords } = words.value
  const { search, unread } = place.value
  return (
    <Loaded of={listing} lines={9}>
      {(listed) =>
        listed.total > 0 ? (
          <Rows listing={listing} listed={listed} />
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
  )
}

/** How many rows above and below those in sight are in the page: enough for a turn of the wheel, and for the next Tab. */
const spare = 8

function Rows({ listing, listed }: { readonly listing: Listing; readonly listed: Listed }) {
  const { uid } = place.value
  const list = useRef<HTMLUListElement>(null)
  const inSight = useSignal({ from: 0, to: 0 })
  /** The row that has the focus stays in the page wherever it is. */
  const focused = useSignal<number | undefined>(undefined)
  /** The first row in sight. */
  const top = useRef<{ readonly place: number; readonly uid: number | undefined }>({ place: 0, uid: undefined })
  const opened = useRef('')
  /** The place that is to have the focus as soon as its row is there. */
  const wanted = useRef<number | undefined>(undefined)

  const look = () => {
    const rows = measured(list.current)
    if (rows === undefined) return
    const { row, passed, scroller } = rows
    const first = Math.max(0, Math.floor(passed / row))
    top.current = { place: first, uid: letterAt(listed, first)?.uid }
    listing.top = first
    const from = Math.max(0, first - spare)
    const to = Math.min(listed.total, first + Math.ceil(scroller.clientHeight / row) + spare)
    const before = inSight.peek()
    if (from !== before.from || to !== before.to) inSight.value = { from, to }
    listing.see({ from, to })
  }
  /** @param how `near` moves no further than is needed. */
  const show = (at: number, how: 'middle' | 'near') => {
    const rows = measured(list.current)
    if (rows === undefined) return
    const { row, passed, scroller, head } = rows
    const room = scroller.clientHeight - head
    const [above, below] = [at * row - passed, (at + 1) * row - passed - room]
    if (how === 'near' && above >= 0 && below <= 0) return
    if (how === 'middle') scroller.scrollTop += above - (room - row) / 2
    else scroller.scrollTop += above < 0 ? above : below
    look()
  }
  const focus = (at: number) => {
    focused.value = at
    wanted.current = listing.place = at
    show(at, 'near')
    settle()
  }
  /** Moves the focus to a row that may have to be read first. */
  const settle = () => {
    if (wanted.current === undefined) return
    const row = list.current?.querySelector<HTMLElement>(`[data-place="${wanted.current}"]`)
    const link = row?.querySelector('a')
    if (link) wanted.current = undefined
    ;(link ?? row)?.focus({ preventScroll: true })
  }
  useLayoutEffect(settle)

  // Mail that comes above what is read does not move it.
  useLayoutEffect(() => {
    const { place: was, uid: first } = top.current
    const is = first === undefined || was === 0 ? was : placeOf(listed, first)
    const rows = measured(list.current)
    if (rows !== undefined && is !== undefined && is !== was) rows.scroller.scrollTop += (is - was) * rows.row
    look()
  }, [listed])
  useEffect(() => {
    const scroller = list.current?.closest('.reader-letters')
    if (!scroller) return
    const resized = new ResizeObserver(look)
    scroller.addEventListener('scroll', look, { passive: true })
    resized.observe(scroller)
    return () => {
      scroller.removeEventListener('scroll', look)
      resized.disconnect()
    }
  })
  const { value: goal } = listing.goal
  useEffect(() => {
    if (goal === undefined) return
    listing.goal.value = undefined
    show(goal, 'middle')
  }, [goal])
  const { value: cursor } = listing.cursor
  useEffect(() => {
    if (cursor === undefined) return
    focus(cursor.place)
  }, [cursor])
  const open = uid === '' ? undefined : placeOf(listed, Number(uid))
  useEffect(() => {
    if (open !== undefined) show(open, 'near')
    // After a message is closed, the focus returns to its row.
    const closed = uid === '' && opened.current !== '' ? placeOf(listed, Number(opened.current)) : undefined
    if (closed !== undefined) focus(closed)
    opened.current = uid
  }, [uid])

  const { from, to } = inSight.value
  const places = new Set(Array.from({ length: Math.max(0, to - from) }, (_, nth) => from + nth))
  for (const one of [focused.value, open]) if (one !== undefined && one < listed.total) places.add(one)
  return (
    <ul
      ref={list}
      class="letters"
      style={{ '--letters': listed.total }}
      onKeyDown={(event) => {
        const at = placeIn(event.target)
        if (event.defaultPrevented || at === undefined) return
        const page = Math.max(1, to - from - 2 * spare - 1)
        const steps = {
          ArrowDown: 1,
          ArrowUp: -1,
          PageDown: page,
          PageUp: -page,
          Home: -at,
          End: listed.total - 1 - at,
        }
        const step = steps[event.key as keyof typeof steps]
        if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        focus(Math.max(0, Math.min(listed.total - 1, at + step)))
      }}
      onFocusIn={({ target }) => {
        focused.value = placeIn(target)
        listing.place = focused.value
      }}
    >
      {[...places]
        .toSorted((a, b) => a - b)
        .map((at) => (
          <Row key={at} at={at} letter={letterAt(listed, at)} listed={listed} isOpen={at === open} />
        ))}
    </ul>
  )
}

function placeIn(target: EventTarget | null): number | undefined {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-place]') : null
  return row === null ? undefined : Number(row.dataset['place'])
}

/** The height of a row, how much of the list is passed above, and the height of what stands fast above it. */
function measured(list: HTMLElement | null) {
  const scroller = list?.closest<HTMLElement>('.reader-letters')
  if (!list || !scroller || list.offsetHeight === 0) return undefined
  const row = list.offsetHeight / Number(list.style.getPropertyValue('--letters'))
  const head = scroller.querySelector<HTMLElement>('.reader-head')?.offsetHeight ?? 0
  const passed = scroller.getBoundingClientRect().top + head - list.getBoundingClientRect().top
  return { scroller, row, head, passed }
}

function Row({
  at,
  letter,
  listed: { total, uidValidity },
  isOpen,
}: {
  readonly at: number
  readonly letter: Letter | undefined
  readonly listed: Listed
  readonly isOpen: boolean
}) {
  const { mail: say, common } = words.value
  const place = { 'data-place': at, style: { '--at': at }, 'aria-setsize': total, 'aria-posinset': at + 1 }
  if (letter === undefined)
    return (
      <li {...place} class="letter-awaited" tabIndex={-1}>
        <span class="unseen">{common.loading}</span>
      </li>
    )
  const { uid, from, date, arrived, seen, flagged, answered, attachments, snippet } = letter
  // The elements are in the order of the list.
  const when = arrived ?? date
  return (
    <li {...place}>
      <a
        class={`letter${seen ? '' : ' unread'}`}
        data-uid={uid}
        href={placeWith({ uid: String(uid), uidValidity: String(uidValidity) })}
        {...(isOpen ? { 'aria-current': 'true' } : {})}
      >
        {!seen && <span class="unseen">{say.unread}. </span>}
        <span class="letter-from">{from === null ? say.nobody : nameOf(from)}</span>
        {when !== null && (
          <time dateTime={when} title={exact(when)}>
            {brief(when)}
          </time>
        )}
        <span class="letter-subject">{subjectOf(letter)}</span>
        <span class="letter-marks">
          {answered && <Mark icon="answered" name={say.answered} />}
          {attachments && <Mark icon="clip" name={say.withAttachments} />}
          {flagged && <Mark icon="flag" name={say.flagged} />}
        </span>
        <span class="letter-snippet">{snippet}</span>
      </a>
    </li>
  )
}

function subjectOf({ subject, unreadable }: Letter): string {
  const { mail, account } = words.value
  return unreadable ? mail.unreadable : subject || account.noSubject
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
