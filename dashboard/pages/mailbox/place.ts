/** Where somebody is in a mailbox, all of it in the address: a folder, what is looked for in it, and the message that is open. */
import { computed } from '@preact/signals'
import { path, query } from '../../router.ts'

const names = ['folder', 'uid', 'uidValidity', 'search', 'unread'] as const
type Place = Readonly<Record<(typeof names)[number], string>>

/** What is not asked for is empty. Without a folder a phone shows all of them. */
export const place = computed(() => {
  const asked = Object.fromEntries(names.map((name) => [name, query.value.get(name) ?? ''])) as Place
  // It becomes a part of a path of the API: a link from elsewhere may have anything for it.
  return /^\d*$/.test(asked.uid) ? asked : { ...asked, uid: '' }
})

/** RFC 3501 section 5.1: every mailbox has it, by this name. */
const inbox = 'INBOX'
/** The one whose mail is listed. */
export const folder = computed(() => place.value.folder || inbox)

/** From here to there. */
export function placeWith(changed: Partial<Place>): string {
  return `${path.value}?${queryOf({ ...place.value, ...changed })}`
}

export const inboxOf = (destination: string) => `/mail/${destination}?${queryOf({ folder: inbox })}`

/** What the API has of the mail that is listed. */
export function messagesPath(destination: string): string {
  const { search, unread } = place.value
  return `/destinations/${destination}/messages?${queryOf({ folder: folder.value, search, unread })}`
}

/** What the API has of the message that is open. @param rest `/html`, `/source` ... */
export function messagePath(destination: string, rest = '', more: Readonly<Record<string, string>> = {}): string {
  const { uid, uidValidity } = place.value
  return `/destinations/${destination}/messages/${uid}${rest}?${queryOf({ folder: folder.value, uidValidity, ...more })}`
}

function queryOf(asked: Readonly<Record<string, string>>): string {
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== '')).toString()
}
