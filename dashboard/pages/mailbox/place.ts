/** The place in a mailbox, as the page's address has it: the folder, the search, and the open message. */
import { computed } from '@preact/signals'
import { path, query } from '../../router.ts'

const names = ['folder', 'uid', 'uidValidity', 'search', 'unread'] as const
type Place = Readonly<Record<(typeof names)[number], string>>

/** A missing part is empty. Without a folder a phone shows the list of folders. */
export const place = computed(() => {
  const asked = Object.fromEntries(names.map((name) => [name, query.value.get(name) ?? ''])) as Place
  // The value becomes part of an API path, and a link from elsewhere may hold anything.
  return /^\d*$/.test(asked.uid) ? asked : { ...asked, uid: '' }
})

/** Every mailbox has this folder, by this name (RFC 3501 section 5.1). */
const inbox = 'INBOX'
/** The folder whose mail is listed. */
export const folder = computed(() => place.value.folder || inbox)

/** Builds the address of another place. */
export function placeWith(changed: Partial<Place>): string {
  return `${path.value}?${queryOf({ ...place.value, ...changed })}`
}

export const inboxOf = (destination: string) => `/mail/${destination}?${queryOf({ folder: inbox })}`

/** Where a message is written. @param as what it is to the open one; without it, it is a new one. */
export function composePath(destination: string, as: '' | 'reply' | 'all' | 'list' | 'forward' = ''): string {
  const { uid, uidValidity } = place.value
  const answered = as === '' ? { folder: folder.value } : { folder: folder.value, uid, uidValidity, as }
  return `/mail/${destination}/compose?${queryOf(answered)}`
}

/** Where a draft is written on. */
export function draftPath(destination: string): string {
  return `/mail/${destination}/compose?${queryOf({ drafts: folder.value, draft: place.value.uid })}`
}

/** The API's path of the listed mail. */
export function messagesPath(destination: string): string {
  const { search, unread } = place.value
  return `/destinations/${destination}/messages?${queryOf({ folder: folder.value, search, unread })}`
}

/** The API's path of the open message. @param rest such as `/html` or `/source`. */
export function messagePath(destination: string, rest = '', more: Readonly<Record<string, string>> = {}): string {
  const { uid, uidValidity } = place.value
  return `/destinations/${destination}/messages/${uid}${rest}?${queryOf({ folder: folder.value, uidValidity, ...more })}`
}

function queryOf(asked: Readonly<Record<string, string>>): string {
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== '')).toString()
}
